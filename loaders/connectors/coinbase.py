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
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ..connector import (
    Budget,
    Cursor,
    Product,
    Request,
    Response,
    Walk,
    after_id,
    ask_until,
    batch_of,
    first_id,
    last_id,
    page_of,
)
from ..exceptions import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload
from ..lake_table import Column
from ..payloads import decode, object_texts
from ..raw_table import RawTable

_PAGE = 1000


class _Trade(msgspec.Struct, gc=False):
    trade_id: int
    price: float
    size: float
    time: str
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
        below = last + 1 + _PAGE
        while last < end:
            trades = after_id(self.raw, newest, last)
            if first_id(self.raw, trades) != last + 1:
                trades = yield from self._page_after(symbol, last, below)
            if trades.num_rows:
                yield page_of(self.raw, symbol, trades)
                last = last_id(self.raw, trades)
                below = last + 1 + _PAGE
            else:  # a page's worth of ids that were never given
                below += _PAGE

    def _page(self, symbol: str, *, below: int | None = None) -> Generator[Request, Response, pa.RecordBatch]:
        cursor = {} if below is None else {"after": str(below)}
        response = yield Request(f"/products/{symbol}/trades", {"limit": str(_PAGE), **cursor})
        return self.parse_trades(response.body, symbol=symbol)

    def _page_after(self, symbol: str, last: int, below: int) -> Generator[Request, Response, pa.RecordBatch]:
        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            page = yield from self._page(symbol, below=below)
            return after_id(self.raw, page, last)

        def first(trades: pa.RecordBatch) -> int | None:
            return first_id(self.raw, trades)

        return ask_until(ask, lambda trades: first(trades) == last + 1, first)

    def _last_id_before(
        self, symbol: str, since: datetime, newest: pa.RecordBatch
    ) -> Generator[Request, Response, int]:
        # Ids rise with time: go back by steps that double until a page is too old, then halve what lies between.
        moment = pa.scalar(since.replace(tzinfo=None), pa.timestamp("us"))
        page, low, high = newest, 0, last_id(self.raw, newest)  # the answer is in low..high
        step = _PAGE
        while True:
            before = page.filter(pc.less(page["time"], moment))
            if before.num_rows:
                low = last_id(self.raw, before)
            if before.num_rows < page.num_rows:
                high = int(page[self.raw.trade_id][before.num_rows].as_py()) - 1
            if low >= high or 0 < before.num_rows < page.num_rows:
                return low
            middle = high - step if low == 0 and step < high else (low + high + 1) // 2
            step *= 2
            page = yield from self._page_up_to(symbol, middle)
            if page.num_rows == 0:
                low = middle

    def _page_up_to(self, symbol: str, newest: int) -> Generator[Request, Response, pa.RecordBatch]:
        def last(page: pa.RecordBatch) -> int | None:
            return last_id(self.raw, page) if page.num_rows else None

        ask = partial(self._page, symbol, below=newest + 1)
        return ask_until(ask, lambda page: last(page) == newest, last, times=3)

    def products(self) -> Generator[Request, Response, list[Product]]:
        response = yield Request("/products")
        found = decode(_products, response.body, venue="coinbase")
        return [Product(item.id, item.base_currency, item.quote_currency) for item in found if item.status == "online"]

    def parse_trades(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, newest first, into trades, oldest first.

        [{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00000000","size":"0.01000000","side":"buy"}]
        """
        trades = decode(_trades, body, venue="coinbase")
        texts = object_texts(body, len(trades))
        trades.reverse()
        return batch_of(
            self.raw,
            {
                "trade_id": pa.array([trade.trade_id for trade in trades], pa.int64()).cast(pa.string()),
                "product_id": pa.repeat(symbol, len(trades)),
                "price": [trade.price for trade in trades],
                "size": [trade.size for trade in trades],
                "side": [trade.side for trade in trades],
                "time": _microseconds([trade.time for trade in trades]),
                "_raw_payload": texts[::-1],
            },
        )

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


def _microseconds(times: list[str]) -> pa.Array:
    try:
        return pa.array(times, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except pa.ArrowInvalid as error:
        raise UnexpectedPayload(f"coinbase: {error}") from error


def _message(body: bytes) -> str:
    try:
        return _error.decode(body).message
    except msgspec.MsgspecError:
        return "no reason given"


CONNECTOR = Coinbase()
