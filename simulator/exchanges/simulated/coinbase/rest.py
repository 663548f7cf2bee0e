"""Coinbase Exchange: `/products/{product_id}/trades`, `/products`, `/products/{product_id}`, `/currencies`, `/time`.

Written from docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades.md and
.../exchange/rest-api/pagination.md, with the shapes of recorded responses. `rows.py` shows a row.

Pages are newest first and go by id only. `CB-BEFORE` is the newest id of the page, `CB-AFTER` the oldest.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trades
from simulator.exchanges.recordings import read_recordings, recorded_tape
from simulator.exchanges.simulated.coinbase.feed import CoinbaseFeed
from simulator.exchanges.simulated.coinbase.products import currencies, product
from simulator.exchanges.simulated.coinbase.rows import encode_row, read_body, time_text
from simulator.exchanges.simulated_exchange import (
    Endpoint,
    IncomingRequest,
    NewFeed,
    Refused,
    Reply,
    SimulatedExchange,
)
from simulator.exchanges.tape import Rows, Tape, join_page

_LARGEST_PAGE = 1000
_CACHED = {"Cache-Control": "public, max-age=5, must-revalidate"}
_MESSAGES = {
    404: "NotFound",
    418: "I'm a teapot",
    429: "Public rate limit exceeded",
    500: "Internal server error",
    503: "Service unavailable",
}


def _listing(symbol: str, weight: int) -> Listing:
    return Listing("coinbase", symbol, weight, (40, 120), 2, 8)


class Coinbase(SimulatedExchange):
    """Responds as Coinbase Exchange does."""

    name = "coinbase"
    listings = (
        _listing("BTC-USD", 150),
        _listing("ETH-USD", 100),
        _listing("BTC-USDT", 60),
        _listing("ETH-USDT", 40),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._currencies = currencies(tapes)
        self._bucket = TokenBucket(rate=10 * limit_scale, burst=15 * limit_scale)
        self._connections = TokenBucket(rate=8 * limit_scale, burst=20 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=trades.listing.symbol,
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: encode_row(trades, index)),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        return recorded_tape(folder.name, folder.name, read_recordings(folder, read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/products/{product_id}/trades": self._trades,
            "/products/{product_id}": self._product,
            "/products": self._products,
            "/currencies": self._currency_list,
            "/currencies/{currency_id}": self._currency,
            "/time": self._time,
        }

    def feeds(self) -> Mapping[str, NewFeed]:
        return {"": self._feed, "/": self._feed}

    def _feed(self, request: IncomingRequest, tapes: Mapping[str, Tape]) -> CoinbaseFeed:
        if not self._connections.take(request.client, request.monotonic_s):
            raise Refused(self.error(429))
        return CoinbaseFeed(tapes)

    def refusal(self, request: IncomingRequest) -> Reply | None:
        if not request.headers.get("user-agent"):
            return self.error(400, "User-Agent header is required")
        return None if self._bucket.take(request.client, request.monotonic_s) else self.error(429)

    def error(self, status: int, message: str | None = None) -> Reply:
        return Reply(msgspec.json.encode({"message": message or _MESSAGES[status]}), status)

    def _trades(self, request: IncomingRequest) -> Reply:
        tape = self._tape(request)
        limit = min(self._number(request, "limit", _LARGEST_PAGE), _LARGEST_PAGE)
        stop = tape.from_id(self._number(request, "after", tape.ids[-1] + 1 if len(tape) else 0))
        # `before` gives the newest page, not the one next to the id, so clients walk by `after`.
        oldest = tape.from_id(self._number(request, "before", -1) + 1)
        start = max(oldest, stop - limit)
        rows = tape.rows.between(start, stop)
        headers = dict(_CACHED)
        if rows:
            headers |= {"CB-BEFORE": str(tape.ids[stop - 1]), "CB-AFTER": str(tape.ids[start])}
        return Reply(join_page(rows[::-1]), headers=headers, page_of=tape.product)

    def _tape(self, request: IncomingRequest) -> Tape:
        tape = self._tapes.get(request.path_parameters["product_id"])
        if tape is None:
            raise Refused(self.error(404))
        return tape

    def _number(self, request: IncomingRequest, name: str, default: int) -> int:
        text = request.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal()) or (name == "limit" and int(text) == 0):
            raise Refused(self.error(400, f"Invalid value for {name}"))
        return int(text)

    def _products(self, _: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode([product(tape) for tape in self._tapes.values()]), headers=_CACHED)

    def _product(self, request: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode(product(self._tape(request))), headers=_CACHED)

    def _currency_list(self, _: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode(list(self._currencies.values())))

    def _currency(self, request: IncomingRequest) -> Reply:
        currency = self._currencies.get(request.path_parameters["currency_id"])
        if currency is None:
            raise Refused(self.error(404))
        return Reply(msgspec.json.encode(currency))

    def _time(self, request: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode({"iso": time_text(request.wall_ns), "epoch": request.wall_ns / 10**9}))
