"""What the rows of a file claim, as pieces.

A file whose ids are contiguous holds every row of its source from the first to the last of them. Where ids jump, one
piece ends and another begins: the source may have the rows in between, although the file lacks them.

A file of whole seconds without ids holds every row from its first second to its last one, but nothing proves it.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import SECOND, Stretch, stream_beside
from lakehouse.raw_table import PAYLOAD, RawTable

from ..channels.files import MOST_EXAMPLES, BadFile, Report
from ..piece import Piece
from ..row_times import are_possible, time_bounds

MOST_JUMPS = 10_000
"""The maximum number of times that the ids of a file may jump. Each makes a stretch, which every later run reads."""
IMPOSSIBLE_TIME = "a time before 2009-01-03 or in the future"
_HIGHEST_ID = 2**62


def by_id(raw: RawTable, stream: str, batches: Iterable[pa.RecordBatch], *, now: int) -> Iterator[Piece]:
    """The rows of one stream by contiguous ids.

    Args:
        raw: the raw table.
        stream: the stream.
        batches: rows by rising id, each id once.
        now: the present, in microseconds since 1970: no row makes a stream look complete beyond it.

    Raises:
        BadFile: the ids jump too often for a file that is meant to be complete.
    """
    jumps, following = 0, None
    latest: int | None = None
    for batch in batches:
        ids = batch[raw.id_column].cast(pa.int64())
        if ids[-1].as_py() >= _HIGHEST_ID:
            raise BadFile(f"{stream}: has the id {ids[-1]}, expected ids below 2^62")
        jumps += following not in (None, ids[0].as_py())
        changes = pc.indices_nonzero(pc.not_equal(pc.subtract(ids[1:], ids[:-1]), 1)).to_pylist()
        jumps += len(changes)
        if jumps > MOST_JUMPS:
            raise BadFile(
                f"{stream}: the ids of the file jump more than {MOST_JUMPS:,} times, so it is not a complete record; "
                "nothing more of it is taken over"
            )
        if latest is None and (of_batch := time_bounds(batch[raw.time_column], now)) is not None:
            latest = min(of_batch[0], now)
        for start, stop in pairwise([0, *(place + 1 for place in changes), len(ids)]):
            rows, low, high = batch.slice(start, stop - start), ids[start].as_py(), ids[stop - 1].as_py() + 1
            if latest is None:  # so that it is never joined with rows whose times are known
                yield Piece(stream, rows, Stretch(low, high, now, now, rows.num_rows, "unprovable"))
                continue
            first, last = time_bounds(rows[raw.time_column], now) or (latest, latest)
            since = min(first, now)
            latest = min(max(since, last), now)
            yield Piece(stream, rows, Stretch(low, high, since, latest, rows.num_rows))
        following = ids[-1].as_py() + 1


def by_second(
    raw: RawTable, stream: str, what: str, batches: Iterable[pa.RecordBatch], report: Report, *, now: int
) -> Iterator[Piece]:
    """The rows of the stream `what` beside `stream`, whose times are whole seconds, by time.

    The rows of one second are in one piece, and each piece claims all seconds up to its last one. So a row of a time
    that can't be right would claim years, and keep out whatever comes later: such rows are left out, and reported.

    Args:
        raw: the raw table.
        stream: the stream that has ids.
        what: what the stream beside it is.
        batches: rows by rising time.
        report: counts the rows that are left out.
        now: the present, in microseconds since 1970.
    """
    low: int | None = None
    rest: list[pa.RecordBatch] = []
    last = 0
    for every in batches:
        batch = _of_possible_times(raw, every, report, now)
        if batch.num_rows == 0:
            continue
        times = batch[raw.time_column].cast(pa.int64())
        if low is None:
            low = last = times[0].as_py()
        if times[-1].as_py() == last:  # its second may go on
            rest.append(batch)
            continue
        last = times[-1].as_py()
        count = pc.index(times, last).as_py()
        rows = pa.Table.from_batches([*rest, batch.slice(0, count)])
        rest = [batch.slice(count)]
        yield _seconds(stream, what, rows, low, last)
        low = last
    if low is not None:
        yield _seconds(stream, what, pa.Table.from_batches(rest), low, last + SECOND)


def _of_possible_times(raw: RawTable, batch: pa.RecordBatch, report: Report, now: int) -> pa.RecordBatch:
    is_possible = are_possible(batch[raw.time_column].cast(pa.int64()), now)
    if pc.all(is_possible).as_py():
        return batch
    left_out = batch.filter(pc.invert(is_possible))
    report.skip(IMPOSSIBLE_TIME, left_out.num_rows)
    for row in left_out.slice(0, MOST_EXAMPLES).to_pylist():
        report.show(f"time {row[raw.time_column]}", IMPOSSIBLE_TIME, row[PAYLOAD])
    return batch.filter(is_possible)


def _seconds(stream: str, what: str, rows: pa.Table, low: int, high: int) -> Piece:
    claim = Stretch(low, high, low, high, rows.num_rows, "unprovable")
    return Piece(stream_beside(stream, what), rows, claim)
