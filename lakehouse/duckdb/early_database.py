"""The database that dbt is about to open, opened while dbt is imported and reads the project.

DuckDB needs a quarter of a second to load its extensions, mostly to check their signatures. All connections of a
process to one file share one database, so dbt finds them loaded.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread

import duckdb

from .catalog_process import EXTENSIONS
from .connect import CONFIG, LakeUnusable, load_extensions
from .views_file import ViewsFile

_opened: "list[_EarlyDatabase]" = []
"""The database that waits for dbt; empty if none does."""


def open_early(lake: Path, own: Path) -> None:
    """Begin to open `own`, which will be dbt's copy of the lake's views. Raises nothing; dbt meets the same errors."""
    close_early()
    _opened.append(_EarlyDatabase(lake, own))


def early_views(own: Path, config: Mapping[str, str]) -> ViewsFile | None:
    """The copy, which the caller has to close, if `own` was opened early with the configuration `config`."""
    if _opened and (own, dict(config)) == (_opened[0].own, CONFIG):
        return _opened[0].take_views()
    close_early()
    return None


def close_early() -> None:
    """Close what was opened early, except for a copy that was taken; call this as soon as dbt has connected."""
    while _opened:
        _opened.pop().close()


class _EarlyDatabase:
    def __init__(self, lake: Path, own: Path) -> None:
        self.own = own
        self._lake = lake
        self._views: ViewsFile | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._thread = Thread(target=self._open, name="early database")
        self._thread.start()

    def _open(self) -> None:
        with suppress(LakeUnusable, OSError, duckdb.Error):
            self._views = ViewsFile(self._lake, self.own)
            self._connection = duckdb.connect(self.own, config=CONFIG)
            load_extensions(self._connection, EXTENSIONS)

    def take_views(self) -> ViewsFile | None:
        self._thread.join()
        views, self._views = self._views, None
        return views

    def close(self) -> None:
        views = self.take_views()
        if self._connection:
            self._connection.close()
        if views:
            views.close()
