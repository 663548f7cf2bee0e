"""DuckDB on a lake in a folder: extensions from PyPI, and a connection ready for queries.

    with connect(Path("lake")) as connection:
        connection.sql("select count(*) from schemahub_loads").show()

A connection only reads. dbt, which writes, uses `catalog_process.py`. Errors that a caller can report in one line are
raised as `LakeUnusable`.
"""

import importlib.util
import logging
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from ..catalogs.pointers import CatalogUnreadable, metadata_addresses, path_of
from ..errors import LakeUnavailable
from ..layout import DATABASE, NAMESPACE, VIEWS

LAKE_ALIAS = "schemahub"
VIEWS_ALIAS = "views"
CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_persistent_secrets": "false",
    # or each start would take a fifth of a second longer; see docs/decisions/026-extensions-are-packages.md
    "allow_unsigned_extensions": "true",
}
"""The configuration for `duckdb.connect`: no extensions from the network, no secrets from the user's home."""

READING = ("avro", "iceberg")
"""The extensions that reading a table's files needs, each after those that it needs itself."""

log = logging.getLogger(__name__)


class LakeUnusable(LakeUnavailable):
    """The lake can't be opened with DuckDB; the message says why and what to do."""


def load_extensions(connection: duckdb.DuckDBPyConnection, names: Sequence[str] = READING) -> None:
    """Load extensions from the packages `duckdb-extension-*`, and from nowhere else."""
    for name in names:
        connection.execute(f"load {quoted(extension_path(name))}")


def extension_path(name: str) -> Path:
    """The extension's binary for the installed DuckDB version; raises LakeUnusable if it is missing."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if path.exists():
            return path
    raise LakeUnusable(
        f"DuckDB {duckdb.__version__} needs its `{name}` extension; "
        f"run: pip install duckdb-extension-{name}=={duckdb.__version__}"
    )


@contextmanager
def connect(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB in which unqualified names refer to the lake's tables and to dbt's views, if there are any.

    All statements see the tables as they were when the connection was opened, whatever is committed meanwhile. The full
    name of a table is `schemahub.schemahub.<table>`, that of a view `views.<schema>.<view>`. The time zone is UTC. A
    table of which a file is damaged is left out. If the file of the views is damaged, the connection comes without
    them, and a warning is logged. A cursor of the connection sees the same databases, but needs full names.

    Raises:
        LakeUnusable: the lake or an extension is missing.
    """
    with duckdb.connect(config=CONFIG) as connection:
        load_extensions(connection)
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute("set python_enable_replacements = false")  # a name is never a Python variable of ours
        # where DuckDB stores what exceeds its memory, and removes it later; the default is the current folder
        spill = Path(tempfile.gettempdir(), f"schemahub-{secrets.token_hex(8)}")
        connection.execute(f"set global temp_directory = {quoted(spill)}")
        _add_tables(connection, lake)
        search_path = [f"{LAKE_ALIAS}.{NAMESPACE}", *_schemas_of_views(connection, lake / VIEWS)]
        connection.execute(f"set search_path = {quoted(','.join(search_path))}")
        yield connection


def _add_tables(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    try:
        addresses = metadata_addresses(lake.resolve())
    except CatalogUnreadable as error:
        raise LakeUnusable(str(error)) from error
    if not addresses and not (lake / DATABASE).exists():
        raise LakeUnusable(f"no catalog in lake folder {str(lake)!r}: {DATABASE} does not exist")
    connection.execute(f"attach ':memory:' as {LAKE_ALIAS}")
    connection.execute(f"create schema {LAKE_ALIAS}.{NAMESPACE}")
    for name, address in addresses.items():
        with suppress(duckdb.Error):  # a statement that names this table fails, and others don't
            connection.execute(f"create view {LAKE_ALIAS}.{NAMESPACE}.{_name(name)} as from {_scan(address)}")


def reader() -> duckdb.DuckDBPyConnection:
    """A connection for `read_rows`."""
    connection = duckdb.connect(config=CONFIG)
    # it lives as long as the process, and a file that a repair restores must not be read as it was before
    connection.execute("set global enable_external_file_cache = false")
    load_extensions(connection)
    return connection


def read_rows(connection: duckdb.DuckDBPyConnection, address: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Columns of every row of the table whose metadata is at `address`; raises duckdb.Error."""
    found = connection.execute(f"select {', '.join(map(_name, columns))} from {_scan(address)}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in found]


def _scan(address: str) -> str:
    return f"iceberg_scan({quoted(path_of(address))})"


def shut_in(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Restrict `connection` to the tables of the attached lake; this can't be undone."""
    tables = f"{lake.resolve()}/{NAMESPACE}/"
    connection.execute(f"set global allowed_directories = [{quoted(tables)}]")
    connection.execute("set global enable_external_access = false")
    connection.execute("set global lock_configuration = true")


def _schemas_of_views(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        connection.execute(f"attach {quoted(path)} as {VIEWS_ALIAS} (read_only)")
        schemas = connection.execute(
            "select distinct schema_name from duckdb_views() where database_name = ? and not internal", [VIEWS_ALIAS]
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        log.warning("the views are unavailable until the next `run unify`: %s can't be opened: %s", path, reason)
        return []
    return [f"{VIEWS_ALIAS}.{schema}" for (schema,) in schemas]


def quoted(value: Path | str) -> str:
    """The value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
