"""OKX: `/api/v5/market/history-trades`, `/api/v5/market/trades` and `/api/v5/public/instruments`.

Source: https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades-history, read 2026-11-20. One row; all
values are text, and the side is the taker's:

    {"instId":"ETH-BTC","side":"sell","sz":"0.119501","px":"0.07065","tradeId":"15826757","ts":"1621446178316"}

Pages are newest first. `after` is an id with `type=1`, which is the default, and a time with `type=2`. The whole tape
can be requested, however old it is. `trades` gives the newest trades alone, up to 500 of them.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trade, Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow, read_recordings, recorded_tape
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Refused, Reply, SimulatedExchange
from simulator.exchanges.tape import Rows, Tape, join_page

_LARGEST_PAGE = 100
_MOST_NEWEST = 500
_MILLISECOND = 10**6
_CODES = {429: ("50011", "Too Many Requests"), 503: ("50001", "Service temporarily unavailable")}
_UNKNOWN_INSTRUMENT = ("51001", "Instrument ID does not exist")


def _listing(symbol: str, weight: int) -> Listing:
    return Listing("okx", symbol, weight, (10, 50), 2, 8, time_step_ns=_MILLISECOND)


class Okx(SimulatedExchange):
    """Responds as OKX does."""

    name = "okx"
    listings = (_listing("BTC-USDT", 60), _listing("ETH-USDT", 40))

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._bucket = TokenBucket(rate=10 * limit_scale, burst=20 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        symbol = trades.listing.symbol
        return Tape(
            product=symbol,
            symbol=symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: _encode_row(symbol, trades[index])),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        return recorded_tape(folder.name, folder.name, read_recordings(folder, _read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/api/v5/market/history-trades": self._trades,
            "/api/v5/market/trades": self._newest,
            "/api/v5/public/instruments": self._instruments,
        }

    def refusal(self, request: IncomingRequest) -> Reply | None:
        return None if self._bucket.take(request.client, request.monotonic_s) else self.error(429)

    def error(self, status: int, message: str | None = None) -> Reply:
        code, usual = _CODES.get(status, ("50000", f"HTTP {status}"))
        return Reply(_envelope(b"[]", code, message or usual), status)

    def _tape(self, request: IncomingRequest) -> Tape:
        tape = self._tapes.get(request.query.get("instId", ""))
        if tape is None:
            raise Refused(Reply(_envelope(b"[]", *_UNKNOWN_INSTRUMENT)))
        return tape

    def _newest(self, request: IncomingRequest) -> Reply:
        tape = self._tape(request)
        count = min(int(request.query.get("limit", _LARGEST_PAGE)), _MOST_NEWEST)
        rows = tape.rows.between(len(tape) - count, len(tape))
        return Reply(_envelope(join_page(rows[::-1])), page_of=tape.product)

    def _trades(self, request: IncomingRequest) -> Reply:
        tape = self._tape(request)
        count = min(int(request.query.get("limit", _LARGEST_PAGE)), _LARGEST_PAGE)
        stop = len(tape)
        if "after" in request.query:
            after = int(request.query["after"])
            is_time = request.query.get("type") == "2"
            stop = tape.from_time(after * _MILLISECOND) if is_time else tape.from_id(after)
        rows = tape.rows.between(stop - count, stop)
        return Reply(_envelope(join_page(rows[::-1])), page_of=tape.product)

    def _instruments(self, request: IncomingRequest) -> Reply:
        listed = [_instrument(tape) for tape in self._tapes.values() if request.query.get("instType") == "SPOT"]
        return Reply(_envelope(msgspec.json.encode(listed)))


def _envelope(data: bytes, code: str = "0", message: str = "") -> bytes:
    return b'{"code":"%s","msg":%s,"data":%s}' % (code.encode(), msgspec.json.encode(message), data)


def _instrument(tape: Tape) -> dict[str, str]:
    base, _, quote = tape.symbol.partition("-")
    return {
        "instType": "SPOT",
        "instId": tape.product,
        "baseCcy": base,
        "quoteCcy": quote,
        "tickSz": decimal_text(1, tape.price_decimals),
        "lotSz": decimal_text(1, tape.quantity_decimals),
        "minSz": decimal_text(1, tape.quantity_decimals),
        "state": "live",
    }


def _encode_row(product: str, trade: Trade) -> bytes:
    return msgspec.json.encode(
        {
            "instId": product,
            "side": trade.taker_side.lower(),
            "sz": trade.quantity,
            "px": trade.price,
            "tradeId": str(trade.id),
            "ts": str(trade.time_ns // _MILLISECOND),
        }
    )


class _Row(msgspec.Struct):
    tradeId: str  # noqa: N815 - OKX's spelling
    ts: str


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]


def _read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first."""
    texts = [bytes(text) for text in msgspec.json.decode(body, type=_Answer).data]
    rows = [(text, msgspec.json.decode(text, type=_Row)) for text in reversed(texts)]
    return [RecordedRow(text, int(row.ts) * _MILLISECOND, int(row.tradeId)) for text, row in rows]


EXCHANGE = Okx
