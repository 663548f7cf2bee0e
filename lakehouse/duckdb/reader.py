"""Reads small tables of lakes in a folder with one DuckDB of this process, which gets ready in a thread.

Loading DuckDB and its extensions takes a sixth of a second of another core, during which a command imports what else it
needs.
"""

from collections.abc import Sequence
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


class _Opening(Thread):
    """Opens the connection."""

    def __init__(self) -> None:
        super().__init__(name="duckdb")
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            from .connect import reader

            self._connection = reader()
        except BaseException as error:  # raised where the connection is needed
            self._error = error

    def connection(self) -> "duckdb.DuckDBPyConnection":
        """A connection of its own for the caller; waits until DuckDB is ready."""
        self.join()
        if self._error is not None:
            raise self._error
        assert self._connection is not None
        return self._connection.cursor()


@cache
def _opening() -> _Opening:
    return _Opening()


def get_ready() -> None:
    """Begin to load DuckDB, for a command that will read rows after other work."""
    _opening()


def rows(address: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Columns of every row of the table whose metadata is at `address`.

    Raises:
        LakeUnusable: an extension is missing.
        duckdb.Error: a file of the table is missing or damaged.
    """
    connection = _opening().connection()
    from .connect import read_rows

    with connection:
        return read_rows(connection, address, columns)
