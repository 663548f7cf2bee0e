"""Shows what a lake holds and what is pending, from the ledger and `unified_loads` alone. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.table import Table

from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed

from ..runs.balance import balances
from .balance import rejections


@dataclass(frozen=True)
class StreamStatus:
    """What was landed of one stream of a source, and what of it is pending."""

    source: str
    stream: str
    last_trade_at: datetime | None
    """The time of the last landed trade, UTC without a zone, and at most that of its landing; None if no trade has a
    known time."""
    lag: timedelta | None
    """The time since the last landed trade."""
    row_count: int
    pending_loads: int


def status(landed: Landed, *, now: datetime) -> list[StreamStatus]:
    """The status of every stream that was ever landed, ordered by source and stream; `now` is UTC without a zone."""
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in landed.rows:
        rows[row.source, row.stream].append(row)
    return [_status(of_stream, landed, now) for _, of_stream in sorted(rows.items())]


def _status(rows: list[LedgerRow], landed: Landed, now: datetime) -> StreamStatus:
    # times are missing where the exchange's could not be read, and a single one may be absurd
    known = (min(row.max_event_ts, row.landed_at) for row in rows if row.max_event_ts is not None)
    last_trade_at = max(known, default=None)
    return StreamStatus(
        source=rows[0].source,
        stream=rows[0].stream,
        last_trade_at=last_trade_at,
        lag=None if last_trade_at is None else now - last_trade_at,
        row_count=sum(row.row_count for row in rows),
        pending_loads=sum(landed.is_pending(row) for row in rows),
    )


def status_table(rows: Sequence[StreamStatus]) -> Table:
    """A table with one row for each symbol of an exchange."""
    table = Table(box=None, pad_edge=False)
    for name in ("exchange", "symbol", "last trade (UTC)"):
        table.add_column(name, no_wrap=True)
    for name in ("lag", "rows", "pending loads"):
        table.add_column(name, justify="right", no_wrap=name != "pending loads")
    for row in rows:
        table.add_row(
            row.source,
            row.stream,
            _time(row.last_trade_at),
            _lag(row.lag),
            f"{row.row_count:,}",
            str(row.pending_loads),
        )
    return table


def rejected_lines(landed: Landed) -> Iterator[str]:
    """One line for each raw table with rejected rows."""
    for balance in balances(landed.unified.values()):
        if balance.rejected:
            yield f"rejected  {balance.rejected:,} rows of {balance.raw_table}: {rejections(balance)}"


def warning_lines(remarks: Iterable[str]) -> Iterator[str]:
    """One line for each thing that needs attention."""
    return (f"warning   {remark}" for remark in remarks)


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="seconds")


def _lag(lag: timedelta | None) -> str:
    return "unknown" if lag is None else str(lag).split(".")[0].replace(" days,", "d").replace(" day,", "d")
