"""Write batches to Parquet files in two threads: pyarrow releases Python's lock while it encodes.

However long a load is, only three batches are in memory besides what is being gathered: two that are being encoded, and
the one that waits for a thread.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from .gather import Batch, Part

_MOST_ENCODERS = 2
ROWS_OF_A_GROUP = 125_000
"""A reader of a few rows of a file decodes whole groups. Reading one minute of a day of 5 M rows takes DuckDB 36 ms of
the processor with groups of 250,000 rows, 15 ms with groups of 100,000, and 20 ms with groups of 50,000; one hour takes
72, 49 and 50 ms. With these, an hour takes as long as with groups of 100,000, and a minute at most 1.4 times as long.
Against one group for each file, these make files 0.4 % larger, groups of 100,000 rows 0.7 %, and those of 50,000 rows
1.2 %."""
_NUMBER = b"schemahub.file"
"""The key under which a file's footer has the number of the file within its load."""


class EncodedFile(NamedTuple):
    """A complete Parquet file, and what it claims."""

    path: Path
    row_count: int
    parts: list[Part]


def write_file(path: Path, rows: pa.Table, number: int, options: dict[str, Any]) -> None:
    """Write `rows` as a Parquet file, which keeps its number within its load.

    The group of rows has a fixed size, because a reader of a part of the file must decode whole groups.
    """
    with pa.OSFile(str(path), "wb") as file:
        writer = pq.ParquetWriter(file, rows.schema, **options)
        try:
            writer.write_table(rows, row_group_size=ROWS_OF_A_GROUP)
            writer.add_key_value_metadata({_NUMBER.decode(): str(number)})
            writer.close()
        except BaseException:
            writer.is_open = False  # otherwise pyarrow would try to complete the file when it is collected
            raise


def number_of(footer: pq.FileMetaData) -> int:
    """The number of a file within its load, by its footer."""
    return int(footer.metadata[_NUMBER])


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
        self._pool.shutdown(cancel_futures=True)

    def files(
        self, batches: Iterator[Batch], folder: Path, write: Callable[[Path, Batch, int], None]
    ) -> Iterator[EncodedFile]:
        """Write each batch to a file in `folder`, and return each file when it is complete, in order.

        Args:
            batches: the rows; they are taken one by one, so they need not fit into memory.
            folder: an existing folder.
            write: writes one file, given its path, its rows, and its number, which begins with 0.
        """
        being_written: deque[tuple[EncodedFile, Future[None]]] = deque()
        try:
            for number, batch in enumerate(batches):
                if len(being_written) == self._count:
                    yield _complete(*being_written.popleft())
                file = EncodedFile(folder / f"{number}.parquet", batch.rows.num_rows, batch.parts)
                being_written.append((file, self._pool.submit(write, file.path, batch, number)))
            while being_written:
                yield _complete(*being_written.popleft())
        finally:
            for _, writing in being_written:
                with suppress(Exception):  # another error is on its way already
                    writing.result()


def _complete(file: EncodedFile, writing: Future[None]) -> EncodedFile:
    writing.result()
    return file


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS
