"""Brings batches of rows in the order of a key, with a bounded number of rows in memory.

Rows that already are in order are passed on as they come. Others are sorted in runs, which are kept in temporary files
and merged. Rows with equal keys stay in the order in which they came.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from lakehouse.errors import SchemaHubError

from .files import Report

KEY = "_key"
"""The column of 64-bit integers, none of them null, that readers add to rows and that rows are brought in order by."""

REPEATED = "repeats an earlier row"
CHANGED = "has the id of an earlier row, and other values"

_RUN_ROWS = 800_000
"""The number of rows from which on a run is written; more rows per run need more memory, and fewer need more files."""
_RUN_BATCH = 8_192
"""The number of rows of a run that are in memory at once."""


class NotInOrder(SchemaHubError):
    """Rows are not in order although they were expected to be; what was read of them so far must not be used."""


def rise(keys: Iterable[pa.Array]) -> bool:
    """Whether keys, given in arrays one after another, never fall. Stops at the first that does."""
    last = None
    for array in keys:
        if len(array) == 0:
            continue
        if last is not None and array[0].as_py() < last:
            return False
        if not pc.all(pc.greater_equal(array[1:], array[:-1])).as_py() and len(array) > 1:
            return False
        last = array[-1].as_py()
    return True


def in_order(
    batches: Iterator[pa.RecordBatch],
    *,
    are_in_order: Callable[[], bool],
    folder: Path | None = None,
    expected: bool | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of `batches` by rising key.

    Args:
        batches: rows with the column `KEY`.
        are_in_order: tells whether they are in order already, as `rise` finds; called if there are several batches.
        folder: where to keep rows that must be sorted; by default the system's folder for temporary files.
        expected: whether they are expected to be in order; then `are_in_order`, which has to read them once more, isn't
            called.

    Raises:
        NotInOrder: they are not in order, although they were expected to be.
    """
    first, second = next(batches, None), next(batches, None)
    if first is None:
        return
    if second is None:
        yield first if rise([first[KEY]]) else first.take(pc.sort_indices(first[KEY]))  # a stable sort
        return
    every = chain((first, second), batches)
    if expected:
        yield from _checked(every)
        return
    if expected is None and are_in_order():
        yield from every
        return
    with tempfile.TemporaryDirectory(dir=folder) as place:
        runs = [_write_run(rows, Path(place, f"{number}.arrow")) for number, rows in enumerate(_runs(every))]
        yield from _merged([_read_run(run) for run in runs])


def _checked(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    last: list[pa.Array] = []
    for batch in batches:
        if not rise([*last, batch[KEY]]):
            raise NotInOrder("the rows of a file are not in order")
        last = [batch[KEY][-1:]]
        yield batch


def _runs(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    collected: list[pa.RecordBatch] = []
    for batch in batches:
        collected.append(batch)
        if sum(each.num_rows for each in collected) >= _RUN_ROWS:
            yield pa.Table.from_batches(collected)
            collected = []
    if collected:
        yield pa.Table.from_batches(collected)


def _write_run(rows: pa.Table, path: Path) -> Path:
    ordered = rows.take(pc.sort_indices(rows[KEY]))  # a stable sort
    with pa.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, rows.schema) as writer:
        writer.write_table(ordered, max_chunksize=_RUN_BATCH)
    return path


def _read_run(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file, pyarrow.ipc.open_stream(file) as reader:
        yield from reader


def _merged(runs: list[Iterator[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """The rows of runs that are each in order."""
    heads = {number: head for number, run in enumerate(runs) if (head := next(run, None)) is not None}
    while heads:
        # no run has rows up to here that are not in memory
        frontier = min(head[KEY][-1].as_py() for head in heads.values())
        ready = []
        for number, head in list(heads.items()):
            count = pc.sum(pc.less_equal(head[KEY], frontier)).as_py()
            # rows with the key of the frontier may continue in the run's next batch
            while count == head.num_rows:
                ready.append(head)
                following = next(runs[number], None)
                if following is None:
                    del heads[number]
                    break
                head = following
                count = pc.sum(pc.less_equal(head[KEY], frontier)).as_py()
            else:
                ready.append(head.slice(0, count))
                heads[number] = head.slice(count)
        rows = pa.Table.from_batches(ready).combine_chunks().to_batches()
        for batch in rows:
            yield batch.take(pc.sort_indices(batch[KEY]))


def each_once(
    batches: Iterable[pa.RecordBatch], report: Report, *, payload: str, id_column: str
) -> Iterator[pa.RecordBatch]:
    """The rows, which are in order, without those whose key an earlier row has; these are counted in `report`.

    Those with other values than the row before are counted apart from mere repetitions. The first row is kept.
    """
    last: pa.RecordBatch | None = None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        rows, overlap = batch, 0
        if last is not None and last[KEY][0].as_py() == batch[KEY][0].as_py():
            (rows,) = pa.Table.from_batches([last, batch]).combine_chunks().to_batches()
            overlap = 1
        repeats = pc.equal(rows[KEY][1:], rows[KEY][:-1])
        last = batch.slice(batch.num_rows - 1)
        if not pc.any(repeats).as_py():
            yield batch
            continue
        _count(rows, repeats, report, payload=payload, id_column=id_column)
        is_first = pa.concat_arrays([pa.array([not overlap]), pc.invert(repeats)])
        if (kept := rows.filter(is_first)).num_rows:
            yield kept


def _count(rows: pa.RecordBatch, repeats: pa.BooleanArray, report: Report, *, payload: str, id_column: str) -> None:
    later, earlier = rows.slice(1).filter(repeats), rows.slice(0, rows.num_rows - 1).filter(repeats)
    is_same = pc.equal(later[payload], earlier[payload])
    if not pc.all(is_same).as_py():  # the same values may be written in another way
        values = [name for name in rows.schema.names if name != payload]
        are_equal = [_equal_or_null(later[name], earlier[name]) for name in values]
        for one in are_equal[1:]:
            are_equal[0] = pc.and_(are_equal[0], one)
        is_same = pc.or_(is_same, are_equal[0])
    same = pc.sum(is_same).as_py() or 0
    report.skip(REPEATED, same)
    report.skip(CHANGED, len(is_same) - same)
    for row in later.filter(pc.invert(is_same)).slice(0, 10).to_pylist():
        report.show(f"id {row[id_column]}", CHANGED, row[payload])


def _equal_or_null(these: pa.Array, those: pa.Array) -> pa.BooleanArray:
    return pc.or_(pc.equal(these, those).fill_null(False), pc.and_(pc.is_null(these), pc.is_null(those)))
