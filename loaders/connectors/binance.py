"""Binance spot trades.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api, state of 2026-07-21.

Pages go by id: `historicalTrades?fromId=` is inclusive and oldest first. Never by time: up to 735 trades of one
market shared a millisecond. `aggTrades` only finds the first id at a time, for it alone takes one.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

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
_MICROSECONDS = {"X-MBX-TIME-UNIT": "MICROSECOND"}
_FIRST_TIME_IN_MICROSECONDS = 10**14  # 5138 as milliseconds, 1973 as microseconds


class _Trade(msgspec.Struct, gc=False):
    id: int
    price: float
    qty: float
    quoteQty: float  # noqa: N815 - Binance's spelling
    time: int
    isBuyerMaker: bool  # noqa: N815
    isBestMatch: bool = True  # noqa: N815 - block trades have none


class _AggregateTrade(msgspec.Struct, gc=False):
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


# prices are texts: `strict=False` reads them as the nearest double, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_aggregates = msgspec.json.Decoder(list[_AggregateTrade])
_exchange_info = msgspec.json.Decoder(_ExchangeInfo)
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Binance:
    name: str = "binance"
    base_url: str = "https://api.binance.com"
    # 6,000 units a minute and address; the headroom is for whoever shares the address
    budget: Budget = Budget(units=5_000, seconds=60, burst=1_000)
    raw: RawTable = RawTable(
        exchange="binance",
        columns=(
            Column("id", "string", "Trade id, per symbol and contiguous."),
            Column("symbol", "string", "Market, for example BTCUSDT."),
            Column("price", "double", "Price in the quote asset."),
            Column("qty", "double", "Quantity in the base asset."),
            Column("quote_qty", "double", "Price times quantity, in the quote asset."),
            Column("time", "timestamp", "Time of the trade, UTC."),
            Column("is_buyer_maker", "boolean", "True where the buyer's order was in the book: the taker sold."),
            Column("is_best_match", "boolean", "Binance says to ignore it."),
        ),
        symbol="symbol",
        trade_id="id",
        trade_time="time",
    )

    def newer(self, symbol: str, after: Cursor | None, *, since: datetime) -> Walk:
        last = int(after.last_id) if after else (yield from self._last_id_before(symbol, since))
        while last is not None:
            page = yield from self._page(symbol, last + 1)
            trades = after_id(self.raw, page, last)
            if trades.num_rows:
                yield page_of(self.raw, symbol, trades)
                last = last_id(self.raw, trades)
            elif page.num_rows:
                raise UnexpectedPayload(f"binance {symbol}: asked for trades from id {last + 1}, was sent older ones")
            if page.num_rows < _PAGE:
                return

    def _page(self, symbol: str, start: int) -> Generator[Request, Response, pa.RecordBatch]:
        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            parameters = {"symbol": symbol, "fromId": str(start), "limit": str(_PAGE)}
            response = yield Request("/api/v3/historicalTrades", parameters, _MICROSECONDS, weight=25)
            return self.parse_trades(response.body, symbol=symbol)

        def first(page: pa.RecordBatch) -> int | None:
            return first_id(self.raw, page)

        return ask_until(ask, lambda page: first(page) in (start, None), first)

    def _last_id_before(self, symbol: str, since: datetime) -> Generator[Request, Response, int | None]:
        parameters = {"symbol": symbol, "startTime": str(int(since.timestamp() * 1000)), "limit": "100"}
        response = yield Request("/api/v3/aggTrades", parameters, weight=4)
        # duplicates that an audit struck out in 2022 have -1 for their ids
        firsts = (trade.f for trade in decode(_aggregates, response.body, venue="binance") if trade.f >= 0)
        first = next(firsts, None)
        return None if first is None else first - 1

    def products(self) -> Generator[Request, Response, list[Product]]:
        response = yield Request("/api/v3/exchangeInfo", {"symbolStatus": "TRADING"}, weight=20)
        markets = decode(_exchange_info, response.body, venue="binance").symbols
        return [Product(market.symbol, market.baseAsset, market.quoteAsset) for market in markets]

    def parse_trades(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse `trades` or `historicalTrades`, oldest first.

        [{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1499865549590,
          "isBuyerMaker":true,"isBestMatch":true}]
        """
        trades = decode(_trades, body, venue="binance")
        return batch_of(
            self.raw,
            {
                "id": pa.array([trade.id for trade in trades], pa.int64()).cast(pa.string()),
                "symbol": pa.repeat(symbol, len(trades)),
                "price": [trade.price for trade in trades],
                "qty": [trade.qty for trade in trades],
                "quote_qty": [trade.quoteQty for trade in trades],
                "time": _microseconds([trade.time for trade in trades]),
                "is_buyer_maker": [trade.isBuyerMaker for trade in trades],
                "is_best_match": [trade.isBestMatch for trade in trades],
                "_raw_payload": object_texts(body, len(trades)),
            },
        )

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        reason = _reason(response)
        if response.status in (418, 429):  # 418: banned for going on after a 429
            raise RateLimited(f"binance: {reason}", retry_after=float(response.headers.get("retry-after", 60)))
        if response.status >= 500:
            raise ExchangeUnavailable(f"binance: {reason}")
        if response.status == 451:
            raise BadRequest(f"binance refuses this country: {reason}; SCHEMAHUB_BINANCE_URL can name another host")
        raise BadRequest(f"binance: {reason}")


def _microseconds(times: list[int]) -> pa.Array:
    # The unit is told by the size, row by row: an older host ignores the header that asks for microseconds.
    array = pa.array(times, pa.int64())
    if times and pc.min(array).as_py() < _FIRST_TIME_IN_MICROSECONDS:
        array = pc.if_else(pc.less(array, _FIRST_TIME_IN_MICROSECONDS), pc.multiply(array, 1000), array)
    return array.cast(pa.timestamp("us"))


def _reason(response: Response) -> str:
    try:
        error = _error.decode(response.body)
    except msgspec.MsgspecError:
        return f"HTTP {response.status}"
    return f"HTTP {response.status}, {error.code} {error.msg}"


CONNECTOR = Binance()
