"""Coinbase Exchange trades.

Source: https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades and
https://docs.cdp.coinbase.com/exchange/rest-api/pagination, read 2026-11-20.

Pages are newest first and there is no time parameter. `after=N` gives the newest trades with an id below N. As ids
are whole numbers, at most `limit` of them lie between `last` and `last + limit + 1`: so `after=last+limit+1` always
gives all that follow `last`, and the walk goes forward without a hole. `side` is the MAKER's.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ..connector import (
    STALE_PAGES,
    Budget,
    Cursor,
    Product,
    Request,
    Response,
    Walk,
    after_id,
    batch_of,
    first_id,
    last_id,
    page_of,
)
from ..exceptions import BadRequest, ExchangeUnavailable, RateLimited
from ..lake_table import Column
from ..payloads import decode, object_texts
from ..raw_table import RawTable

_PAGE = 1000


class _Trade(msgspec.Struct, gc=False):
    trade_id: int
    price: float
    size: float
    time: datetime
    side: str


class _Error(msgspec.Struct):
    message: str


class _Product(msgspec.Struct):
    id: str
    base_currency: str
    quote_currency: str
    status: str


# prices are texts, and ids were in some recordings: `strict=False` reads both as numbers, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_products = msgspec.json.Decoder(list[_Product])
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Coinbase:
    name: str = "coinbase"
    base_url: str = "https://api.exchange.coinbase.com"
    # 10 requests a second and address, 15 in a burst; the headroom is for whoever shares the address
    budget: Budget = Budget(units=9, seconds=1, burst=10)
    raw: RawTable = RawTable(
        exchange="coinbase",
        columns=(
            Column("trade_id", "string", "Trade id, per product and contiguous."),
            Column("product_id", "string", "Product, for example BTC-USD."),
            Column("price", "double", "Price in the quote currency."),
            Column("size", "double", "Quantity in the base currency."),
            Column("side", "string", "Side of the MAKER: buy or sell. The taker's is the other one."),
            Column("time", "timestamp", "Time of the trade, UTC."),
        ),
        symbol="product_id",
        trade_id="trade_id",
        trade_time="time",
    )

    def newer(self, symbol: str, after: Cursor | None, *, since: datetime) -> Walk:
        newest = yield from self._page(symbol)
        if newest.num_rows == 0:
            return
        end = last_id(self.raw, newest)
        last = int(after.last_id) if after else (yield from self._last_id_before(symbol, since, newest))
        stale_pages = 0
        while last < end:
            if first_id(self.raw, newest) <= last + 1:
                page = newest
            else:
                page = yield from self._page(symbol, below=last + _PAGE + 1 + stale_pages // STALE_PAGES * _PAGE)
            trades = after_id(self.raw, page, last)
            if trades.num_rows:
                yield page_of(self.raw, symbol, trades)
                last, stale_pages = last_id(self.raw, trades), 0
            else:
                # Either an old page, which asking again will mend, or a page's worth of ids that were never given:
                # when it keeps coming it is the latter, and the window moves on.
                stale_pages += 1

    def _page(self, symbol: str, *, below: int | None = None, limit: int = _PAGE) -> "_PageRequest":
        cursor = {} if below is None else {"after": str(below)}
        response = yield Request(f"/products/{symbol}/trades", {"limit": str(limit), **cursor})
        return self.parse_trades(response.body, symbol=symbol)

    def _last_id_before(
        self, symbol: str, since: datetime, newest: pa.RecordBatch
    ) -> Generator[Request, Response, int]:
        # Ids rise with time, so the first trade at or after `since` is found by halving: about 30 requests for 10^9.
        before = newest.filter(pc.less(newest["time"], pa.scalar(since.replace(tzinfo=None), pa.timestamp("us"))))
        if before.num_rows:
            return last_id(self.raw, before)
        low, high = 0, first_id(self.raw, newest) - 1  # the answer is in low..high
        while low < high:
            middle = (low + high + 1) // 2
            probe = yield from self._page(symbol, below=middle + 1, limit=1)
            if probe.num_rows == 0:
                return middle
            if probe["time"][0].as_py() < since.replace(tzinfo=None):
                low = middle
            else:
                high = min(middle, last_id(self.raw, probe)) - 1
        return low

    def products(self) -> Generator[Request, Response, list[Product]]:
        response = yield Request("/products")
        found = decode(_products, response.body, venue="coinbase")
        return [Product(item.id, item.base_currency, item.quote_currency) for item in found if item.status == "online"]

    def parse_trades(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, newest first, into trades, oldest first.

        [{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00000000","size":"0.01000000","side":"buy"}]
        """
        trades = decode(_trades, body, venue="coinbase")
        newest_first = batch_of(
            self.raw,
            {
                "trade_id": pa.array([trade.trade_id for trade in trades], pa.int64()).cast(pa.string()),
                "product_id": pa.repeat(symbol, len(trades)),
                "price": [trade.price for trade in trades],
                "size": [trade.size for trade in trades],
                "side": [trade.side for trade in trades],
                "time": pa.array([trade.time for trade in trades], pa.timestamp("us", "UTC")).cast(pa.timestamp("us")),
                "_raw_payload": object_texts(body, len(trades)),
            },
        )
        return newest_first.take(pa.array(range(len(trades) - 1, -1, -1), pa.int64()))

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        reason = f"coinbase: HTTP {response.status}, {_message(response.body)}"
        if response.status == 429:
            # a token bucket that fills within two seconds; no Retry-After is sent
            raise RateLimited(reason, retry_after=float(response.headers.get("retry-after", 1)))
        if response.status >= 500:
            raise ExchangeUnavailable(reason)
        raise BadRequest(reason)


_PageRequest = Generator[Request, Response, pa.RecordBatch]


def _message(body: bytes) -> str:
    try:
        return _error.decode(body).message
    except msgspec.MsgspecError:
        return "no reason given"


CONNECTOR = Coinbase()
