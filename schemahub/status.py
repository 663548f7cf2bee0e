"""What a lake holds and what waits, from the ledger alone: no raw table is read."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyiceberg.exceptions import NoSuchTableError

from loaders.lake import Lake, identifier
from loaders.ledger import LedgerRow, loads
from loaders.local_lake import LocalLake


@dataclass(frozen=True)
class SymbolStatus:
    """One exchange's symbol: what was landed of it, and what of that trades_unified has not taken in yet."""

    exchange: str
    symbol: str
    last_trade_at: datetime
    """UTC, without a zone."""
    lag: timedelta
    """How long before now the last landed trade was."""
    row_count: int
    pending_loads: int


def status(lake: Lake, *, now: datetime) -> list[SymbolStatus]:
    """The status of every symbol that was ever landed, by exchange and symbol; `now` is UTC without a zone."""
    if isinstance(lake, LocalLake) and not (lake.folder / "catalog.db").exists():
        return []  # looking must not make tables
    rows: dict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in loads(lake):
        rows[row.exchange, row.symbol].append(row)
    unified = _unified(lake)
    return [_status(symbol_rows, unified, now) for _, symbol_rows in sorted(rows.items())]


def _status(rows: list[LedgerRow], unified: set[tuple[str, str]], now: datetime) -> SymbolStatus:
    last_trade_at = max(row.max_trade_ts for row in rows)
    return SymbolStatus(
        exchange=rows[0].exchange,
        symbol=rows[0].symbol,
        last_trade_at=last_trade_at,
        lag=now - last_trade_at,
        row_count=sum(row.row_count for row in rows),
        pending_loads=sum((row.raw_table, row.load_id) not in unified for row in rows),
    )


def _unified(lake: Lake) -> set[tuple[str, str]]:
    try:
        table = lake.catalog.load_table(identifier("unified_loads"))
    except NoSuchTableError:  # nothing was unified yet
        return set()
    columns = table.scan(selected_fields=("raw_table", "load_id")).to_arrow()
    return set(zip(columns["raw_table"].to_pylist(), columns["load_id"].to_pylist(), strict=True))
