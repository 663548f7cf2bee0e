"""Write rows to Parquet files in two threads: pyarrow releases Python's lock while it encodes.

Groups of rows go to two files in turn, and only one thread writes to a file at a time. So a load has one file if its
rows fit into one group; otherwise its rows alternate between two files. However long a load is, only three groups are
in memory: two that are being encoded, and the one that is being gathered.
"""

import os
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_OF_A_GROUP = 200_000
ROWS_OF_A_FILE = 2_000_000
_MOST_ENCODERS = 2


class EncodedFile(NamedTuple):
    """A complete Parquet file."""

    path: Path
    row_count: int


class Encoders:
    """Up to two threads, one for each core that this process may use. They end with the `with` block.

    An error in a thread, for example of a full disk, is raised by `files` when it waits for that thread.
    """

    def __init__(self) -> None:
        self._count = min(_MOST_ENCODERS, _cores())
        self._pool = ThreadPoolExecutor(self._count, "encoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()

    def files(
        self, tables: Iterator[pa.Table], schema: pa.Schema, folder: Path, options: Mapping[str, Any]
    ) -> Generator[EncodedFile, None, None]:
        """Write `tables` to files in `folder`, and return each one when it is complete.

        Args:
            tables: the rows; they are taken one by one, so they need not fit into memory.
            schema: the schema of all tables.
            folder: an existing folder.
            options: arguments of `pyarrow.parquet.ParquetWriter`.
        """
        number = 0
        being_written: deque[_File] = deque()
        try:
            for group in _groups(tables):
                if len(being_written) < self._count:
                    being_written.appendleft(_File(folder / f"{number}.parquet", schema, options))
                    number += 1
                elif being_written[0].is_full():
                    yield being_written[0].close()
                    being_written[0] = _File(folder / f"{number}.parquet", schema, options)
                    number += 1
                being_written[0].write(group, self._pool)
                being_written.rotate(-1)
            while being_written:
                yield being_written[0].close()
                being_written.popleft()
        finally:
            for file in being_written:
                file.abandon()


class _File:
    def __init__(self, path: Path, schema: pa.Schema, options: Mapping[str, Any]) -> None:
        self._path, self._row_count = path, 0
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(self._file, schema, **options)
        self._writing: Future[None] | None = None

    def is_full(self) -> bool:
        return self._row_count >= ROWS_OF_A_FILE

    def write(self, group: pa.Table, pool: ThreadPoolExecutor) -> None:
        self._wait()
        self._row_count += group.num_rows
        self._writing = pool.submit(self._writer.write_table, group)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def close(self) -> EncodedFile:
        self._wait()
        self._writer.close()
        self._file.close()
        return EncodedFile(self._path, self._row_count)

    def abandon(self) -> None:
        """Close the file as it is, once its thread no longer writes to it; does nothing if it was closed before."""
        if self._writing is not None:
            self._writing.exception()
        self._writer.is_open = False  # otherwise pyarrow would try to complete the file when it is collected
        with suppress(OSError):
            self._file.close()


def _groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    gathered: list[pa.Table] = []
    rows = 0
    for table in tables:
        gathered.append(table)
        rows += table.num_rows
        if rows >= ROWS_OF_A_GROUP:
            yield pa.concat_tables(gathered)
            gathered, rows = [], 0
    if gathered:
        yield pa.concat_tables(gathered)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS
