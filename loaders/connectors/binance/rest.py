"""Binance spot trades.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api, state of 2026-07-21.

Pages go by id: `historicalTrades?fromId=` is inclusive and oldest first. They never go by time, because up to 735
trades of one market have shared a millisecond. `aggTrades` is used only to find the first id at or after a time: the
other endpoints take no time. The exchange decides how many trades a page has, so only an empty page is the end.
"""

import struct
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.coverage import Hole
from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ...channels.http_dates import http_date, seconds
from ...channels.payloads import (
    decode,
    decode_or_none,
    decode_records,
    extremes,
    moments,
    mostly_equal,
    numbers,
    object_texts,
    packed,
)
from ...connector import (
    MARGIN,
    TIMES_IF_UNCHECKED,
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
    walk_by_id,
)
from ...errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload

_MICROSECONDS = {"X-MBX-TIME-UNIT": "MICROSECOND"}
_UNITS = (("ms", 10**11, 10**14), ("us", 10**14, 10**17))
"""The numbers from which and below which a time is in a unit: 1973 to 5138 in both units."""
_MOST_AGGREGATE_PAGES = 100
_MOST_WEIGHT = 5_500
"""The used weight, of 6,000 a minute, from which on we wait for the next minute."""
_OPEN_HOSTS = "api.binance.com, api-gcp.binance.com and api1 to api4.binance.com"


class _Trade(msgspec.Struct, gc=False, kw_only=True):  # in Binance's order, in which it is decoded fastest
    id: int
    price: float | None
    qty: float | None
    quoteQty: float | None = None  # noqa: N815 - Binance's spelling; responses of 2018 lack it
    time: int | str | None
    isBuyerMaker: bool | None  # noqa: N815
    isBestMatch: bool | None = None  # noqa: N815 - block trades lack it


class _AggregateTrade(msgspec.Struct, gc=False):
    a: int
    f: int


class _Error(msgspec.Struct):
    code: int
    msg: str


class _Market(msgspec.Struct):
    symbol: str
    status: str
    baseAsset: str  # noqa: N815
    quoteAsset: str  # noqa: N815


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Market]


