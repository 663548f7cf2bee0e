"""Gemini: `/v1/trades/{symbol}` and `/v1/symbols`.

Source: https://developer.gemini.com/trading/rest-api/market-data/list-trades, read 2026-11-20. One row; its type is
the taker's side:

    {"timestamp":1591404856,"timestampms":1591404856618,"tid":607568549,"price":"9593.65","amount":"0.0002916",
     "exchange":"gemini","type":"buy"}

Pages are newest first. The whole tape can be requested, however old it is.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trade, Trades
from simulator.exchanges.recordings import Body, RecordedRow, read_recordings, recorded_tape
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply, SimulatedExchange
from simulator.exchanges.symbols import split_joined
from simulator.exchanges.tape import Rows, Tape, join_page

_MILLISECOND = 10**6


class Gemini(SimulatedExchange):
    """Responds as Gemini does."""

    name = "gemini"
    page_parameter = "limit_trades"
    listings = (
        Listing("gemini", "BTC-USD", 60, (50, 150), 2, 8, time_step_ns=_MILLISECOND),
        Listing("gemini", "ETH-USD", 40, (50, 150), 2, 8, time_step_ns=_MILLISECOND),
        Listing("gemini", "BTC-USDT", 30, (50, 150), 2, 8, time_step_ns=_MILLISECOND),
        Listing("gemini", "ETH-USDT", 20, (50, 150), 2, 8, time_step_ns=_MILLISECOND),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._bucket = TokenBucket(rate=2 * limit_scale, burst=5 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=trades.listing.symbol.replace("-", "").lower(),
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: _encode_row(trades[index])),
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        symbol = "-".join(split_joined(folder.name.upper()))
        return recorded_tape(folder.name, symbol, read_recordings(folder, _read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {"/v1/trades/{symbol}": self._trades, "/v1/symbols": self._symbols}

    def refusal(self, request: IncomingRequest) -> Reply | None:
        return None if self._bucket.take(request.client, request.monotonic_s) else self.error(429, "RateLimit")

    def error(self, status: int, message: str | None = None) -> Reply:
        return Reply(msgspec.json.encode({"result": "error", "reason": message or f"HTTP {status}"}), status)

    def _trades(self, request: IncomingRequest) -> Reply:
        tape = self._tapes.get(request.path_parameters["symbol"])
        if tape is None:
            return self.error(400, "InvalidSymbol")
        count = int(request.query.get("limit_trades", "50"))
        start = max(0, len(tape) - count)
        if "since_tid" in request.query:
            start = tape.from_id(int(request.query["since_tid"]) + 1)
        elif "timestamp" in request.query:
            start = tape.from_time(int(request.query["timestamp"]) * _MILLISECOND)
        return Reply(join_page(tape.rows.between(start, start + count)[::-1]), page_of=tape.product)

    def _symbols(self, _: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode(sorted(self._tapes)))


def _encode_row(trade: Trade) -> bytes:
    return msgspec.json.encode(
        {
            "timestamp": trade.time_ns // 10**9,
            "timestampms": trade.time_ns // _MILLISECOND,
            "tid": trade.id,
            "price": trade.price,
            "amount": trade.quantity,
            "exchange": "gemini",
            "type": trade.taker_side.lower(),
        }
    )


class _Row(msgspec.Struct):
    timestampms: int
    tid: int


def _read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first."""
    texts = [bytes(text) for text in msgspec.json.decode(body, type=list[msgspec.Raw])]
    rows = [(text, msgspec.json.decode(text, type=_Row)) for text in reversed(texts)]
    return [RecordedRow(text, row.timestampms * _MILLISECOND, row.tid) for text, row in rows]


EXCHANGE = Gemini
