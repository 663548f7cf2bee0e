"""The pending loads, and which stretches of time they touch. Pure.

A run computes the same in SQL, in `dbt_project/macros/loads/waiting_loads.sql` and
`dbt_project/macros/loads/merged_ranges.sql`. A test checks that both agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.ledger import LedgerRow

_MINUTE = timedelta(minutes=1)
_NEAR = timedelta(hours=1)


@dataclass(frozen=True)
class Range:
    """A range of time from `start`, inclusive, to `end`, exclusive; both are UTC without a zone."""

    start: datetime
    end: datetime

    def overlap(self, other: "Range") -> "Range | None":
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Range(start, end) if start < end else None

    @property
    def days(self) -> range:
        """The days that the range touches, as proleptic Gregorian ordinals."""
        return range(self.start.toordinal(), (self.end - timedelta.resolution).toordinal() + 1)


EVERYTHING = Range(datetime.min, datetime.max)
"""The range that is read if a time is unknown or if a table is rebuilt."""


@dataclass(frozen=True)
class PendingLoad:
    """A load that is in the ledger and not unified yet; it corresponds to one row of `pending_loads`."""

    raw_table: str
    load_id: str
    row_count: int
    first_at: datetime | None
    last_at: datetime | None
    landed_at: datetime | None
    """The `_source_ingest_ts` of the load's rows."""
    has_unknown_times: bool


def pending_loads(ledger: Iterable[LedgerRow]) -> list[PendingLoad]:
    """Return the loads to which the given rows of the ledger belong, ordered by raw table and load id."""
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in ledger:
        rows[row.raw_table, row.load_id].append(row)
    return [_load(rows[key]) for key in sorted(rows)]


def _load(rows: list[LedgerRow]) -> PendingLoad:
    # times are missing if the exchange's times could not be read, and in tests
    firsts = [row.min_event_ts for row in rows if row.min_event_ts is not None]
    lasts = [row.max_event_ts for row in rows if row.max_event_ts is not None]
    return PendingLoad(
        raw_table=rows[0].raw_table,
        load_id=rows[0].load_id,
        row_count=sum(row.row_count for row in rows),
        first_at=min(firsts, default=None),
        last_at=max(lasts, default=None),
        landed_at=max((row.ingest_ts for row in rows if row.ingest_ts is not None), default=None),
        has_unknown_times=any(row.row_count and None in (row.min_event_ts, row.max_event_ts) for row in rows),
    )


def landing_ranges(loads: Iterable[PendingLoad]) -> list[Range]:
    """Return when the loads' rows landed: one range, or no range if there are no loads."""
    times = [load.landed_at for load in loads]
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return [EVERYTHING]
    return [Range(min(known), moved(max(known), timedelta(seconds=1)))] if known else []


def event_ranges(loads: Iterable[PendingLoad], *, at_most: int = 40) -> list[Range]:
    """Return the stretches of event time that the loads touch."""
    return merged_ranges(
        ((None, None) if load.has_unknown_times else (load.first_at, load.last_at) for load in loads if load.row_count),
        at_most=at_most,
    )


def days_written(loads: Sequence[PendingLoad]) -> int:
    """Return the most days that the loads' rows can be on. Rows without a time don't count; they are rejected."""
    days = {
        day
        for load in loads
        if load.first_at is not None and load.last_at is not None
        for day in range(load.first_at.toordinal(), load.last_at.toordinal() + 1)
    }
    return min(len(days), sum(load.row_count for load in loads))


def merged_ranges(intervals: Iterable[tuple[datetime | None, datetime | None]], at_most: int = 40) -> list[Range]:
    """Merge intervals into few ranges of full minutes, each at least a minute wider at both ends.

    Intervals less than an hour apart become one range, and more than `at_most` ranges become one. If an interval is
    unknown, the only range is EVERYTHING.
    """
    known: list[Range] = []
    for first, last in intervals:
        if first is None or last is None:
            return [EVERYTHING]
        known.append(Range(moved(_minute(first), -_MINUTE), moved(_minute(last), 2 * _MINUTE)))
    merged: list[Range] = []
    for each in sorted(known, key=lambda range_: (range_.start, range_.end)):
        if merged and each.start <= moved(merged[-1].end, _NEAR):
            merged[-1] = Range(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return [Range(merged[0].start, merged[-1].end)] if len(merged) > at_most else merged


def moved(moment: datetime, by: timedelta) -> datetime:
    """Return `moment + by`, or the first or last possible moment, because an exchange may send any time."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max if by > timedelta() else datetime.min


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
