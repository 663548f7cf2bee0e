"""Set pyiceberg up for use here: it ignores the user's settings and is safe from damaged files."""

from pyiceberg.utils.config import Config


def leave_aside_settings_of_others() -> None:
    """Make pyiceberg ignore `.pyiceberg.yaml`, which it looks for in three folders, and PYICEBERG_* variables.

    These settings are meant for the user's own catalogs. Some would change what is written here, and a file that can't
    be read makes the import of pyiceberg fail, so this must be called before that import.
    """
    Config._from_configuration_files = staticmethod(lambda: None)  # type: ignore[method-assign]
    Config._from_environment_variables = staticmethod(lambda config: config)  # type: ignore[method-assign]


def read_avro_within_bounds() -> None:
    """Make pyiceberg read manifests and manifest lists with a decoder that never reads beyond the file's bytes."""
    from pyiceberg.avro import file

    from .bounded_decoder import bounded_decoder

    file.new_decoder = bounded_decoder  # type: ignore[attr-defined] # imported into that module and called by this name
