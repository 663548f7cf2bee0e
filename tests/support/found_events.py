"""The tables in which dbt stores events, filled with given ones, without dbt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from lakehouse.lake import Lake
from lakehouse.tables import existing_table

MOVES = pa.schema(
    {
        "base_asset": pa.string(), "hour_start": pa.timestamp("us"), "trade_count": pa.int64(),
        "canonical_symbol": pa.string(), "started_at": pa.timestamp("us"), "ended_at": pa.timestamp("us"),
        "size_bps": pa.float64(), "sigma_bps": pa.float64(), "move_number": pa.int64(), "move_bps": pa.float64(),
        "exchange": pa.string(), "traded_symbol": pa.string(), "basis_bps": pa.float64(), "has_fractions": pa.int64(),
        "crossed_at": pa.timestamp("us"),
    }
)  # fmt: skip
SUMS = pa.schema(
    {
        "base_asset": pa.string(), "hour_start": pa.timestamp("us"), "trade_count": pa.int64(),
        "first_exchange": pa.string(), "first_symbol": pa.string(), "second_exchange": pa.string(),
        "second_symbol": pa.string(), "lag_ms": pa.int64(), "product_sum": pa.float64(),
        "first_square_sum": pa.float64(), "second_square_sum": pa.float64(), "first_changes": pa.int64(),
        "second_changes": pa.int64(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """An event, in which KRAKEN crossed the middle of every move 80 ms after COINBASE."""

    start_us: int
    size_bps: float
    moves: int = 4
    symbol: str = "BTC-USD"


def add_events(lake: Lake, events: Sequence[Found], quiet_us: Iterable[int] = ()) -> None:
    """Append events, and sums that say for each of their hours what the events say, with 600 changes of the price.

    Args:
        lake: the lake.
        events: the events.
        quiet_us: instants in hours of BTC that were searched and have no event.
    """
    quiet = [{"base_asset": "BTC", "hour_start": _hour(us), "trade_count": 1} for us in quiet_us]
    _append(lake, "volatility_moves_versions", MOVES, [*(row for event in events for row in _moves(event)), *quiet])
    _append(lake, "lead_lag_sums_versions", SUMS, (_sum(hour) for hour in {_hour(event.start_us) for event in events}))


def _moves(event: Found) -> Iterable[dict[str, Any]]:
    start = _time(event.start_us)
    for move in range(event.moves):
        for exchange, delay_ms in (("COINBASE", 0), ("KRAKEN", 80)):
            yield {
                "base_asset": event.symbol.rpartition("-")[0], "hour_start": _hour(event.start_us), "trade_count": 1,
                "canonical_symbol": event.symbol,
                "started_at": start, "ended_at": start + timedelta(seconds=event.moves), "size_bps": event.size_bps,
                "sigma_bps": 2.0, "move_number": move + 1, "exchange": exchange, "traded_symbol": event.symbol,
                "basis_bps": 0.0, "has_fractions": 1,
                "crossed_at": start + timedelta(seconds=move, milliseconds=delay_ms),
            }  # fmt: skip


def _sum(hour: datetime) -> dict[str, Any]:
    return {
        "base_asset": "BTC", "hour_start": hour, "trade_count": 1, "first_exchange": "COINBASE",
        "first_symbol": "BTC-USD", "second_exchange": "KRAKEN", "second_symbol": "BTC-USD", "lag_ms": 80,
        "product_sum": 5.0, "first_square_sum": 10.0, "second_square_sum": 10.0, "first_changes": 600,
        "second_changes": 600,
    }  # fmt: skip


def _append(lake: Lake, name: str, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> None:
    table = existing_table(lake, name)
    if table is None:
        lake.catalog.create_namespace_if_not_exists("schemahub")
        table = lake.catalog.create_table(f"schemahub.{name}", schema, location=lake.table_location(name))
    table.append(pa.Table.from_pylist(list(rows), schema=schema))


def _time(us: int) -> datetime:
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(microseconds=us)


def _hour(us: int) -> datetime:
    return _time(us).replace(minute=0, second=0, microsecond=0)
