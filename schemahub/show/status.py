"""What a lake holds and what waits, from the ledger and `unified_loads`: no table with trades is read. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed


@dataclass(frozen=True)
class StreamStatus:
    """What was landed of one stream of a source, and what of that no unified table has taken in yet."""

    source: str
    stream: str
    last_trade_at: datetime | None
    """UTC, without a zone; None where the time of no trade is known."""
    lag: timedelta | None
    """How long before now the last landed trade was."""
    row_count: int
    pending_loads: int


def status(landed: Landed, *, now: datetime) -> list[StreamStatus]:
    """The status of every stream that was ever landed, by source and stream; `now` is UTC without a zone."""
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in landed.rows:
        rows[row.source, row.stream].append(row)
    return [_status(of_stream, landed, now) for _, of_stream in sorted(rows.items())]


def _status(rows: list[LedgerRow], landed: Landed, now: datetime) -> StreamStatus:
    # times are missing where the venue's could not be read
    last_trade_at = max((row.max_event_ts for row in rows if row.max_event_ts is not None), default=None)
    return StreamStatus(
        source=rows[0].source,
        stream=rows[0].stream,
        last_trade_at=last_trade_at,
        lag=None if last_trade_at is None else now - last_trade_at,
        row_count=sum(row.row_count for row in rows),
        pending_loads=sum(landed.is_pending(row) for row in rows),
    )
