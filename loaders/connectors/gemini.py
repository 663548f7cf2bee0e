"""Gemini spot trades.

Source: https://developer.gemini.com/trading/rest-api/market-data/list-trades, read 2026-11-20.

`since_tid` gives the oldest trades after an id, `timestamp` the oldest from a time on, and without both the newest ones
come. A page is listed newest first. Ids rise, but are shared with other events, so a missing one shows nothing:
each page therefore begins with the last trade of the one before. Gemini gives the trades of the last seven days.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import quote

import msgspec
import pyarrow as pa

from lakehouse.coverage import Hole
from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ..channels.payloads import decode, decode_or_none, decode_records, moments, numbers, object_texts
from ..connector import (
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
    walk_by_id,
)
from ..errors import BadRequest, ExchangeUnavailable, RateLimited

_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUOTES = ("usd", "usdt", "usdc", "eur", "gbp", "btc", "eth")


class _Trade(msgspec.Struct, gc=False):
    timestampms: int | str | None
    tid: int
    price: float | None
    amount: float | None
    type: str | None


class _Error(msgspec.Struct):
    reason: str


_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_symbols = msgspec.json.Decoder(list[str])
_error = msgspec.json.Decoder(_Error)


@dataclass(frozen=True)
class Gemini:
    name: str = "gemini"
    base_url: str = "https://api.gemini.com"
    # 120 requests per minute and address; Gemini recommends one per second
    budget: Budget = Budget(units=1, seconds=1, burst=5)
    raw: RawTable = RawTable("gemini", "trades", stream_column="symbol", id_column="tid", time_column="timestampms")
    history: History | None = History(timedelta(days=7), "trades of the last 7 days")

    def walk(self, symbol: str, hole: Hole) -> Walk:
        return walk_by_id(
            self.raw,
            symbol,
            hole,
            page=partial(self._page, symbol, hole),
            check_tape=partial(self._check_tape, symbol),
            proof="pages",
            has_earlier=partial(self._has_earlier, symbol, hole),
        )

    def _page(self, symbol: str, hole: Hole, start: int | None) -> Generator[Request, Response, pa.RecordBatch]:
        if start is not None:
            # the trade before `start` comes too, and shows that none is missing after it
            return self._ask(symbol, {"since_tid": str(max(0, start - 2))}, lambda first: first >= start - 1)
        return self._first_page(symbol, hole)

    def _first_page(self, symbol: str, hole: Hole) -> Generator[Request, Response, pa.RecordBatch]:
        oldest = yield from self._oldest(symbol)
        if self._is_before(oldest, hole):
            moment = (hole.since_time - MARGIN - _EPOCH) // timedelta(milliseconds=1)
            cursor = {"timestamp": str(max(0, moment))}
            return (
                yield from self._ask(symbol, cursor, lambda _: False, times=2)
            )  # there is nothing to compare it with
        return (yield from self._ask(symbol, {"since_tid": "0"}, lambda first: first == self.raw.first_id(oldest)))

    def _oldest(self, symbol: str) -> Generator[Request, Response, pa.RecordBatch]:
        """The oldest trade that Gemini still gives."""
        return self._ask(symbol, {"since_tid": "0", "limit_trades": "1"}, lambda _: True)

    def _has_earlier(self, symbol: str, hole: Hole) -> Generator[Request, Response, bool]:
        return self._is_before((yield from self._oldest(symbol)), hole)

    def _is_before(self, trades: pa.RecordBatch, hole: Hole) -> bool:
        """Whether trades begin before a hole."""
        first = self.raw.first_id(trades)
        if hole.resumes:
            return first is not None and first < hole.low
        return bool(self.raw.since(trades, hole.since_time).num_rows < trades.num_rows)

    def _check_tape(self, symbol: str, last: int) -> Generator[Request, Response, None]:
        # nothing follows the last trade landed: because it is the newest one, or because the ids are other ones?
        newest = yield from self._ask(symbol, {"limit_trades": "1"}, lambda first: first >= last)
        if newest.num_rows == 0 or self.raw.last_id(newest) < last:
            raise another_tape(f"gemini {symbol}", last, "and the newest one of the exchange has a lower id")

    def _ask(
        self, symbol: str, cursor: dict[str, str], is_expected: Callable[[int], bool], *, times: int = 5
    ) -> Generator[Request, Response, pa.RecordBatch]:
        """Request trades until the id of the first one is as expected, because a cache may send an older page."""

        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            parameters = {"limit_trades": str(_PAGE), **cursor}
            response = yield Request(f"/v1/trades/{quote(symbol, safe='')}", parameters)
            return self.parse(response.body, symbol=symbol)

        def is_new(page: pa.RecordBatch) -> bool:
            first = self.raw.first_id(page)
            return first is None or is_expected(first)

        return ask_until(ask, is_new, self.raw.first_id, what=f"gemini {symbol}", times=times)

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/v1/symbols")
        names = decode(_symbols, response.body, exchange=self.name)
        return [product for name in names if (product := _product(name, names)) is not None]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, newest first, into trades, oldest first.

        [{"timestamp":1591404856,"timestampms":1591404856618,"tid":607568549,"price":"9593.65",
          "amount":"0.0002916","exchange":"gemini","type":"buy"}]
        """
        trades = decode_records(_trades, _Trade, body, exchange=self.name)
        texts = object_texts(body, len(trades))
        trades.reverse()
        ids = [trade.tid for trade in trades]
        batch = self.raw.batch(
            {
                "tid": id_texts(ids, exchange=self.name),
                "symbol": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "amount": numbers([trade.amount for trade in trades]),
                "timestampms": moments([trade.timestampms for trade in trades]),
                "type": [trade.type for trade in trades],
                "_raw_payload": texts[::-1],
            },
        )
        return in_order(batch, ids)

    def check(self, response: Response) -> None:
        if response.status == 200:
            return
        error = decode_or_none(_error, response.body)
        reason = f"gemini: HTTP {response.status}{'' if error is None else f', {printable(error.reason)}'}"
        if response.asks_for_a_pause:
            raise RateLimited(reason, retry_after=response.retry_after)
        raise (ExchangeUnavailable if response.status >= 500 else BadRequest)(reason)


def _product(name: str, names: list[str]) -> ListedProduct | None:
    """The product of a market's name, which nothing separates; None if its quote asset is not one of the usual ones."""
    quoted = next((each for each in _QUOTES if name.endswith(each)), None)
    if quoted is None:
        return None
    base = name.removesuffix(quoted)
    # btcgusd is quoted in GUSD if there is btcusd too; paxgusd is PAXG in USD, because there is no paxusd
    is_of_another_dollar = quoted == "usd" and any(
        base.endswith(letters) and f"{base.removesuffix(letters)}usd" in names for letters in ("g", "rl")
    )
    return None if is_of_another_dollar else ListedProduct(name, base.upper(), quoted.upper())


CONNECTOR = Gemini()
