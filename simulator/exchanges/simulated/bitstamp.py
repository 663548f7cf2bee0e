"""Bitstamp: `/api/v2/transactions/{pair}/`, `/api/v2/trading-pairs-info/` and `/api/v2/markets/`.

Source: https://www.bitstamp.net/api/, "Transactions", read 2026-11-20. One row, all of it text; type 0 is a taker's buy
and 1 a taker's sell:

    {"date":"1560481868","tid":"90574283","price":"8194.79","type":"1","amount":"0.00288599"}

A response holds the last minute, hour or day, newest first. Here, the last trade of a tape has always just happened.
Bitstamp has no `limit`; the simulator takes one so that a fault can shorten pages.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trade, Trades
from simulator.exchanges.recordings import Body, RecordedRow, read_recordings, recorded_tape
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply, SimulatedExchange
from simulator.exchanges.symbols import split_joined
from simulator.exchanges.tape import Rows, Tape, join_page

_SECOND = 10**9
_WINDOWS_S = {"minute": 60, "hour": 3_600, "day": 86_400}


class Bitstamp(SimulatedExchange):
    """Responds as Bitstamp does."""

    name = "bitstamp"
    # so few trades that a day of them is a short page, because nothing older can be requested
    listings = (
        Listing("bitstamp", "BTC-USD", 2, (60, 180), 2, 8, time_step_ns=_SECOND),
        Listing("bitstamp", "ETH-USD", 2, (60, 180), 2, 8, time_step_ns=_SECOND),
        Listing("bitstamp", "BTC-USDT", 2, (60, 180), 2, 8, time_step_ns=_SECOND),
        Listing("bitstamp", "ETH-USDT", 2, (60, 180), 2, 8, time_step_ns=_SECOND),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._bucket = TokenBucket(rate=400 * limit_scale, burst=400 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=trades.listing.symbol.replace("-", "").lower(),
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: _encode_row(trades[index])),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        symbol = "-".join(split_joined(folder.name.upper()))
        return recorded_tape(folder.name, symbol, read_recordings(folder, _read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/api/v2/transactions/{pair}/": self._transactions,
            "/api/v2/trading-pairs-info/": self._pairs,
            "/api/v2/markets/": self._markets,
        }

    def refusal(self, request: IncomingRequest) -> Reply | None:
        return None if self._bucket.take(request.client, request.monotonic_s) else self.error(429)

    def error(self, status: int, message: str | None = None) -> Reply:
        code = "400.002" if status == 429 else f"{status}.001"
        body = {"status": "error", "reason": message or f"HTTP {status}", "code": code}
        return Reply(msgspec.json.encode(body), status)

    def _transactions(self, request: IncomingRequest) -> Reply:
        tape = self._tapes.get(request.path_parameters["pair"])
        if tape is None:
            return self.error(404, "Page not found")
        window_s = _WINDOWS_S.get(request.query.get("time", "hour"))
        if window_s is None:
            return self.error(400, "Invalid time")
        start = tape.from_time(tape.times_ns[-1] - window_s * _SECOND) if len(tape) else 0
        rows = tape.rows.between(max(start, len(tape) - int(request.query.get("limit", len(tape)))), len(tape))
        return Reply(join_page(rows[::-1]), page_of=tape.product)

    def _pairs(self, _: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode([_pair(tape) for tape in self._tapes.values()]))

    def _markets(self, _: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode([_market(tape) for tape in self._tapes.values()]))


def _market(tape: Tape) -> dict[str, Any]:
    base, _, quote = tape.symbol.partition("-")
    return {
        "name": f"{base}/{quote}",
        "description": f"{base} / {quote}",
        "market_symbol": tape.product,
        "base_currency": base,
        "base_decimals": tape.quantity_decimals,
        "counter_currency": quote,
        "counter_decimals": tape.price_decimals,
        "trading": "Enabled",
        "minimum_order_value": "10.00",
        "market_type": "SPOT",
    }


def _pair(tape: Tape) -> dict[str, str]:
    return {"name": tape.symbol.replace("-", "/"), "url_symbol": tape.product, "trading": "Enabled"}


def _encode_row(trade: Trade) -> bytes:
    return msgspec.json.encode(
        {
            "date": str(trade.time_ns // _SECOND),
            "tid": str(trade.id),
            "price": trade.price,
            "type": "0" if trade.taker_side == "BUY" else "1",
            "amount": trade.quantity,
        }
    )


class _Row(msgspec.Struct):
    date: str
    tid: str


def _read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first."""
    texts = [bytes(text) for text in msgspec.json.decode(body, type=list[msgspec.Raw])]
    rows = [(text, msgspec.json.decode(text, type=_Row)) for text in reversed(texts)]
    return [RecordedRow(text, int(row.date) * _SECOND, int(row.tid)) for text, row in rows]


EXCHANGE = Bitstamp
