"""Kraken spot trades.

Source: https://docs.kraken.com/api/docs/rest-api/get-recent-trades and
https://support.kraken.com/articles/218198197, read 2026-11-20.

Pages go forward by `since`, a token of nanoseconds that is kept as the text that Kraken sent: the times in the rows are
rounded, and a token made from one would skip trades. Kraken decides how many trades a page has, so only a page that is
empty or holds nothing new is the end. Errors come with HTTP 200.
"""

import re
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ...channels.payloads import (
    array_texts,
    decode,
    decode_or_none,
    decode_records,
    moments,
    mostly_equal,
    numbers,
    raw_texts,
)
from ...connector import (
    Budget,
    Cursor,
    ListedProduct,
    Request,
    Response,
    Walk,
    another_tape,
    ask_until,
    id_texts,
    in_order,
    page_of,
)
from ...errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload

_PAGE = 1000


class _Trade(msgspec.Struct, array_like=True, gc=False):
    """A trade in any form that Kraken has sent. Its texts become the id of a trade that has none."""

    price: str | None
    volume: str | None
    time: msgspec.Raw  # a double has too few digits for the time
    side: str | None
    order_type: str | None = None
    misc: str | None = None
    trade_id: int | msgspec.UnsetType = msgspec.UNSET  # recordings from before 2022 have no id


class _Numbered(msgspec.Struct, array_like=True, gc=False):
    """A trade as Kraken sends it today, with an id, so that its numbers can be read as the nearest doubles, in C."""

    price: float | None
    volume: float | None
    time: msgspec.Raw
    side: str | None
    order_type: str | None
    misc: str | None
    trade_id: int


class _Answer(msgspec.Struct):
    error: list[str]
    result: dict[str, msgspec.Raw] = {}


class _Pair(msgspec.Struct):
    altname: str
    wsname: str = ""
    status: str = "online"


_answer = msgspec.json.Decoder(_Answer)
_trades = msgspec.json.Decoder(list[_Trade])
_numbered = msgspec.json.Decoder(list[_Numbered], strict=False)
_token = msgspec.json.Decoder(str | int)
_pairs = msgspec.json.Decoder(dict[str, _Pair])

_USUAL_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
_RATE_LIMITED = (
    "EGeneral:Too many requests",
    "EAPI:Rate limit exceeded",
    "EService:Throttled",
    "EGeneral:Temporary",
)
_UNAVAILABLE = ("EService:", "EGeneral:Internal error")
_PAUSE_SECONDS = 3.0
"""The pause in seconds after a refusal. Kraken requests none; freqtrade's users settled on this one."""
_CUT = b"[[]]"
_TOKEN = re.compile(r"[0-9]{1,30}")
_SECOND_NS = 10**9

Twins = Mapping[str, int]
"""For trades without an id, all in one second: the number of trades that are identical in every field that Kraken
sends, by the text of these fields."""


@dataclass(frozen=True)
class _Page:
    rows: pa.RecordBatch
    twins: Twins
    token: str


