"""What a lake holds and what waits, from the ledger and `unified_loads`: no table with trades is read. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed


@dataclass(frozen=True)
class SymbolStatus:
    """One exchange's symbol: what was landed of it, and what of that trades_unified has not taken in yet."""

    exchange: str
    symbol: str
    last_trade_at: datetime | None
    """UTC, without a zone; None where the time of no trade is known."""
    lag: timedelta | None
    """How long before now the last landed trade was."""
    row_count: int
    pending_loads: int


def status(landed: Landed, *, now: datetime) -> list[SymbolStatus]:
    """The status of every symbol that was ever landed, by exchange and symbol; `now` is UTC without a zone."""
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in landed.rows:
        rows[row.exchange, row.symbol].append(row)
    return [_status(symbol_rows, landed, now) for _, symbol_rows in sorted(rows.items())]


def _status(rows: list[LedgerRow], landed: Landed, now: datetime) -> SymbolStatus:
    # times are missing where the venue's could not be read
    last_trade_at = max((row.max_trade_ts for row in rows if row.max_trade_ts is not None), default=None)
    return SymbolStatus(
        exchange=rows[0].exchange,
        symbol=rows[0].symbol,
        last_trade_at=last_trade_at,
        lag=None if last_trade_at is None else now - last_trade_at,
        row_count=sum(row.row_count for row in rows),
        pending_loads=sum(landed.is_pending(row) for row in rows),
    )
