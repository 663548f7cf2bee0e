"""Bitstamp spot trades.

Source: https://www.bitstamp.net/api/, "Transactions", read 2026-11-20.

There is no paging: one response holds all trades of the last minute, hour or day, newest first. Times are whole
seconds, so several trades share one, and ids order them. Ids rise, but all markets share them, so a missing one shows
nothing: trades continue those landed before if they reach back to them. What is more than a day old is not given.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import msgspec
import pyarrow as pa

from lakehouse.coverage import Hole
from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ..channels.payloads import decode, decode_or_none, decode_records, moments, numbers, object_texts
from ..connector import (
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
    newest_id,
    newest_page,
    reaches_back,
)
from ..errors import BadRequest, ExchangeUnavailable, RateLimited

_WINDOWS = ("minute", "hour", "day")


class _Trade(msgspec.Struct, gc=False):
    date: int | str | None
    tid: int
    price: float | None
    amount: float | None
    type: int | str | None


class _Error(msgspec.Struct):
    code: str = ""
    reason: str = ""


class _Pair(msgspec.Struct):
    name: str
    url_symbol: str
    trading: str


_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_pairs = msgspec.json.Decoder(list[_Pair])
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Bitstamp:
    name: str = "bitstamp"
    base_url: str = "https://www.bitstamp.net"
    # 10,000 requests in ten minutes and address, which is less than 400 a second
    budget: Budget = Budget(units=8_000, seconds=600, burst=50)
    raw: RawTable = RawTable("bitstamp", "trades", stream_column="pair", id_column="tid", time_column="date")
    history: History | None = History(timedelta(days=1), "trades of the last 24 hours")

    def walk(self, symbol: str, hole: Hole) -> Walk:
        found = yield from self._reaching(symbol, hole)
        page = newest_page(self.raw, symbol, hole, found, proof="pages", otherwise="pages")
        if page is not None:
            yield page
        elif hole.resumes and found.num_rows and self.raw.last_id(found) < hole.low - 1:
            raise another_tape(f"bitstamp {symbol}", hole.low - 1, f"but the highest id is {self.raw.last_id(found)}")

    def _reaching(self, symbol: str, hole: Hole) -> Generator[Request, Response, pa.RecordBatch]:
        """The trades of the shortest window that reaches back to the beginning of the hole, otherwise of a day."""
        for window in _WINDOWS:
            found = yield from self._window(symbol, window, hole)
            if reaches_back(self.raw, found, hole):
                break
        return found

    def _window(self, symbol: str, window: str, hole: Hole) -> Generator[Request, Response, pa.RecordBatch]:
        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            response = yield Request(f"/api/v2/transactions/{quote(symbol, safe='')}/", {"time": window})
            return self.parse(response.body, symbol=symbol)

        def is_expected(page: pa.RecordBatch) -> bool:  # a cache may send an older page
            if page.num_rows and hole.resumes and self.raw.last_id(page) < hole.low - 1:
                return False
            return window != _WINDOWS[-1] or reaches_back(self.raw, page, hole)

        return ask_until(
            ask,
            is_expected,
            self.raw.first_id,
            what=f"bitstamp {symbol}",
            times=3,
            last_id=partial(newest_id, self.raw),
        )

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/api/v2/trading-pairs-info/")
        found = decode(_pairs, response.body, exchange=self.name)
        named = [(pair.url_symbol, *pair.name.partition("/")) for pair in found if pair.trading == "Enabled"]
        return [ListedProduct(symbol, base, quoted) for symbol, base, _, quoted in named]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a window, newest first, into trades, oldest first.

        [{"date":"1560481868","tid":"90574283","price":"8194.79","type":"1","amount":"0.00288599"}]
        """
        trades = decode_records(_trades, _Trade, body, exchange=self.name)
        texts = object_texts(body, len(trades))
        trades.reverse()
        ids = [trade.tid for trade in trades]
        batch = self.raw.batch(
            {
                "tid": id_texts(ids, exchange=self.name),
                "pair": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "amount": numbers([trade.amount for trade in trades]),
                "date": moments([trade.date for trade in trades]),
                "type": [None if trade.type is None else str(trade.type) for trade in trades],
                "_raw_payload": texts[::-1],
            },
        )
        return in_order(batch, ids)

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        error = decode_or_none(_error, response.body)
        told = " ".join(filter(None, (error.code, error.reason))) if error is not None else ""
        reason = f"bitstamp: HTTP {response.status}{told and f', {printable(told)}'}"
        if response.asks_for_a_pause or (error is not None and error.code == "400.002"):
            raise RateLimited(reason, retry_after=response.retry_after)
        raise (ExchangeUnavailable if response.status >= 500 else BadRequest)(reason)


CONNECTOR = Bitstamp()
