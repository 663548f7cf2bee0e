"""The times of rows that say something about what is held; others are wrong, and their rows are landed all the same."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import EARLIEST

_AHEAD = 300_000_000
"""How far a time may be after the present, in microseconds, because clocks differ."""


def are_possible(times: pa.Int64Array, now: int) -> pa.BooleanArray:
    """Which times can be right, of times in microseconds since 1970, UTC; null where there is none."""
    return pc.and_(pc.greater_equal(times, EARLIEST), pc.less_equal(times, now + _AHEAD))


def time_bounds(times: pa.Array | pa.ChunkedArray, now: int) -> tuple[int, int] | None:
    """The earliest and the latest time, in microseconds since 1970, UTC; None if there is none that can be right.

    Times before `EARLIEST`, and those more than five minutes after `now`, don't count. A single one, as of the year 1,
    would otherwise make everything since then look complete.
    """
    known = times.cast(pa.int64())
    found = pc.min_max(known).as_py()
    if found["min"] is not None and (found["min"] < EARLIEST or found["max"] > now + _AHEAD):
        found = pc.min_max(known.filter(are_possible(known, now))).as_py()
    return None if found["min"] is None else (found["min"], found["max"])
