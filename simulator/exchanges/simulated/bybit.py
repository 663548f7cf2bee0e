"""Bybit: `/v5/market/recent-trade` and `/v5/market/instruments-info`.

Source: https://bybit-exchange.github.io/docs/v5/market/recent-trade, read 2026-11-20. One row; the side is the taker's:

    {"execId":"2100000000007764263","symbol":"BTCUSDT","price":"16618.49","size":"0.00012","side":"Buy",
     "time":"1672052955758","isBlockTrade":false,"isRPITrade":false,"seq":"123456"}

The newest trades come newest first, and older ones can't be requested.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trade, Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow, read_recordings, recorded_tape
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply, SimulatedExchange
from simulator.exchanges.symbols import split_joined
from simulator.exchanges.tape import Rows, Tape, join_page

_LARGEST_PAGE = 60
_MILLISECOND = 10**6
_CODES = {429: (10006, "Too many visits!"), 500: (10016, "Internal server error"), 503: (10000, "Server Timeout")}


class Bybit(SimulatedExchange):
    """Responds as Bybit does."""

    name = "bybit"
    # so few trades that one page holds them, because older ones can't be requested
    listings = (
        Listing("bybit", "BTC-USDT", 2, (15, 60), 2, 8, time_step_ns=_MILLISECOND),
        Listing("bybit", "ETH-USDT", 2, (15, 60), 2, 8, time_step_ns=_MILLISECOND),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._bucket = TokenBucket(rate=120 * limit_scale, burst=600 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        product = trades.listing.symbol.replace("-", "")
        return Tape(
            product=product,
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: _encode_row(product, trades[index])),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        symbol = "-".join(split_joined(folder.name))
        return recorded_tape(folder.name, symbol, read_recordings(folder, _read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {"/v5/market/recent-trade": self._trades, "/v5/market/instruments-info": self._instruments}

    def refusal(self, request: IncomingRequest) -> Reply | None:
        if self._bucket.take(request.client, request.monotonic_s):
            return None
        return Reply(b'"access too frequent"', 403)

    def error(self, status: int, message: str | None = None) -> Reply:
        code, usual = _CODES.get(status, (status, f"HTTP {status}"))
        return Reply(_envelope({}, code, message or usual), status)

    def _trades(self, request: IncomingRequest) -> Reply:
        tape = self._tapes.get(request.query.get("symbol", ""))
        if tape is None or request.query.get("category") != "spot":
            return Reply(_envelope({}, 10001, "Not supported symbols"))
        count = min(int(request.query.get("limit", _LARGEST_PAGE)), _LARGEST_PAGE)
        rows = tape.rows.between(len(tape) - count, len(tape))
        result = {"category": "spot", "list": msgspec.Raw(join_page(rows[::-1]))}
        return Reply(_envelope(result), page_of=tape.product)

    def _instruments(self, _: IncomingRequest) -> Reply:
        listed = [_instrument(tape) for tape in self._tapes.values()]
        return Reply(_envelope({"category": "spot", "list": listed}))


def _envelope(result: dict[str, Any], code: int = 0, message: str = "OK") -> bytes:
    return msgspec.json.encode({"retCode": code, "retMsg": message, "result": result})


def _instrument(tape: Tape) -> dict[str, Any]:
    base, _, quote = tape.symbol.partition("-")
    return {
        "symbol": tape.product,
        "baseCoin": base,
        "quoteCoin": quote,
        "status": "Trading",
        "marginTrading": "none",
        "lotSizeFilter": {"basePrecision": decimal_text(1, tape.quantity_decimals)},
        "priceFilter": {"tickSize": decimal_text(1, tape.price_decimals)},
    }


def _encode_row(product: str, trade: Trade) -> bytes:
    return msgspec.json.encode(
        {
            "execId": str(trade.id),
            "symbol": product,
            "price": trade.price,
            "size": trade.quantity,
            "side": trade.taker_side.capitalize(),
            "time": str(trade.time_ns // _MILLISECOND),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(trade.id),
        }
    )


class _Row(msgspec.Struct):
    execId: str  # noqa: N815 - Bybit's spelling
    time: str


class _List(msgspec.Struct):
    list: list[msgspec.Raw]


class _Answer(msgspec.Struct):
    result: _List


def _read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first."""
    texts = [bytes(text) for text in msgspec.json.decode(body, type=_Answer).result.list]
    rows = [(text, msgspec.json.decode(text, type=_Row)) for text in reversed(texts)]
    return [RecordedRow(text, int(row.time) * _MILLISECOND, int(row.execId)) for text, row in rows]


EXCHANGE = Bybit
