"""Kraken spot trades.

Source: https://docs.kraken.com/api/docs/rest-api/get-recent-trades and
https://support.kraken.com/articles/218198197, read 2026-11-20.

Pages go forward by `since`, a token of nanoseconds that is kept as the text it came as: the times in the rows are
rounded, and a token made from one skips trades. Errors come inside HTTP 200.
"""

from collections import Counter
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
    page_of,
)
from ..exceptions import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload
from ..lake_table import Column
from ..payloads import array_texts, decode
from ..raw_table import RawTable

_PAGE = 1000


class _Trade(msgspec.Struct, array_like=True, gc=False):
    price: str
    volume: str
    time: msgspec.Raw  # a double has too few digits for it
    side: str
    order_type: str
    misc: str
    trade_id: int | None = None  # captures from before 2022 have none


class _Answer(msgspec.Struct):
    error: list[str]
    result: dict[str, msgspec.Raw] = {}


class _Pair(msgspec.Struct):
    altname: str
    wsname: str = ""
    status: str = "online"


_answer = msgspec.json.Decoder(_Answer)
_trades = msgspec.json.Decoder(list[_Trade])
_token = msgspec.json.Decoder(str)
_pairs = msgspec.json.Decoder(dict[str, _Pair])

_USUAL_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
_RATE_LIMITED = (
    "EGeneral:Too many requests",
    "EAPI:Rate limit exceeded",
    "EService:Throttled",
    "EGeneral:Temporary",
)
_UNAVAILABLE = ("EService:",)
_PAUSE_SECONDS = 3.0
"""Kraken names no pause; freqtrade's users settled at this one."""


