"""Print what a SELECT on the local lake gives."""

import sys

import duckdb
from rich.console import Console

from loaders.exceptions import Misconfigured, TerminalError
from loaders.lake import NAMESPACE, Lake, existing_table
from loaders.local_lake import LocalLake
from profiles.duckdb_lake import LakeUnusable, connect

from .landed import check_is_there


class QueryFailed(TerminalError):
    """The SQL of a query is wrong."""


def run_query(lake: Lake, sql: str) -> None:
    """Run `sql`, reading only, and print its rows."""
    if not isinstance(lake, LocalLake):
        raise Misconfigured(f"`query` reads a lake in a folder, with DuckDB, and not {lake.location}; ask Athena there")
    check_is_there(lake)
    try:
        with connect(lake.folder) as connection:
            result = connection.sql(sql)
            if result is not None:
                console = Console()
                # a file or a pipe gets every column and row
                width = console.width if console.is_terminal else sys.maxsize >> 33
                result.show(max_width=width, max_rows=100 if console.is_terminal else sys.maxsize >> 33)
    except LakeUnusable as error:
        _check_tables(lake)
        raise QueryFailed(str(error)) from error
    except duckdb.Error as error:
        if isinstance(error, duckdb.HTTPException):
            _check_tables(lake)
        raise QueryFailed(f"query failed: {str(error).splitlines()[0]}") from error


def _check_tables(lake: Lake) -> None:
    # where the catalog fails, DuckDB tells its status alone, and not why
    for *_, name in lake.catalog.list_tables(NAMESPACE):
        existing_table(lake, name)
