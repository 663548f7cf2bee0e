"""Where the tables of a lake in a folder are, according to its catalog.

Reads the catalog without pyiceberg, whose import takes most of a second.

Source of the layout: pyiceberg's `IcebergTables` in pyiceberg/catalog/sql.py, version 0.12.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ..layout import CATALOG, DATABASE, NAMESPACE

LOCK_SECONDS = 10.0
"""How long to wait while another program has the catalog locked."""


class CatalogUnreadable(Exception):
    """The catalog's file can't be read; the message is SQLite's reason."""

    @property
    def is_locked(self) -> bool:
        """Whether another program has kept the file locked, so that nothing is known about its content."""
        return "locked" in str(self)


def metadata_addresses(lake: Path) -> Mapping[str, str]:
    """The address of the current metadata of every table of a lake, by name; none if there is no catalog.

    Raises CatalogUnreadable if the catalog's file is damaged or locked.
    """
    file = lake / DATABASE
    if not file.exists() or not file.stat().st_size:
        return {}
    try:
        # not read-only: the first to open the file after a crash must undo the change that the crash interrupted
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS)) as catalog:
            rows = catalog.execute(
                "select table_name, metadata_location from iceberg_tables "
                "where catalog_name = ? and table_namespace = ? and metadata_location is not null order by table_name",
                (CATALOG, NAMESPACE),
            )
            return dict(rows.fetchall())
    except sqlite3.Error as error:
        raise CatalogUnreadable(str(error)) from error


def path_of(address: str) -> Path:
    """The path of a file whose address is a path with or without `file://`."""
    return Path(address.removeprefix("file://"))