@dataclass(frozen=True)
class Kraken:
    name: str = "kraken"
    base_url: str = "https://api.kraken.com"
    # about one request a second, counted for each address and pair
    budget: Budget = Budget(units=0.95, seconds=1, burst=1)
    raw: RawTable = RawTable(
        exchange="kraken",
        columns=(
            Column(
                "trade_id",
                "string",
                "Trade id, per pair and contiguous; made from the row where Kraken gave none.",
            ),
            Column("pair", "string", "Pair by its alternative name, for example XBTUSD."),
            Column("price", "double", "Price in the quote asset."),
            Column("volume", "double", "Quantity in the base asset."),
            Column("time", "timestamp", "Time of the trade, UTC; cut, not rounded, from 100 ns to microseconds."),
            Column("side", "string", "Side of the taker: b (buy) or s (sell)."),
            Column("order_type", "string", "Order of the taker: m (market) or l (limit)."),
            Column("misc", "string", "Miscellaneous, as sent."),
        ),
        symbol="pair",
        trade_id="trade_id",
        trade_time="time",
    )

    def newer(self, symbol: str, after: Cursor | None, *, since: datetime) -> Walk:
        cursor = after or Cursor(_token_before(since), "")
        while True:
            page, token = yield from self._page(symbol, cursor)
            trades = after_id(self.raw, page, int(cursor.last_id)) if cursor.last_id.isdigit() else page
            if page.num_rows and (trades.num_rows == 0 or token == cursor.token):
                raise UnexpectedPayload(f"kraken {symbol}: asked for trades after {cursor.token}, was sent older ones")
            if trades.num_rows:
                yield (landed := page_of(self.raw, symbol, trades, token))
                cursor = landed.cursor
            if page.num_rows < _PAGE:
                return

    def _page(self, symbol: str, cursor: Cursor) -> Generator[Request, Response, tuple[pa.RecordBatch, str]]:
        def ask() -> Generator[Request, Response, tuple[pa.RecordBatch, str]]:
            parameters = {"pair": symbol, "since": cursor.token, "count": str(_PAGE)}
            response = yield Request("/0/public/Trades", parameters, scope=symbol)
            return self._parse(response.body, symbol=symbol)

        def first(answer: tuple[pa.RecordBatch, str]) -> str | None:
            page, _ = answer
            return page[self.raw.trade_id][0].as_py() if page.num_rows else None

        if not cursor.last_id:  # nothing to compare the first page with but itself
            return ask_until(ask, lambda answer: first(answer) is None, first, times=2)
        if not cursor.last_id.isdigit():
            return ask_until(ask, lambda answer: first(answer) is None or answer[1] != cursor.token, first)
        return ask_until(ask, lambda answer: first(answer) in (str(int(cursor.last_id) + 1), None), first)

    def products(self) -> Generator[Request, Response, list[Product]]:
        response = yield Request("/0/public/AssetPairs", scope="AssetPairs")
        pairs = decode(_pairs, _result(response.body), venue="kraken").values()
        # pairs without a `wsname` are dark pools
        return [_product(pair) for pair in pairs if pair.wsname and pair.status == "online"]

    def parse_trades(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, oldest first; the result's key is Kraken's own and not the `pair` that was asked for.

        {"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]],
                              "last":"1688669597827736932"}}
        """
        return self._parse(body, symbol=symbol)[0]

    def _parse(self, body: bytes, *, symbol: str) -> tuple[pa.RecordBatch, str]:
        result = decode(_answer, body, venue="kraken").result
        keys = [key for key in result if key != "last"]
        if len(keys) != 1 or "last" not in result:
            raise UnexpectedPayload(f"kraken: expected one pair and `last`, found {sorted(result)}")
        rows = bytes(result[keys[0]])
        return self._batch(rows, symbol), decode(_token, bytes(result["last"]), venue="kraken")

    def _batch(self, rows: bytes, symbol: str) -> pa.RecordBatch:
        trades = decode(_trades, rows, venue="kraken")
        times = pa.array([bytes(trade.time) for trade in trades], pa.binary()).cast(pa.string())
        return batch_of(
            self.raw,
            {
                "trade_id": _ids(trades),
                "pair": pa.repeat(symbol, len(trades)),
                "price": pa.array([trade.price for trade in trades], pa.string()).cast(pa.float64()),
                "volume": pa.array([trade.volume for trade in trades], pa.string()).cast(pa.float64()),
                "time": _microseconds(times),
                "side": [trade.side for trade in trades],
                "order_type": [trade.order_type for trade in trades],
                "misc": [trade.misc for trade in trades],
                "_raw_payload": array_texts(rows, len(trades)),
            },
        )

    def check(self, response: Response) -> None:
        if response.status != 200:
            # only the edge in front of Kraken answers so
            reason = f"kraken: HTTP {response.status}"
            if response.status == 429:
                raise RateLimited(reason, retry_after=float(response.headers.get("retry-after", _PAUSE_SECONDS)))
            raise (ExchangeUnavailable if response.status >= 500 else BadRequest)(reason)
        errors = decode(_answer, response.body, venue="kraken").error
        for error in errors:
            if error.startswith(_RATE_LIMITED):
                raise RateLimited(f"kraken: {error}", retry_after=_PAUSE_SECONDS)
            if error.startswith(_UNAVAILABLE):
                raise ExchangeUnavailable(f"kraken: {error}")
            if not error.startswith("W"):  # a warning
                raise BadRequest(f"kraken: {error}")


def _token_before(since: datetime) -> str:
    # results start strictly after the token
    return str(int(since.timestamp() * 1_000_000) * 1000 - 1)


def _ids(trades: list[_Trade]) -> pa.Array:
    ids = [trade.trade_id for trade in trades]
    return pa.array(_made_ids(trades) if None in ids else ids).cast(pa.string())


def _made_ids(trades: list[_Trade]) -> list[str]:
    # The same trade must get the same id whenever it is fetched, and two alike in all of this must stay two.
    seen: Counter[str] = Counter()
    ids = []
    for trade in trades:
        what = f"{bytes(trade.time).decode()}-{trade.price}-{trade.volume}-{trade.side}"
        ids.append(f"{what}-{seen[what]}")
        seen[what] += 1
    return ids


def _microseconds(times: pa.Array) -> pa.Array:
    try:
        seconds = times.cast(pa.decimal128(28, 9))
    except pa.ArrowInvalid as error:
        raise UnexpectedPayload(f"kraken: {error}") from error
    # cut, not rounded: the tick that a trade fell into; the same digits without their point are microseconds
    cut = pc.cast(seconds, options=pc.CastOptions(pa.decimal128(28, 6), allow_decimal_truncate=True))
    return (
        pa.Array.from_buffers(pa.decimal128(28, 0), len(cut), cut.buffers()).cast(pa.int64()).cast(pa.timestamp("us"))
    )


def _result(body: bytes) -> bytes:
    class Answer(msgspec.Struct):
        result: msgspec.Raw

    return bytes(decode(msgspec.json.Decoder(Answer), body, venue="kraken").result)


def _product(pair: _Pair) -> Product:
    base, _, quote = pair.wsname.partition("/")
    return Product(pair.altname, _USUAL_NAMES.get(base, base), _USUAL_NAMES.get(quote, quote))


CONNECTOR = Kraken()
