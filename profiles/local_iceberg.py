"""dbt-duckdb plugin: a lake in a folder as an Iceberg catalog (`module: profiles.local_iceberg` in profiles.yml).

It attaches the lake as `schemahub`. dbt can't do this itself, because it has neither the address, which is known only
at run time, nor the secret. The catalog process starts with the plugin, so that it gets ready while dbt continues. It
serves all dbt invocations of the same Python process and ends with that process. A process that continues after
invoking dbt must call `release_views` after each run.
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

from lakehouse.duckdb.catalog_process import attach_lake, catalog_of
from lakehouse.duckdb.connect import CONFIG, LakeUnusable
from lakehouse.duckdb.views_file import ViewsFile
from lakehouse.open import engine_of

_views: list[ViewsFile] = []
"""The views file of the database that dbt has open; empty if dbt has none open."""


class Plugin(BasePlugin):  # type: ignore[misc] # dbt ships no types that pass --strict
    """Config: `lake` is the lake's folder, created if missing; `catalog_log` is the catalog's log file, or empty."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        if engine_of(plugin_config["lake"]) != "duckdb":
            raise DbtRuntimeError(f"lake {plugin_config['lake']!r} is not a folder; run dbt with --target athena")
        self.lake = Path(plugin_config["lake"]).expanduser().resolve()
        with _in_one_line():
            self.lake.mkdir(parents=True, exist_ok=True)
        self.catalog = catalog_of(self.lake, log_file=plugin_config.get("catalog_log") or None)

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Prepare the views file; called right before dbt opens its database, when it has no other one open."""
        config.update(CONFIG)
        with _in_one_line():
            _publish()
            _views.append(ViewsFile(self.lake, Path(creds.path)))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        try:
            with _in_one_line():
                # before dbt attaches the databases in the profile, which it skips if they are attached already
                attach_lake(conn, self.catalog)
        except DbtRuntimeError:
            conn.close()  # dbt would leave it open, and would connect again for each thread
            _views.pop().close()
            raise


def release_views() -> None:
    """Close the database that dbt keeps open after a run, and publish its views for readers."""
    # `keep_open: false` in the profile would make dbt-duckdb connect again for every model, at 0.1 s each
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


atexit.register(release_views)  # runs before the catalog process is closed
