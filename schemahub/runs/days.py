"""Tells for each UTC day of a stream whether it is complete, from coverage and the ledger alone.

The dbt model `completeness` says the same in SQL. Which rows of a load are of which day is not known without reading
them, so a day has exact numbers only of those loads whose rows are all of this day. The rows of other loads that touch
the day, such as the one at midnight, are given apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Literal

from lakehouse.coverage import EARLIEST, Coverage, Hole, Stretch, microseconds, time_of
from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed, read_landed

from .context import RunContext
from .gaps import TIME_AND_SALES, held_streams, holes_between

State = Literal["gaps", "pending", "unprovable", "complete"]
"""Of several that apply, the first one counts.

gaps: a hole touches the day, and a stream beside doesn't hold its times. pending: the day hasn't ended as far as is
known, or rows of it aren't unified yet. unprovable: nothing shows whether the source left rows out. complete: nothing
is missing from `since` to `until`.
"""

_DAY = 86_400_000_000
_EARLIEST = EARLIEST // _DAY
"""The day before which nothing is counted, because a single row may have an absurd time."""


@dataclass(frozen=True)
class Day:
    """What is held of one stream on one UTC day."""

    source: str
    stream: str
    date: date
    state: State
    since: datetime | None
    """From when on the day is held: its beginning, or later on a stream's first day; UTC without a zone. This and
    `until` are None if the whole day is in a hole."""
    until: datetime | None
    """Up to when the day is held: the beginning of the next one, or earlier on a stream's last day."""
    first_id: int | None
    """The lowest id among the loads whose rows are all of this day; None if there is none, or if ids aren't numbers."""
    last_id: int | None
    row_count: int
    """The number of rows of these loads."""
    edge_rows: int
    """The number of rows of loads that also have rows of another day."""
    expected_count: int | None
    """last_id - first_id + 1 where ids are contiguous; the source itself may have fewer."""
    holes: int
    """The number of holes that touch the day, without those whose times of this day the stream beside holds."""


def days_of(context: RunContext, wanted: Mapping[str, frozenset[str] | None]) -> Iterator[Day]:
    """The days of each wanted stream, oldest first; reads no trades. Raises as `held_streams` does."""
    landed = read_landed(context.lake, context.registry.targets_by_raw_table)
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in landed.rows:
        rows[row.source, row.stream].append(row)
    for exchange, stream, coverage in held_streams(context, wanted):
        yield from days_of_stream(exchange, stream, coverage, rows[exchange, stream], landed)


@dataclass
class _Found:
    """What touches one day."""

    since: int | None = None
    until: int | None = None
    holes: int = 0
    is_pending: bool = False
    is_unprovable: bool = False
    is_contiguous: bool = True
    row_count: int = 0
    edge_rows: int = 0
    ids: list[int] = field(default_factory=list)
    """The first and the last id of each load whose rows are all of this day."""


def days_of_stream(
    source: str, stream: str, coverage: Coverage, rows: Iterable[LedgerRow], landed: Landed
) -> list[Day]:
    """The days that a stream's stretches and holes touch, oldest first; `rows` are its rows of the ledger."""
    found: dict[int, _Found] = defaultdict(_Found)
    stretches, beside = coverage.of(stream).stretches, coverage.times_beside.get(stream, ())
    for each, until in _reaching(stretches):
        for day in _days(each.since, until):
            begin, end, of_day = day * _DAY, (day + 1) * _DAY, found[day]
            of_day.since = min(max(each.since, begin), end if of_day.since is None else of_day.since)
            of_day.until = max(min(until, end), begin if of_day.until is None else of_day.until)
            of_day.is_unprovable |= each.proof == "unprovable"
            of_day.is_contiguous &= each.proof in ("ids", "absent") and not stream.endswith(TIME_AND_SALES)
    for hole in holes_between(stretches):
        for day in _days(hole.since, hole.until or hole.since):
            if not _is_beside(hole, day, beside):
                found[day].holes += 1
            elif day in found:
                found[day].is_contiguous = False
    for row in rows:
        _count(row, found, is_pending=landed.is_pending(row))
    if found:
        found[max(found)].is_pending = True  # more rows of it may follow
    return [_day(source, stream, day, found[day]) for day in sorted(found)]


def _is_beside(hole: Hole, day: int, beside: Sequence[tuple[int, int]]) -> bool:
    """Whether the stream beside, which holds the times `beside`, [low, high), holds all times of a hole on a day."""
    if hole.until is None or hole.since == hole.until:  # its rows may be on either side of an edge
        return False
    first, last = max(hole.since, day * _DAY), min(hole.until, (day + 1) * _DAY - 1)
    return any(low <= first and last < high for low, high in beside)


def _reaching(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, int]]:
    """Each stretch with the time that it reaches: between two that touch, nothing happened."""
    for each, following in pairwise(stretches):
        yield each, max(each.until, following.since) if each.high == following.low else each.until
    if stretches:
        yield stretches[-1], stretches[-1].until


def _days(since: int, until: int) -> range:
    return range(max(since // _DAY, _EARLIEST), max(until // _DAY, _EARLIEST) + 1)


def _count(row: LedgerRow, found: Mapping[int, _Found], *, is_pending: bool) -> None:
    """Add a row of the ledger to the days of its rows. Rows without a time, or with an absurd one, are of no day."""
    if row.min_event_ts is None or row.max_event_ts is None:
        return
    first, last = (microseconds(moment) // _DAY for moment in (row.min_event_ts, row.max_event_ts))
    for day in range(max(first, min(found)), min(last, max(found)) + 1) if found else ():
        if (of_day := found.get(day)) is None:
            continue
        of_day.is_pending |= is_pending
        if first < last:
            of_day.edge_rows += row.row_count
            continue
        of_day.row_count += row.row_count
        of_day.ids += [number for number in (_number(row.first_id), _number(row.last_id)) if number is not None]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _day(source: str, stream: str, day: int, found: _Found) -> Day:
    first_id, last_id = min(found.ids, default=None), max(found.ids, default=None)
    expected = None
    if found.is_contiguous and first_id is not None and last_id is not None:
        expected = last_id - first_id + 1
    return Day(
        source=source,
        stream=stream,
        date=time_of(day * _DAY).date(),
        state=_state(found),
        since=_moment(found.since),
        until=_moment(found.until),
        first_id=first_id,
        last_id=last_id,
        row_count=found.row_count,
        edge_rows=found.edge_rows,
        expected_count=expected,
        holes=found.holes,
    )


def _state(found: _Found) -> State:
    if found.holes:
        return "gaps"
    if found.is_pending:
        return "pending"
    return "unprovable" if found.is_unprovable else "complete"


def _moment(us: int | None) -> datetime | None:
    return None if us is None else time_of(us).replace(tzinfo=None)
