"""Runs a SELECT on a lake in a folder."""

import re
from collections.abc import Callable
from pathlib import Path

import duckdb

from lakehouse.duckdb.connect import LakeUnusable, connect, shut_in
from lakehouse.errors import TerminalError
from lakehouse.lake import Lake
from lakehouse.layout import NAMESPACE
from lakehouse.open import folder_lake
from lakehouse.pending import check_is_there

_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\([^)]*\)\s*)?", re.IGNORECASE)


_OF_A_DAMAGED_TABLE = (duckdb.CatalogException, duckdb.IOException, duckdb.InvalidInputException)
"""Errors of a statement that names a table of which a file is damaged; other mistakes in SQL may raise them too."""


class QueryFailed(TerminalError):
    """The SQL of a query is wrong, or does more than read."""


def run_query(lake: Lake, sql: str, *, show: Callable[[duckdb.DuckDBPyRelation], None]) -> None:
    """Run `sql`, which may read this lake and nothing else, and pass its rows, if any, to `show`.

    Raises:
        LakeUnavailable: nothing was landed yet, or a table can't be opened.
        Misconfigured: the lake is in S3.
        QueryFailed: the SQL is wrong, or does more than read.
    """
    folder = folder_lake(
        lake, otherwise=f"`query` reads a lake in a folder, with DuckDB, and not {lake.location}; query it with Athena"
    ).folder
    check_is_there(lake)
    try:
        _check_only_reads(sql)
        before = lake.written()
        try:
            _run(folder, sql, show)
        except _OF_A_DAMAGED_TABLE:
            if lake.written() == before:
                raise
            _run(folder, sql, show)  # a run has replaced a table and removed its files meanwhile
    except LakeUnusable as error:
        check_tables(lake)
        raise QueryFailed(str(error)) from error
    except duckdb.Error as error:
        if isinstance(error, _OF_A_DAMAGED_TABLE):
            check_tables(lake)
        raise QueryFailed(f"query failed: {_first_line(error)}") from error


def _run(folder: Path, sql: str, show: Callable[[duckdb.DuckDBPyRelation], None]) -> None:
    with connect(folder) as connection:
        shut_in(connection, folder)
        result = connection.sql(sql)
        if result is not None:
            show(result)


def _check_only_reads(sql: str) -> None:
    for statement in duckdb.extract_statements(sql):
        # PIVOT becomes a SELECT, preceded by a statement without text that creates a type in memory
        if not _reads(statement) and statement.query:
            raise QueryFailed(
                "`query` is read-only: it runs SELECT, and statements that describe or explain one, "
                f"but no {statement.type.name} statement"
            )


def _reads(statement: duckdb.Statement) -> bool:
    if statement.type == duckdb.StatementType.EXPLAIN and (explain := _EXPLAIN.match(statement.query)):
        # EXPLAIN ANALYZE runs what it explains
        return all(map(_reads, duckdb.extract_statements(statement.query[explain.end() :])))
    return bool(statement.type == duckdb.StatementType.SELECT)


def _first_line(error: duckdb.Error) -> str:
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return "".join(each for each in line if each.isprintable())


def check_tables(lake: Lake) -> None:
    """Raise LakeUnavailable if a table can't be opened; pyiceberg gives a better reason than DuckDB."""
    from lakehouse.tables import existing_table  # with pyiceberg, whose import takes most of a second

    for *_, name in lake.catalog.list_tables(NAMESPACE):
        existing_table(lake, name)
