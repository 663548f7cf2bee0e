"""The trades of the simulated market, and those of a lake's unified table, in one form."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from registry.registry import Registry
from simulator.exchanges import DEFAULT_EXCHANGES, draw_market
from tests.support.command_line import iceberg_table

Trade = tuple[str, str, str]
Values = tuple[str, float, float, datetime]


def tape(registry: Registry, trades: int, exchanges: Sequence[str] = DEFAULT_EXCHANGES) -> dict[Trade, Values]:
    """Every trade of a market, as trades_unified must have it."""
    names = {(product.exchange, product.canonical_symbol): product.symbol for product in registry.products}
    market = draw_market(trades=trades, exchanges=exchanges)
    return {
        (listing.exchange.upper(), names[listing.exchange.upper(), listing.symbol], str(trade.id)): (
            trade.taker_side,
            float(trade.price),
            float(trade.quantity),
            datetime(1970, 1, 1) + timedelta(microseconds=_shown_ns(listing.exchange, trade.time_ns) // 1_000),
        )
        for listing in market.listings
        if (listing.exchange.upper(), listing.symbol) in names
        for trade in market.trades_of(listing.exchange, listing.symbol)
    }


def _shown_ns(exchange: str, time_ns: int) -> int:
    """A trade's time as the exchange shows it. Kraken rounds it to 100 ns."""
    return (time_ns + 50) // 100 * 100 if exchange == "kraken" else time_ns


def unified(lake: Path) -> list[tuple[Trade, Values]]:
    """What a lake in a folder has unified."""
    rows: list[dict[str, Any]] = iceberg_table(lake, "trades_unified").scan().to_arrow().to_pylist()
    return [
        (
            (row["exchange"], row["symbol"], row["trade_id"]),
            (row["side"], row["price"], row["quantity"], row["trade_ts"]),
        )
        for row in rows
    ]
