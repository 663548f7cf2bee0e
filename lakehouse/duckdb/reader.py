"""Reads small tables of lakes in a folder with one DuckDB, which is loaded when it is first needed."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


@cache
def _opened() -> "duckdb.DuckDBPyConnection":
    from .connect import reader

    return reader()


def rows(address: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Columns of every row of the table whose metadata is at `address`.

    Raises:
        LakeUnusable: an extension is missing.
        duckdb.Error: a file of the table is missing or damaged.
    """
    from .connect import read_rows

    with _opened().cursor() as connection:
        return read_rows(connection, address, columns)
