"""dbt-duckdb plugin: the local lake as an Iceberg catalog (`module: profiles.local_iceberg` in profiles.yml).

It fills in the endpoint of the attachment `schemahub`, whose port is known only at run time. The catalog process is
started with the plugin, so that it gets ready while dbt goes on, and is kept for further dbt invocations of the same
Python process; it ends with that. Who invokes dbt in a process that lives on calls `release_views` after each run.
"""

import atexit
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from .duckdb_lake import CONFIG, LAKE_ALIAS, RestCatalog, load_extensions

_running: dict[Path, RestCatalog] = {}


class Plugin(BasePlugin):  # type: ignore[misc] # dbt ships no types that pass --strict
    """Config: `lake`, the lake's folder, made where missing."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.lake = Path(plugin_config["lake"]).expanduser().resolve()
        self.lake.mkdir(parents=True, exist_ok=True)
        self.catalog = _catalog_of(self.lake)

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:  # noqa: ARG002 # dbt's signature
        config.update(CONFIG)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        load_extensions(conn)
        for attachment in self.creds.attach or []:
            if attachment.alias == LAKE_ALIAS:
                attachment.options = {**(attachment.options or {}), "endpoint": self.catalog.url}


def release_views() -> None:
    """Close the database that dbt keeps open after a run, so that other processes can read its views."""
    # not `keep_open: false` in the profile: dbt-duckdb would connect anew for every model, at 0.1 s each
    if (environment := DuckDBConnectionManager._ENV) is not None:
        environment.close()
        DuckDBConnectionManager.close_all_connections()


# dbt tells plugins when it connects and not when it is done, hence one process for each lake and not for each run
def _catalog_of(lake: Path) -> RestCatalog:
    if lake not in _running or not _running[lake].is_running:
        _close_catalogs()  # dbt has one connection, so none but the new one's lake is in use
        _running[lake] = RestCatalog(lake)
    return _running[lake]


@atexit.register
def _close_catalogs() -> None:
    while _running:
        _running.popitem()[1].close()
