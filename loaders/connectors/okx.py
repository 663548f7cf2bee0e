"""OKX spot trades.

Source: https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades-history, read 2026-11-20.

Pages of `history-trades` are newest first. `after=N` gives the newest trades with an id below N (`type=1`), or before a
time in milliseconds (`type=2`); `before` alone gives the newest page, whatever its value. As ids are whole numbers, at
most 100 of them are between `last` and `last + 101`. So one page from there down, or several if the pages are shorter,
gives all trades that follow `last`, and the walk goes forward without a gap. The ids of recorded trades are
contiguous, but OKX doesn't promise it. Everything is text. OKX gives the trades of the last three months.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

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
    newest_id,
    walk_by_id,
)
from ..errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload

_PAGE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RATE_LIMITED = ("50011", "50061")
_UNAVAILABLE = ("50001", "50004", "50013", "50026")
_PAUSE_SECONDS = 2.0
"""The pause in seconds after a refusal. OKX requests none; its limits are counted in windows of two seconds."""

Asking = Generator[Request, Response, pa.RecordBatch]


class _Trade(msgspec.Struct, gc=False):
    tradeId: int  # noqa: N815 - OKX's spelling
    px: float | None
    sz: float | None
    side: str | None
    ts: int | str | None


class _Answer(msgspec.Struct):
    code: str
    msg: str = ""


class _Data(msgspec.Struct):
    data: msgspec.Raw


class _Instrument(msgspec.Struct):
    instId: str  # noqa: N815
    baseCcy: str  # noqa: N815
    quoteCcy: str  # noqa: N815
    state: str


_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_answer = msgspec.json.Decoder(_Answer)
_data = msgspec.json.Decoder(_Data)
_instruments = msgspec.json.Decoder(list[_Instrument])


@dataclass(frozen=True)
class Okx:
    name: str = "okx"
    base_url: str = "https://www.okx.com"
    # 20 requests in two seconds and address; the headroom is for others who share the address
    budget: Budget = Budget(units=18, seconds=2, burst=10)
    raw: RawTable = RawTable("okx", "trades", stream_column="inst_id", id_column="trade_id", time_column="ts")
    history: History | None = History(timedelta(days=90), "trades of the last 3 months")

    def walk(self, symbol: str, hole: Hole) -> Walk:
        def has_earlier() -> Generator[Request, Response, bool]:
            before = self._up_to(symbol, hole.low - 1) if hole.resumes else self._before(symbol, hole.since_time)
            return bool((yield from before).num_rows)

        return walk_by_id(
            self.raw,
            symbol,
            hole,
            page=self._pages_forward(symbol, hole),
            check_tape=lambda last: self._check_tape(symbol, last),
            proof="pages",
            has_earlier=has_earlier,
        )

    def _pages_forward(self, symbol: str, hole: Hole) -> Callable[[int | None], Asking]:
        size = _PAGE  # as many ids as OKX returns trades at once

        def page(start: int | None) -> Asking:
            """The page with `start` and the trades that follow; the trade before `start` comes too."""
            nonlocal size
            if start is None:
                before = yield from self._before(symbol, hole.since_time - MARGIN)
                start = self.raw.last_id(before) + 1 if before.num_rows else 0
            top = start + size - 2
            found = yield from self._up_to(symbol, top)
            if not self._reaches(found, start):
                # the next trades have later ids, or there are none
                newest = yield from self._newest(symbol)
                if not self._reaches(newest, start):
                    return found
                found = yield from self._first_above(symbol, top, start, newest)
            while self._first(found) > start:
                below = yield from self._up_to(symbol, self._first(found) - 1)
                if not self._reaches(below, start):
                    break
                size, found = max(2, found.num_rows), below  # OKX's pages are shorter
            return found

        return page

    def _first_above(self, symbol: str, low: int, start: int, found: pa.RecordBatch) -> Asking:
        """The page with the first trades from `start` on, none of which has an id up to `low`; `found` is later."""
        while self._first(found) > low + 1:
            middle = (low + self._first(found)) // 2
            page = yield from self._up_to(symbol, middle)
            if self._reaches(page, start):
                found = page
            else:
                low = middle
        return found

    def _first(self, page: pa.RecordBatch) -> int:
        return int(page[self.raw.id_column][0].as_py())

    def _reaches(self, page: pa.RecordBatch, start: int) -> bool:
        """Whether a page has a trade from `start` on."""
        return page.num_rows > 0 and self.raw.last_id(page) >= start

    def _check_tape(self, symbol: str, last: int) -> Generator[Request, Response, None]:
        newest = yield from self._newest(symbol)
        if newest.num_rows and self.raw.last_id(newest) < last:
            raise another_tape(f"okx {symbol}", last, f"but the highest id is {self.raw.last_id(newest)}")
        page = yield from self._up_to(symbol, last)
        if page.num_rows and self.raw.last_id(page) != last:
            raise another_tape(f"okx {symbol}", last, f"but the highest id up to it is {self.raw.last_id(page)}")

    def _newest(self, symbol: str) -> Asking:
        return self._ask(symbol, {"type": "1"}, lambda _: False)  # there is nothing to compare it with

    def _up_to(self, symbol: str, last: int) -> Asking:
        """The newest trades with ids up to `last`; none if OKX gives none that are so old."""
        page = yield from self._ask(
            symbol,
            {"type": "1", "after": str(last + 1)},
            lambda page: page.num_rows > 0 and self.raw.last_id(page) == last,
        )
        if self._reaches(page, last + 1):
            raise UnexpectedPayload(f"okx {symbol}: expected trades up to id {last}, found later ones")
        return page

    def _before(self, symbol: str, moment: datetime) -> Asking:
        """The newest trades before a time; none if OKX gives none that are so old."""
        milliseconds = max(0, (moment - _EPOCH) // timedelta(milliseconds=1))
        return self._ask(symbol, {"type": "2", "after": str(milliseconds)}, lambda _: False)

    def _ask(self, symbol: str, cursor: dict[str, str], is_expected: Callable[[pa.RecordBatch], bool]) -> Asking:
        """Request trades until they are as expected, the same twice, or newer: a cache may send an older page."""

        def ask() -> Asking:
            parameters = {"instId": symbol, "limit": str(_PAGE), **cursor}
            response = yield Request("/api/v5/market/history-trades", parameters)
            return self.parse(response.body, symbol=symbol)

        return ask_until(
            ask, is_expected, self.raw.first_id, what=f"okx {symbol}", times=2, last_id=partial(newest_id, self.raw)
        )

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/api/v5/public/instruments", {"instType": "SPOT"}, scope="instruments")
        found = decode(_instruments, _rows(response.body), exchange=self.name)
        return [ListedProduct(each.instId, each.baseCcy, each.quoteCcy) for each in found if each.state == "live"]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, newest first, into trades, oldest first.

        {"code":"0","msg":"","data":[{"instId":"ETH-BTC","side":"sell","sz":"0.119501","px":"0.07065",
                                      "tradeId":"15826757","ts":"1621446178316"}]}
        """
        rows = _rows(body)
        trades = decode_records(_trades, _Trade, rows, exchange=self.name)
        texts = object_texts(rows, len(trades))
        trades.reverse()
        ids = [trade.tradeId for trade in trades]
        batch = self.raw.batch(
            {
                "trade_id": id_texts(ids, exchange=self.name),
                "inst_id": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.px for trade in trades]),
                "size": numbers([trade.sz for trade in trades]),
                "side": [trade.side for trade in trades],
                "ts": moments([trade.ts for trade in trades]),
                "_raw_payload": texts[::-1],
            },
        )
        return in_order(batch, ids)

    def check(self, response: Response) -> None:
        answer = decode_or_none(_answer, response.body)
        if response.status == 200 and (answer is None or answer.code == "0"):
            return
        told = "" if answer is None else f", {printable(answer.code)} {printable(answer.msg)}"
        reason = f"okx: HTTP {response.status}{told}"
        code = "" if answer is None else answer.code
        if code in _RATE_LIMITED or response.asks_for_a_pause:
            raise RateLimited(reason, retry_after=response.retry_after or _PAUSE_SECONDS)
        if code in _UNAVAILABLE or response.status >= 500:
            raise ExchangeUnavailable(reason)
        raise BadRequest(reason)


def _rows(body: bytes) -> bytes:
    return bytes(decode(_data, body, exchange="okx").data)


CONNECTOR = Okx()
