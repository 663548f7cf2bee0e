"""A DuckDB that can write a lake in a folder, as dbt's does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lakehouse.duckdb.catalog_process import RestCatalog, attach_lake
from lakehouse.duckdb.connect import CONFIG, LAKE_ALIAS
from lakehouse.layout import NAMESPACE


@contextmanager
def writing(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which unqualified names refer to the lake's tables; a missing lake is created."""
    with RestCatalog(lake) as catalog, duckdb.connect(config=CONFIG) as connection:
        attach_lake(connection, catalog)
        connection.execute(f"set search_path = '{LAKE_ALIAS}.{NAMESPACE}'")
        connection.execute("set global TimeZone = 'UTC'")
        yield connection
