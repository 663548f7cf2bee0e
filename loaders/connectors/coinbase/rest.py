"""Coinbase Exchange trades.

Source: https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades and
https://docs.cdp.coinbase.com/exchange/rest-api/pagination, read 2026-11-20.

Pages are newest first and there is no time parameter. `after=N` gives the newest trades with an id below N. As ids are
whole numbers, at most 1,000 of them are between `last` and `last + 1001`. So one page from there down, or several if
the exchange's pages are shorter, gives all trades that follow `last`, and the walk goes forward without a gap. `side`
is the MAKER's.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import Hole
from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ...channels.payloads import FIRST_US, decode, decode_or_none, decode_records, moments, numbers, object_texts
from ...connector import (
    MARGIN,
    Budget,
    History,
    ListedProduct,
    Request,
    Response,
    Walk,
    another_tape,
    ask_until,
    id_texts,
    in_order,
    newest_trades,
    page_of,
)
from ...errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload


class _Trade(msgspec.Struct, gc=False):
    trade_id: int
    price: float | None
    size: float | None
    time: str | int | None
    side: str | None


class _Error(msgspec.Struct):
    message: str


class _Product(msgspec.Struct):
    id: str
    base_currency: str
    quote_currency: str
    status: str


# prices are strings, and so are ids in some recordings: `strict=False` reads both as numbers, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_products = msgspec.json.Decoder(list[_Product])
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Coinbase:
    name: str = "coinbase"
    base_url: str = "https://api.exchange.coinbase.com"
    # 10 requests per second and address, 15 in a burst; the headroom is for others who share the address
    budget: Budget = Budget(units=9, seconds=1, burst=10)
    page_rows: int = 1_000
    page_weight: float = 1
    raw: RawTable = RawTable("coinbase", "trades", stream_column="product_id", id_column="trade_id", time_column="time")
    history: History | None = None

    def walk(self, symbol: str, hole: Hole) -> Walk:
        newest = yield from newest_trades(partial(self._page, symbol), what=f"coinbase {symbol}")
        if newest.num_rows == 0:
            return
        end = self.raw.last_id(newest) if hole.high is None else hole.high - 1
        last = hole.low - 1
        if not hole.resumes:
            last = max(last, (yield from self._last_id_before(symbol, hole.since_time - MARGIN, newest)))
        if self.raw.last_id(newest) < max(last, end):
            yield from self._check_tape(symbol, max(last, end))
        is_reached = hole.resumes
        low = last + 1  # the first id that no page has claimed yet
        window = step = newest.num_rows  # as many ids as the exchange returns trades at once
        while last < end:
            pages = [newest]
            top = end
            if (
                self.raw.last_id(newest) > end
                or self.raw.first_id(self.raw.between(newest, last + 1, None)) != last + 1
            ):
                top = min(last + step, end)
                pages = [(yield from self._page_up_to(symbol, top))]
                # ids that were never assigned: look further up each time
                if not _ends_above(self.raw, pages[0], last) and top < end:
                    last, step = top, 2 * step
                    continue
                if step > window and not _reaches(self.raw, pages[0], last):  # the step was too long
                    step = max(window, step // 2)
                    continue
                pages += yield from self._pages_down(symbol, pages[0], last)
            for page in reversed(pages):
                trades = self.raw.between(page, max(low, last + 1), None)
                if not is_reached:
                    trades = self.raw.since(trades, hole.since_time)
                    is_reached = trades.num_rows > 0
                    low = self.raw.first_id(trades) or low
                # ids up to the end that the last page lacks were never assigned
                high = end + 1 if page is pages[0] and top == end else None
                if is_reached and (trades.num_rows or (high is not None and hole.high is not None)):
                    claimed = page_of(self.raw, symbol, trades, low, high)
                    low = claimed.high
                    yield claimed
            last = max(top, self.raw.last_id(pages[0])) if pages[0].num_rows else top
            window = step = max(window, *(page.num_rows for page in pages))

    def _pages_down(
        self, symbol: str, page: pa.RecordBatch, last: int
    ) -> Generator[Request, Response, list[pa.RecordBatch]]:
        """The pages below `page` that hold the trades between it and `last`, newest page first."""
        pages = []
        # ids missing within a page were never assigned; those below its lowest one may be on another page
        while not _reaches(self.raw, page, last):
            page = yield from self._page_up_to(symbol, int(page[self.raw.id_column][0].as_py()) - 1)
            pages.append(page)
        return pages

    def _check_tape(self, symbol: str, last: int) -> Generator[Request, Response, None]:
        page = yield from self._page_up_to(symbol, last)
        if page.num_rows == 0 or self.raw.last_id(page) != last:
            found = (
                f"the highest id up to it is {self.raw.last_id(page)}" if page.num_rows else "there is none up to it"
            )
            raise another_tape(f"coinbase {symbol}", last, f"but {found}")

    def _page(self, symbol: str, *, below: int | None = None) -> Generator[Request, Response, pa.RecordBatch]:
        cursor = {} if below is None else {"after": str(below)}
        response = yield Request(f"/products/{quote(symbol, safe='')}/trades", {"limit": str(self.page_rows), **cursor})
        return self.parse(response.body, symbol=symbol)

    def _last_id_before(
        self, symbol: str, moment: datetime, newest: pa.RecordBatch
    ) -> Generator[Request, Response, int]:
        # Ids rise with time: go back in steps that double until a page is too old, then bisect.
        page, low, high = newest, 0, self.raw.last_id(newest)  # the answer is in low..high
        middle = high
        step = self.page_rows
        while True:
            recent = self.raw.since(page, moment)
            before = page.num_rows - recent.num_rows
            if recent.num_rows:
                high = min(high, int(recent[self.raw.id_column][0].as_py()) - 1)
            else:  # no trade up to `middle` is recent enough
                low = middle
            if before and recent.num_rows:
                return self.raw.last_id(page.slice(0, before))
            if low >= high:
                return low
            middle = high - step if low == 0 and step < high else (low + high + 1) // 2
            step *= 2
            page = yield from self._page_up_to(symbol, middle)

    def _page_up_to(self, symbol: str, newest: int) -> Generator[Request, Response, pa.RecordBatch]:
        """The trades up to id `newest`, as many as the exchange returns at once."""

        def last(page: pa.RecordBatch) -> int | None:
            return self.raw.last_id(page) if page.num_rows else None

        ask = partial(self._page, symbol, below=newest + 1)
        what = f"coinbase {symbol}"
        page = yield from ask_until(ask, lambda page: last(page) == newest, last, what=what)
        if (last(page) or 0) > newest:
            raise UnexpectedPayload(f"{what}: expected trades up to id {newest}, found later ones")
        return page

    def key_at(self, symbol: str, moment: datetime) -> Generator[Request, Response, int]:
        newest = yield from newest_trades(partial(self._page, symbol), what=f"coinbase {symbol}")
        if newest.num_rows == 0:
            return 0
        return (yield from self._last_id_before(symbol, moment, newest)) + 1

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/products")
        found = decode(_products, response.body, exchange="coinbase")
        return [
            ListedProduct(item.id, item.base_currency, item.quote_currency) for item in found if item.status == "online"
        ]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, newest first, into trades, oldest first.

        [{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00000000","size":"0.01000000","side":"buy"}]
        """
        trades = decode_records(_trades, _Trade, body, exchange="coinbase")
        texts = object_texts(body, len(trades))
        trades.reverse()
        ids = [trade.trade_id for trade in trades]
        batch = self.raw.batch(
            {
                "trade_id": id_texts(ids, exchange="coinbase"),
                "product_id": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "size": numbers([trade.size for trade in trades]),
                "side": [trade.side for trade in trades],
                "time": _microseconds([trade.time for trade in trades]),
                "_raw_payload": texts[::-1],
            },
        )
        return in_order(batch, ids)

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        reason = f"coinbase: HTTP {response.status}, {_message(response.body)}"
        if response.asks_for_a_pause:
            # a token bucket that refills within two seconds; no Retry-After is sent
            raise RateLimited(reason, retry_after=response.retry_after)
        if response.status >= 500:
            raise ExchangeUnavailable(reason)
        raise BadRequest(reason)


def _ends_above(raw: RawTable, page: pa.RecordBatch, last: int) -> bool:
    return page.num_rows > 0 and raw.last_id(page) > last


def _reaches(raw: RawTable, page: pa.RecordBatch, last: int) -> bool:
    """Whether there can be no trade between `last` and the lowest id of a page."""
    lowest = raw.first_id(page)
    return lowest is None or lowest <= last + 1


def _microseconds(times: list[str | int | None]) -> pa.Array:
    try:
        array = pa.array(times, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return moments(times)
    earliest = pc.min(array.cast(pa.int64())).as_py()
    return moments(times) if earliest is not None and earliest < FIRST_US else array  # Python has no year 0


def _message(body: bytes) -> str:
    error = decode_or_none(_error, body)
    return "no reason given" if error is None else printable(error.message)


CONNECTOR = Coinbase()
