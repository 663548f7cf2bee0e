"""dbt-duckdb plugin: the local lake as an Iceberg catalog (`module: profiles.local_iceberg` in profiles.yml).

It attaches the lake as `schemahub`, for which dbt itself has neither the address, known only at run time, nor the
secret. The catalog process is started with the plugin, so that it gets ready while dbt goes on, and is kept for further
dbt invocations of the same Python process; it ends with that. Who invokes dbt in a process that lives on calls
`release_views` after each run.
"""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from lakehouse.duckdb.connect import CONFIG, LakeUnusable, RestCatalog, attach_lake
from lakehouse.duckdb.views_file import ViewsFile
from lakehouse.open import engine_of

_running: dict[Path, RestCatalog] = {}
_views: list[ViewsFile] = []
"""That of the database which dbt has open, if it has one."""


class Plugin(BasePlugin):  # type: ignore[misc] # dbt ships no types that pass --strict
    """Config: `lake`, the lake's folder, made where missing; `catalog_log`, a file for its catalog's log, or empty."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        if engine_of(plugin_config["lake"]) != "duckdb":
            raise DbtRuntimeError(f"lake {plugin_config['lake']!r} is not a folder; run dbt with --target athena")
        self.lake = Path(plugin_config["lake"]).expanduser().resolve()
        with _in_one_line():
            self.lake.mkdir(parents=True, exist_ok=True)
        self.catalog = _catalog_of(self.lake, plugin_config.get("catalog_log") or None)

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called right before dbt opens its database, at a moment when it has no other open."""
        config.update(CONFIG)
        with _in_one_line():
            _publish()
            _views.append(ViewsFile(self.lake, Path(creds.path)))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        try:
            with _in_one_line():
                # before dbt attaches what the profile names, which it does only where that isn't there yet
                attach_lake(conn, self.catalog)
        except DbtRuntimeError:
            conn.close()  # which dbt would leave open, and it connects once more for each thread
            _views.pop().close()
            raise


def release_views() -> None:
    """Close the database that dbt keeps open after a run, and publish its views to those who read."""
    # not `keep_open: false` in the profile: dbt-duckdb would connect anew for every model, at 0.1 s each
    if (environment := DuckDBConnectionManager._ENV) is not None:
        environment.close()
        DuckDBConnectionManager.close_all_connections()
    _publish()


def _publish() -> None:
    while _views:
        _views.pop().publish()


@contextmanager
def _in_one_line() -> Iterator[None]:
    # dbt prints a traceback for errors that are not its own
    try:
        yield
    except (LakeUnusable, OSError, duckdb.Error) as error:
        raise DbtRuntimeError(str(error)) from error


# dbt tells plugins when it connects and not when it is done, hence one process for each lake and not for each run
def _catalog_of(lake: Path, log_file: str | None) -> RestCatalog:
    if lake not in _running or not _running[lake].is_running:
        _close_catalogs()  # dbt has one connection, so none but the new one's lake is in use
        _running[lake] = RestCatalog(lake, log_file=log_file)
    return _running[lake]


@atexit.register
def _close_catalogs() -> None:
    while _running:
        _running.popitem()[1].close()


atexit.register(release_views)  # before the catalogs end
