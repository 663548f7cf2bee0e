"""A lake at a glance: freshness, rows, holes, what is pending, and the last loads and runs. Reads no trade."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lakehouse.ledger import LEDGER, LedgerRow
from lakehouse.pending import RECORDED, Landed, UnifiedLoad, read_landed
from loaders.connectors import connector_names, load_connector
from schemahub.runs.attention import remarks, row_count
from schemahub.runs.balance import balances
from schemahub.runs.context import RunContext
from schemahub.runs.gaps import StreamGaps, find_gaps
from schemahub.show.status import StreamStatus, status

from .trades import TABLE

MOST_LINES = 8
"""How many loads, and how many runs, are listed."""


@dataclass(frozen=True)
class Stream:
    """What was landed of one stream of a source."""

    source: str
    stream: str
    symbol: str | None
    """The canonical symbol; None if the product is unknown."""
    last_trade_at: datetime | None
    lag_seconds: float | None
    rows: int
    pending_loads: int
    holes: int
    missing_ids: int | None
    """The number of ids in the holes; None where they say nothing about the number of trades."""


@dataclass(frozen=True)
class LoadDone:
    """A load, of all its streams together."""

    landed_at: datetime
    source: str
    channel: str
    streams: int
    rows: int
    is_pending: bool


@dataclass(frozen=True)
class RunDone:
    """A run that unified loads."""

    unified_at: datetime
    loads: int
    read_rows: int
    inserted_rows: int | None
    rejected_rows: int


@dataclass(frozen=True)
class Overview:
    """A lake at a glance; times are UTC."""

    lake: str
    now: datetime
    streams: Sequence[Stream]
    raw_rows: int
    unified_rows: int
    loads: Sequence[LoadDone]
    runs: Sequence[RunDone]
    rejected: Mapping[str, int]
    """For each raw table with rejected rows, their number."""
    remarks: Sequence[str]
    """One line for each thing that needs attention."""

    @property
    def pending_loads(self) -> int:
        return sum(each.pending_loads for each in self.streams)

    @property
    def holes(self) -> int:
        return sum(each.holes for each in self.streams)

    @property
    def freshest(self) -> Stream | None:
        """The stream with the latest trade."""
        known = [each for each in self.streams if each.lag_seconds is not None]
        return min(known, key=lambda each: each.lag_seconds or 0.0, default=None)


def overview(context: RunContext) -> Overview:
    """The lake as it is now; raises LakeUnavailable if it can't be read."""
    lake, now = context.lake, context.now()
    landed = read_landed(lake, context.registry.targets_by_raw_table) if lake.is_there else Landed([], {}, {})
    gaps = {(each.exchange, each.stream): each for each in _gaps(context)} if landed.rows else {}
    names = {(each.exchange.lower(), each.symbol): each.canonical_symbol for each in context.registry.products}
    streams = [_stream(each, gaps, names) for each in status(landed, now=now)]
    return Overview(
        lake=lake.location,
        now=now.replace(tzinfo=UTC),
        streams=streams,
        raw_rows=sum(row.row_count for row in landed.rows),
        unified_rows=row_count(lake, TABLE) if lake.is_there else 0,
        loads=_loads(landed),
        runs=_runs(list(landed.unified.values())),
        rejected={each.raw_table: each.rejected for each in balances(landed.unified.values()) if each.rejected},
        remarks=remarks(lake, landed, context.registry) if landed.rows else [],
    )


def addresses(context: RunContext) -> tuple[str | None, ...]:
    """What changes whenever an overview may have changed, except for the time."""
    lake = context.lake
    return tuple(lake.metadata_address(name) for name in (LEDGER, RECORDED, TABLE)) if lake.is_there else ()


def _gaps(context: RunContext) -> list[StreamGaps]:
    raw_tables = {load_connector(name).raw.name: name for name in connector_names()}
    there = [name for table, name in raw_tables.items() if context.lake.metadata_address(table) is not None]
    return find_gaps(context, dict.fromkeys(there))


def _stream(
    of: StreamStatus, gaps: Mapping[tuple[str, str], StreamGaps], names: Mapping[tuple[str, str], str]
) -> Stream:
    gap = gaps.get((of.source, of.stream))
    return Stream(
        source=of.source,
        stream=of.stream,
        symbol=names.get((of.source, of.stream.partition(" ")[0])),
        last_trade_at=None if of.last_trade_at is None else of.last_trade_at.replace(tzinfo=UTC),
        lag_seconds=None if of.lag is None else of.lag.total_seconds(),
        rows=of.row_count,
        pending_loads=of.pending_loads,
        holes=len(gap.holes) if gap else 0,
        missing_ids=gap.missing_ids if gap else 0,
    )


def _loads(landed: Landed) -> list[LoadDone]:
    """The newest loads, the newest first."""
    by_load: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in reversed(landed.rows):
        if (row.raw_table, row.load_id) not in by_load and len(by_load) == MOST_LINES:
            break
        by_load[row.raw_table, row.load_id].append(row)
    return [
        LoadDone(
            landed_at=rows[0].landed_at.replace(tzinfo=UTC),
            source=rows[0].source,
            channel=rows[0].channel,
            streams=len(rows),
            rows=sum(row.row_count for row in rows),
            is_pending=any(landed.is_pending(row) for row in rows),
        )
        for rows in by_load.values()
    ]


def _runs(unified: Sequence[UnifiedLoad]) -> list[RunDone]:
    """The newest runs, the newest first."""
    by_time: dict[datetime, list[UnifiedLoad]] = defaultdict(list)
    for load in unified:
        by_time[load.unified_at].append(load)
    return [
        RunDone(
            unified_at=at.replace(tzinfo=UTC),
            loads=len(by_time[at]),
            read_rows=sum(load.read_rows for load in by_time[at]),
            inserted_rows=_sum([load.inserted_rows for load in by_time[at]]),
            rejected_rows=sum(load.rejected_rows for load in by_time[at]),
        )
        for at in sorted(by_time, reverse=True)[:MOST_LINES]
    ]


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