@dataclass(frozen=True)
class Kraken:
    name: str = "kraken"
    base_url: str = "https://api.kraken.com"
    # about one request per second, for each address and pair
    budget: Budget = Budget(units=0.95, seconds=1, burst=1)
    raw: RawTable = RawTable("kraken", "trades", stream_column="pair", id_column="trade_id", time_column="time")

    def newer(self, symbol: str, after: Cursor | None, *, since: datetime) -> Walk:
        cursor = after or Cursor(_token_before(since.replace(microsecond=0)), "")
        twins = (yield from self._twins_before(symbol, after)) if after else {}
        is_reached = after is not None
        while True:
            page = yield from self._page(symbol, cursor, twins)
            trades = self._new(symbol, page.rows, cursor)
            if trades.num_rows == 0:
                return
            if int(page.token) <= int(cursor.token):
                raise UnexpectedPayload(f"kraken {symbol}: `last` stays at {page.token}, so the walk can't continue")
            cursor, twins = Cursor(page.token, page_of(self.raw, symbol, trades).cursor.last_id), page.twins
            if not is_reached:
                trades = self.raw.since(trades, since)
                is_reached = trades.num_rows > 0
            if is_reached:
                yield page_of(self.raw, symbol, trades, cursor.token)

    def _new(self, symbol: str, trades: pa.RecordBatch, cursor: Cursor) -> pa.RecordBatch:
        if not (trades.num_rows and cursor.last_id.isdigit() and _have_ids(trades[self.raw.id_column])):
            return trades
        last = int(cursor.last_id)
        if (highest := self.raw.last_id(trades)) < last:
            raise another_tape(f"kraken {symbol}", last, f"but the highest id after its time is {highest}")
        return self.raw.after(trades, last)

    def _twins_before(self, symbol: str, cursor: Cursor) -> Generator[Request, Response, Twins]:
        """The twins among the trades already landed in the second of the cursor."""
        if cursor.last_id.isdigit():
            return {}
        twins: Twins = {}
        token = str(max(0, (int(cursor.token) // _SECOND_NS - 1) * _SECOND_NS - 1))  # a shown time may be rounded up
        while int(token) < int(cursor.token):
            page = yield from self._page(symbol, Cursor(token, ""), twins)
            ids = page.rows[self.raw.id_column]
            if (place := pc.index(ids, cursor.last_id).as_py()) >= 0:
                return _twins_of(ids[: place + 1], twins)
            if int(page.token) <= int(token):
                break
            token, twins = page.token, page.twins
        return _twins_of(pa.array([cursor.last_id]))

    def _page(self, symbol: str, cursor: Cursor, twins: Twins) -> Generator[Request, Response, _Page]:
        def ask() -> Generator[Request, Response, _Page]:
            parameters = {"pair": symbol, "since": cursor.token, "count": str(_PAGE)}
            response = yield Request("/0/public/Trades", parameters, scope=symbol)
            return self._parse(response.body, symbol=symbol, twins=twins)

        def first(page: _Page) -> str | None:
            return page.rows[self.raw.id_column][0].as_py() if page.rows.num_rows else None

        what = f"kraken {symbol}"
        if not cursor.last_id:  # there is nothing to compare the first page with
            return ask_until(ask, lambda page: first(page) is None, first, what=what, times=2)
        if not cursor.last_id.isdigit():
            return ask_until(ask, lambda page: first(page) is None or page.token != cursor.token, first, what=what)
        return ask_until(ask, lambda page: first(page) in (str(int(cursor.last_id) + 1), None), first, what=what)

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        response = yield Request("/0/public/AssetPairs", scope="AssetPairs")
        pairs = decode(_pairs, _result(response.body), exchange="kraken").values()
        # pairs without a `wsname` are dark pools
        return [_product(pair) for pair in pairs if pair.wsname and pair.status == "online"]

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Parse a page, oldest first; the result's key is Kraken's own, not the `pair` of the request.

        {"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]],
                              "last":"1688669597827736932"}}
        """
        return self._parse(body, symbol=symbol, twins={}).rows

    def _parse(self, body: bytes, *, symbol: str, twins: Twins) -> _Page:
        result, numbered = _decoded(body)
        keys = [key for key in result if key != "last"]
        if len(keys) != 1 or "last" not in result:
            found = printable(str(sorted(result)), 100)
            raise UnexpectedPayload(f"kraken: expected one pair and `last`, found {found}")
        token = str(decode(_token, result["last"], exchange="kraken"))
        if _TOKEN.fullmatch(token) is None:
            raise UnexpectedPayload(f"kraken: expected nanoseconds in `last`, found {printable(token, 60)!r}")
        return _Page(*self._batch(result[keys[0]], numbered, symbol, twins), token)

    def _batch(
        self, rows: bytes, numbered: list[_Numbered] | None, symbol: str, twins: Twins
    ) -> tuple[pa.RecordBatch, Twins]:
        """The trades, and the twins after them."""
        numbered = numbered or decode_or_none(_numbered, rows)
        if numbered is not None:
            ids = [trade.trade_id for trade in numbered]
            return in_order(self._columns(numbered, id_texts(ids, exchange="kraken"), rows, symbol), ids), twins
        trades = decode_records(_trades, _Trade, rows, exchange="kraken")
        ids = [trade.trade_id for trade in trades if trade.trade_id is not msgspec.UNSET]
        texts = id_texts(ids, exchange="kraken")
        if len(ids) == len(trades):
            return in_order(self._columns(trades, texts, rows, symbol), ids), twins
        made = pa.array(_made_ids(trades, twins))
        return self._columns(trades, made, rows, symbol), _twins_of(made, twins)

    def _columns(self, trades: Sequence[_Trade | _Numbered], ids: pa.Array, rows: bytes, symbol: str) -> pa.RecordBatch:
        return self.raw.batch(
            {
                "trade_id": ids,
                "pair": pa.repeat(symbol, len(trades)),
                "price": numbers([trade.price for trade in trades]),
                "volume": numbers([trade.volume for trade in trades]),
                "time": _microseconds([trade.time for trade in trades]),
                "side": [trade.side for trade in trades],
                "order_type": [trade.order_type for trade in trades],
                "misc": mostly_equal([trade.misc for trade in trades], pa.string()),
                "_raw_payload": array_texts(rows, len(trades)),
            },
        )

    def check(self, response: Response) -> None:
        if response.status != 200:
            # only the proxy in front of Kraken responds like this
            reason = f"kraken: HTTP {response.status}"
            if response.asks_for_a_pause:
                raise RateLimited(reason, retry_after=response.retry_after)
            raise (ExchangeUnavailable if response.status >= 500 else BadRequest)(reason)
        errors = decode(_answer, response.body, exchange="kraken").error
        for error in errors:
            reason = f"kraken: {printable(error)}"
            if error.startswith(_RATE_LIMITED):
                raise RateLimited(reason, retry_after=_PAUSE_SECONDS)
            if error.startswith(_UNAVAILABLE):
                raise ExchangeUnavailable(reason)
            if not error.startswith("W"):  # a warning
                raise BadRequest(reason)


def _decoded(body: bytes) -> tuple[dict[str, bytes], list[_Numbered] | None]:
    """The results of a page as JSON, by name; and its trades, if all of them are numbered and read already.

    The trades are cut out of the body, so that they are read once instead of twice.
    """
    start, stop = body.find(b"[["), body.rfind(b"]]") + 2
    rows = body[start:stop]
    numbered = decode_or_none(_numbered, rows) if body.isascii() else None
    rest = decode_or_none(_answer, body[:start] + _CUT + body[stop:]) if numbered else None
    if rest is not None:
        results = _by_name(rest)
        # the rest has no other double brackets, so a result that reads like these is the place of the trades
        if (cut := next((key for key, result in results.items() if result == _CUT), None)) is not None:
            return {**results, cut: rows}, numbered
    return _by_name(decode(_answer, body, exchange="kraken")), None


def _by_name(answer: _Answer) -> dict[str, bytes]:
    return {key: bytes(result) for key, result in answer.result.items()}


def _token_before(since: datetime) -> str:
    # results start strictly after the token
    return str(max(0, int(since.timestamp() * 1_000_000) * 1000 - 1))


def _have_ids(ids: pa.StringArray) -> bool:
    return bool(pc.all(pc.utf8_is_digit(ids)).as_py())


def _made_ids(trades: list[_Trade], twins: Twins) -> list[str]:
    # The same trade must get the same id whenever it is fetched, and two identical trades must stay two, even if one
    # is the last of a page and the other the first of the next.
    seen = Counter(twins)
    ids = []
    for trade in trades:
        if trade.trade_id is not msgspec.UNSET:
            ids.append(str(trade.trade_id))
            continue
        what = f"{_time_text(trade)}-{trade.price}-{trade.volume}-{trade.side}"
        ids.append(f"{what}-{seen[what]}")
        seen[what] += 1
    return ids


def _twins_of(ids: pa.StringArray, before: Twins | None = None) -> Twins:
    """The counts of twins after trades with these ids. Only twins with the last trade's shown time matter."""
    last = ids[-_PAGE:]
    made = last.filter(pc.match_substring(last, "-")).to_pylist()
    return {**(before or {}), **{what: int(number) + 1 for what, _, number in (one.rpartition("-") for one in made)}}


def _time_text(trade: _Trade) -> str:
    return bytes(trade.time).decode().strip('"')


def _microseconds(raw: Sequence[msgspec.Raw]) -> pa.Array:
    times = raw_texts(raw)
    try:
        seconds = times.cast(pa.decimal128(18, 7))  # Kraken sends up to seven digits after the point
    except pa.ArrowInvalid:
        return moments(times.to_pylist())
    digits = pa.Array.from_buffers(pa.decimal128(18, 0), len(seconds), seconds.buffers()).cast(pa.int64())
    if len(times) and pc.min(digits).as_py() < 0:
        return moments(times.to_pylist())
    return pc.divide(digits, 10).view(pa.timestamp("us"))  # truncated, not rounded


def _result(body: bytes) -> bytes:
    class Answer(msgspec.Struct):
        result: msgspec.Raw

    return bytes(decode(msgspec.json.Decoder(Answer), body, exchange="kraken").result)


def _product(pair: _Pair) -> ListedProduct:
    base, _, quote = pair.wsname.partition("/")
    return ListedProduct(pair.altname, _USUAL_NAMES.get(base, base), _USUAL_NAMES.get(quote, quote))


CONNECTOR = Kraken()
