"""dlt with our settings only: no environment variable, `.dlt` folder or plugin changes what is landed.

dlt resolves every setting through its run context. Ours answers from SETTINGS; for anything else, dlt's own
defaults apply.
"""

import os
from typing import Any

SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL"},  # the user sees its errors as ours
    "providers": {"enable_airflow_secrets": False},
    "restore_from_destination": False,  # so that dlt lands no state of its own: the truth is in the lake
    "normalize": {
        "parquet_normalizer": {"add_dlt_load_id": False, "add_dlt_id": False}
    },  # these would have no field ids
}

_READ_WHEN_IMPORTED = "DLT_"


def use_own_settings() -> None:
    """Give dlt SETTINGS and nothing else. This imports dlt, and must be called before anything else does."""
    for name in [name for name in os.environ if name.startswith(_READ_WHEN_IMPORTED)]:
        del os.environ[name]
    os.environ["DLT_DISABLE_PLUGINS"] = "true"
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers.dictionary import DictionaryProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.runtime.run_context import RunContext

    class OwnContext(RunContext):  # type: ignore[misc] # dlt is untyped for us, see pyproject.toml
        """The place where dlt looks for settings."""

        def initial_providers(self) -> list[Any]:
            provider = DictionaryProvider()
            provider._config_doc = SETTINGS
            return [provider]

    Container()[PluggableRunContext] = PluggableRunContext(OwnContext(None))
