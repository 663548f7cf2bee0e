"""Bybit spot trades.

Source: https://bybit-exchange.github.io/docs/v5/market/recent-trade and .../rate-limit, read 2026-11-20.

`recent-trade` gives the newest 60 trades, newest first, and takes neither a page nor a time. Ids rise, but not without
holes. So trades continue those landed before if they reach back to them. Otherwise some were missed, which Bybit's API
never gives again. Errors come with HTTP 200 and a `retCode`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

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

_PAGE = 60
_RATE_LIMITED = (10006, 10018, 10429)
_UNAVAILABLE = (10000, 10016)
_PAUSE_SECONDS = 5.0
"""The pause in seconds after a refusal, because limits are counted in windows of five seconds."""
_BAN_SECONDS = 600.0
"""The pause in seconds that Bybit's documentation demands after `access too frequent`."""


class _Trade(msgspec.Struct, gc=False):
    execId: int  # noqa: N815 - Bybit's spelling
    price: float | None
    size: float | None
    side: str | None
    time: int | str | None
    isBlockTrade: bool | None = None  # noqa: N815


class _Answer(msgspec.Struct):
    retCode: int  # noqa: N815
    retMsg: str = ""  # noqa: N815


class _List(msgspec.Struct):
    list: msgspec.Raw


class _Result(msgspec.Struct):
    result: _List


class _Instrument(msgspec.Struct):
    symbol: str
    baseCoin: str  # noqa: N815
    quoteCoin: str  # noqa: N815
    status: str


_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_answer = msgspec.json.Decoder(_Answer)
_result = msgspec.json.Decoder(_Result)
_instruments = msgspec.json.Decoder(list[_Instrument])


@dataclass(frozen=True)
class Bybit:
    name: str = "bybit"
    base_url: str = "https://api.bybit.com"
    # 600 requests in five seconds and address; the headroom is for others who share the address
    budget: Budget = Budget(units=400, seconds=5, burst=50)
    raw: RawTable = RawTable("bybit", "trades", stream_column="symbol", id_column="exec_id", time_column="time")
    history: History | None = History(timedelta(0), f"the newest {_PAGE} trades only")

    def walk(self, symbol: str, hole: Hole) -> Walk:
        found = yield from self._newest(symbol, hole)
        # nothing shows what trades that don't reach back leave out
        page = newest_page(self.raw, symbol, hole, found, proof="pages", otherwise="unprovable")
        if page is not None:
            yield page
        elif hole.resumes and found.num_rows and self.raw.last_id(found) < hole.low - 1:
            raise another_tape(f"bybit {symbol}", hole.low - 1, f"but the highest id is {self.raw.last_id(found)}")

    def _newest(self, symbol: str, hole: Hole) -> Generator[Request, Response, pa.RecordBatch]:
        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            parameters = {"category": "spot", "symbol": symbol, "limit": str(_PAGE)}
            response = yield Request("/v5/market/recent-trade", parameters)
            return self.parse(response.body, symbol=symbol)

        def is_expected(page: pa.RecordBatch) -> bool:  # a cache may send an older page
            is_later = page.num_rows > 0 and self.raw.last_id(page) >= hole.low - 1
            return is_later and reaches_back(self.raw, page, hole)

        return ask_until(
            ask, is_expected, self.raw.first_id, what=f"bybit {symbol}", times=2, last_id=partial(newest_id, self.raw)
        )

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        parameters = {"category": "spot", "status": "Trading"}
        response = yield Request("/v5/market/instruments-info", parameters)
        found = decode(_instruments, _listed(response.body), exchange=self.name)
        return [ListedProduct(each.symbol, each.baseCoin, each.quoteCoin) for each in found if each.status == "Trading"]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse the newest trades, newest first, into trades, oldest first.

        {"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"execId":"2100000000007764263",
          "symbol":"BTCUSDT","price":"16618.49","size":"0.00012","side":"Buy","time":"1672052955758",
          "isBlockTrade":false,"isRPITrade":true,"seq":"123456"}]},"time":1672053054358}
        """
        rows = _listed(body)
        trades = decode_records(_trades, _Trade, rows, exchange=self.name)
        texts = object_texts(rows, len(trades))
        trades.reverse()
        ids = [trade.execId for trade in trades]
        batch = self.raw.batch(
            {
                "exec_id": id_texts(ids, exchange=self.name),
                "symbol": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "size": numbers([trade.size for trade in trades]),
                "side": [trade.side for trade in trades],
                "time": moments([trade.time for trade in trades]),
                "is_block_trade": [trade.isBlockTrade for trade in trades],
                "_raw_payload": texts[::-1],
            },
        )
        return in_order(batch, ids)

    def check(self, response: Response) -> None:
        answer = decode_or_none(_answer, response.body)
        if response.status == 200 and (answer is None or answer.retCode == 0):
            return
        told = "" if answer is None else f", {answer.retCode} {printable(answer.retMsg)}"
        reason = f"bybit: HTTP {response.status}{told}"
        if response.status == 403 and b"access too frequent" in response.body:
            raise RateLimited(f"{reason}, access too frequent", retry_after=response.retry_after or _BAN_SECONDS)
        if response.asks_for_a_pause or (answer is not None and answer.retCode in _RATE_LIMITED):
            raise RateLimited(reason, retry_after=response.retry_after or _PAUSE_SECONDS)
        if response.status >= 500 or (answer is not None and answer.retCode in _UNAVAILABLE):
            raise ExchangeUnavailable(reason)
        if response.status == 403:
            reason += "; it may refuse this country; SCHEMAHUB_BYBIT_URL can name another host"
        raise BadRequest(reason)


def _listed(body: bytes) -> bytes:
    return bytes(decode(_result, body, exchange="bybit").result.list)


CONNECTOR = Bybit()
