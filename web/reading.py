"""DuckDB, reading the files of a lake and nothing else: one database, and a cursor for each thread.

What a client sends comes only as a parameter of a statement. Memory is limited, whatever the size of the files.
"""

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse.duckdb.connect import CONFIG, load_extensions, quoted
from lakehouse.errors import LakeUnavailable
from lakehouse.lake import Lake
from lakehouse.local import LocalLake
from lakehouse.printable import printable

MEMORY_LIMIT = "1GB"
_UNREADABLE = (duckdb.IOException, duckdb.HTTPException, duckdb.InvalidInputException)
_GONE = re.compile(r"No such file|No files found|Cannot open file|\b404\b|does not exist", re.IGNORECASE)


class FilesGone(Exception):
    """A file of the table is no longer there: a run has rewritten the table."""


class Reader:
    """Runs statements on files of a lake."""

    def __init__(self, lake: Lake, *, threads: int = 2) -> None:
        self._lake = lake
        self._local = threading.local()
        self._lock = threading.Lock()
        self._credentials: object = None
        self._database = duckdb.connect(config={**CONFIG, "threads": str(threads), "memory_limit": MEMORY_LIMIT})
        self._database.execute("set global TimeZone = 'UTC'")
        self._database.execute("set python_enable_replacements = false")
        self._database.execute("set global temp_directory = ''")  # what exceeds the memory fails, and fills no disk
        # files never change, so their metadata, which say where each column is, are read once
        self._database.execute("set global parquet_metadata_cache = true")
        if not isinstance(lake, LocalLake):
            load_extensions(self._database, ["httpfs"])
        place = f"{lake.folder}/" if isinstance(lake, LocalLake) else f"{lake.location}/"
        self._database.execute(f"set global allowed_directories = [{quoted(place)}]")
        self._database.execute("set global enable_external_access = false")

    def table(self, sql: str, **parameters: object) -> pa.Table:
        """The rows of a statement.

        Raises:
            FilesGone: a file that it names isn't there.
            LakeUnavailable: a file can't be read, or more would be read at once than memory allows.
        """
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._database.cursor()
        self._renew_credentials()
        try:
            return self._local.cursor.execute(sql, parameters).to_arrow_table()
        except _UNREADABLE as error:
            line = printable(str(error))
            if _GONE.search(line):
                raise FilesGone(line) from error
            raise LakeUnavailable(f"a file of {self._lake.location} can't be read: {line}") from error
        except duckdb.OutOfMemoryException as error:
            raise LakeUnavailable(f"this needs more than {MEMORY_LIMIT} of memory; ask for a shorter span") from error

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """The rows of a statement as dictionaries; raises as `table` does."""
        rows: list[dict[str, Any]] = self.table(sql, **parameters).to_pylist()
        return rows

    def close(self) -> None:
        """Release the database."""
        self._database.close()

    def _renew_credentials(self) -> None:
        """Give DuckDB what boto3 finds, again where a role's credentials have been renewed."""
        if isinstance(self._lake, LocalLake):
            return
        properties: Mapping[str, str] = dict(self._lake.catalog.properties)
        with self._lock:
            if properties != self._credentials:
                self._database.execute(_secret(properties))
                self._credentials = properties


def _secret(properties: Mapping[str, str]) -> str:
    names = {
        "key_id": "s3.access-key-id",
        "secret": "s3.secret-access-key",
        "session_token": "s3.session-token",
        "region": "s3.region",
    }
    values = {name: properties[key] for name, key in names.items() if properties.get(key)}
    if endpoint := properties.get("s3.endpoint"):
        scheme, _, host = endpoint.rpartition("://")
        values |= {"endpoint": host.rstrip("/"), "url_style": "path", "use_ssl": str(scheme != "http").lower()}
    given = ", ".join(f"{name} {quoted(value)}" for name, value in values.items())
    return f"create or replace secret lake (type s3{', ' if given else ''}{given})"


def folder_of(path: str) -> str:
    """The name of a file without its folder, for showing."""
    return Path(path).name
