"""pyiceberg as it is used here: without the settings of others, and safe from damaged files."""

from pyiceberg.utils.config import Config


def leave_aside_settings_of_others() -> None:
    """Have pyiceberg read neither `.pyiceberg.yaml`, of three folders, nor PYICEBERG_* of the environment.

    They are the user's, for catalogs of their own. Some would change what is written here, and one that can't be read
    stops pyiceberg's import, so this must come before it.
    """
    Config._from_configuration_files = staticmethod(lambda: None)  # type: ignore[method-assign]
    Config._from_environment_variables = staticmethod(lambda config: config)  # type: ignore[method-assign]


def read_avro_within_bounds() -> None:
    """Have pyiceberg read manifests, and lists of them, with a decoder that a damaged file can't lead out of it."""
    from pyiceberg.avro import file

    from .bounded_decoder import bounded_decoder

    file.new_decoder = bounded_decoder  # type: ignore[attr-defined] # imported there, and called by that name
