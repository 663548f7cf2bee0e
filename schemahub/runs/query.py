"""Print what a SELECT on the local lake gives."""

import re
import sys

import duckdb
from rich.console import Console

from lakehouse.duckdb.connect import LakeUnusable, connect, shut_in
from lakehouse.errors import Misconfigured, TerminalError
from lakehouse.lake import Lake, existing_table
from lakehouse.layout import NAMESPACE
from lakehouse.local import LocalLake
from lakehouse.pending import check_is_there

_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\([^)]*\)\s*)?", re.IGNORECASE)


class QueryFailed(TerminalError):
    """The SQL of a query is wrong, or does more than read."""


def run_query(lake: Lake, sql: str) -> None:
    """Run `sql`, which may read this lake and nothing else, and print its rows."""
    if not isinstance(lake, LocalLake):
        raise Misconfigured(f"`query` reads a lake in a folder, with DuckDB, and not {lake.location}; ask Athena there")
    check_is_there(lake)
    try:
        _check_only_reads(sql)
        with connect(lake.folder) as connection:
            shut_in(connection, lake.folder)
            result = connection.sql(sql)
            if result is not None:
                _show(result)
    except LakeUnusable as error:
        check_tables(lake)
        raise QueryFailed(str(error)) from error
    except duckdb.Error as error:
        if isinstance(error, duckdb.HTTPException):
            check_tables(lake)
        raise QueryFailed(f"query failed: {_first_line(error)}") from error


def _check_only_reads(sql: str) -> None:
    for statement in duckdb.extract_statements(sql):
        # PIVOT becomes a SELECT and, before it, a statement without text for a type in memory
        if not _reads(statement) and statement.query:
            raise QueryFailed(
                f"`query` is read-only: it runs SELECT, and what describes or explains one, "
                f"but no {statement.type.name} statement"
            )


def _reads(statement: duckdb.Statement) -> bool:
    if statement.type == duckdb.StatementType.EXPLAIN and (explain := _EXPLAIN.match(statement.query)):
        # EXPLAIN ANALYZE does what it explains
        return all(map(_reads, duckdb.extract_statements(statement.query[explain.end() :])))
    return bool(statement.type == duckdb.StatementType.SELECT)


def _show(result: duckdb.DuckDBPyRelation) -> None:
    if sys.stdout.isatty():
        result.show(max_width=Console().width, max_rows=100)
    else:  # a file or a pipe gets every column and row
        result.show(max_width=sys.maxsize >> 33, max_rows=sys.maxsize >> 33)


def _first_line(error: duckdb.Error) -> str:
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return "".join(each for each in line if each.isprintable())


def check_tables(lake: Lake) -> None:
    """Raise LakeUnavailable where a table can't be opened; DuckDB tells less of why than pyiceberg."""
    for *_, name in lake.catalog.list_tables(NAMESPACE):
        existing_table(lake, name)
