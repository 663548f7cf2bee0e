"""pyiceberg without the settings of others."""

from pyiceberg.utils.config import Config


def leave_aside_settings_of_others() -> None:
    """Have pyiceberg read neither `.pyiceberg.yaml`, of three folders, nor PYICEBERG_* of the environment.

    They are the user's, for catalogs of their own. Some would change what is written here, and one that can't be read
    stops pyiceberg's import, so this must come before it.
    """
    Config._from_configuration_files = staticmethod(lambda: None)  # type: ignore[method-assign]
    Config._from_environment_variables = staticmethod(lambda config: config)  # type: ignore[method-assign]