# prices are strings: `strict=False` reads them as the nearest double, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_aggregates = msgspec.json.Decoder(list[_AggregateTrade])
_exchange_info = msgspec.json.Decoder(_ExchangeInfo)
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Binance:
    name: str = "binance"
    base_url: str = "https://api.binance.com"
    # 6,000 units per minute and address; the headroom is for others who share the address
    budget: Budget = Budget(units=5_000, seconds=60, burst=1_000)
    page_rows: int = 1_000
    page_weight: float = 25
    raw: RawTable = RawTable("binance", "trades", stream_column="symbol", id_column="id", time_column="time")
    history: History | None = None

    def walk(self, symbol: str, hole: Hole) -> Walk:
        def page(start: int | None) -> Generator[Request, Response, pa.RecordBatch]:
            if start is None:
                first = yield from self._first_id_since(symbol, hole.since_time - MARGIN)
                if first is None:
                    return pa.RecordBatch.from_pylist([], self.raw.page_schema)
                start = max(first, hole.low)
            return (yield from self._page(symbol, start))

        return walk_by_id(self.raw, symbol, hole, page=page, check_tape=lambda last: self._check_tape(symbol, last))

    def _check_tape(self, symbol: str, last: int) -> Generator[Request, Response, None]:
        # nothing follows the last trade landed: either it is the newest one, or the exchange now has other ids
        page = yield from self._page(symbol, last)
        if page.num_rows == 0 or self.raw.last_id(page) < last:
            raise another_tape(f"binance {symbol}", last, "but the exchange has no trades from that id on")

    def _page(self, symbol: str, start: int) -> Generator[Request, Response, pa.RecordBatch]:
        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            parameters = {"symbol": symbol, "fromId": str(start), "limit": str(self.page_rows)}
            response = yield self._request(parameters)
            return self.parse(response.body, symbol=symbol)

        def first(page: pa.RecordBatch) -> int | None:
            return self.raw.first_id(page)

        return ask_until(ask, lambda page: first(page) in (start, None), first, what=f"binance {symbol}")

    def key_at(self, symbol: str, moment: datetime) -> Generator[Request, Response, int]:
        first = yield from self._first_id_since(symbol, moment)
        if first is not None:
            return first

        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            response = yield self._request({"symbol": symbol, "limit": "1"})
            return self.parse(response.body, symbol=symbol)

        newest = yield from newest_trades(ask, what=f"binance {symbol}")
        return self.raw.last_id(newest) + 1 if newest.num_rows else 0

    def _request(self, parameters: dict[str, str]) -> Request:
        return Request("/api/v3/historicalTrades", parameters, _MICROSECONDS, weight=self.page_weight)

    def _first_id_since(self, symbol: str, moment: datetime) -> Generator[Request, Response, int | None]:
        parameters = {"startTime": str(max(0, int(moment.timestamp() * 1000)))}
        for _ in range(_MOST_AGGREGATE_PAGES):
            found = yield from self._aggregates(symbol, parameters)
            # duplicates that an audit removed in 2022 have -1 as their ids
            if (first := next((trade.f for trade in found if trade.f >= 0), None)) is not None:
                return first
            if not found:
                return None
            parameters = {"fromId": str(found[-1].a + 1)}
        raise UnexpectedPayload(f"binance {symbol}: expected an aggregate trade with trade ids, found only others")

    def _aggregates(
        self, symbol: str, parameters: dict[str, str]
    ) -> Generator[Request, Response, list[_AggregateTrade]]:
        def ask() -> Generator[Request, Response, list[_AggregateTrade]]:
            response = yield Request("/api/v3/aggTrades", {"symbol": symbol, "limit": "100", **parameters}, weight=4)
            return decode(_aggregates, response.body, exchange="binance")

        def first(found: list[_AggregateTrade]) -> int | None:
            return found[0].a if found else None

        # nothing in a page shows that it isn't of a later time, and then everything before it would count as landed
        return ask_until(ask, lambda _: False, first, what=f"binance {symbol}", times=TIMES_IF_UNCHECKED)

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/api/v3/exchangeInfo", {"symbolStatus": "TRADING"}, weight=20)
        markets = decode(_exchange_info, response.body, exchange="binance").symbols
        return [ListedProduct(market.symbol, market.baseAsset, market.quoteAsset) for market in markets]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse `trades` or `historicalTrades`, oldest first.

        [{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1499865549590,
          "isBuyerMaker":true,"isBestMatch":true}]
        """
        trades = decode_records(_trades, _Trade, body, exchange="binance")
        ids = [trade.id for trade in trades]
        batch = self.raw.batch(
            {
                "id": id_texts(ids, exchange="binance"),
                "symbol": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "qty": numbers([trade.qty for trade in trades]),
                "quote_qty": numbers([trade.quoteQty for trade in trades]),
                "time": _microseconds([trade.time for trade in trades]),
                "is_buyer_maker": [trade.isBuyerMaker for trade in trades],
                "is_best_match": mostly_equal([trade.isBestMatch for trade in trades], pa.bool_()),
                "_raw_payload": object_texts(body, len(trades)),
            },
        )
        return in_order(batch, ids)

    def pause_after(self, response: Response) -> float:
        # counted for each address and minute of Binance's clock
        used = seconds(response.headers.get("x-mbx-used-weight-1m")) or 0
        if used < _MOST_WEIGHT:
            return 0
        date = http_date(response.headers.get("date"))
        return 60.0 if date is None else 60.0 - date.second

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        reason = f"binance: {_reason(response)}"
        if response.asks_for_a_pause:  # 418: banned for continuing after a 429
            raise RateLimited(reason, retry_after=response.retry_after)
        if response.status >= 500:
            raise ExchangeUnavailable(reason)
        if response.status in (401, 403, 404) or _wants_a_key(response):
            raise BadRequest(
                f"{reason}; some of Binance's hosts don't have `historicalTrades`, or only with a key; {_OPEN_HOSTS} "
                "have it without one: name one of these with SCHEMAHUB_BINANCE_URL"
            )
        raise BadRequest(reason)


def _microseconds(times: list[Any]) -> pa.Array:
    # The numbers' size shows their unit, because an older host ignores the header that requests microseconds.
    try:
        array = packed(times, pa.int64())
    except struct.error:  # a time is null or a text
        return moments(times)
    lowest, highest = extremes(times)
    for unit, low, high in _UNITS:
        if low <= lowest and highest < high:
            return array.view(pa.timestamp(unit)).cast(pa.timestamp("us"))
    return moments(times)


def _wants_a_key(response: Response) -> bool:
    error = decode_or_none(_error, response.body)
    return error is not None and error.code in (-1002, -2014, -2015)


def _reason(response: Response) -> str:
    error = decode_or_none(_error, response.body)
    return f"HTTP {response.status}" + ("" if error is None else f", {error.code} {printable(error.msg)}")


CONNECTOR = Binance()
