"""Kraken spot trades.

Source: https://docs.kraken.com/api/docs/rest-api/get-recent-trades and
https://support.kraken.com/articles/218198197, read 2026-11-20.

Pages go forward by `since`, a token of nanoseconds that is kept as the text that Kraken sent: the times in the rows are
rounded, and a token made from one would skip trades. Kraken decides how many trades a page has, so only a page that is
empty or holds nothing new is the end. Errors come with HTTP 200.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import Hole
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
    page_of,
)
from ...errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload


class _Trade(msgspec.Struct, array_like=True, gc=False):
    """A trade whose price or volume may be anything, so that what is wrong with it can be named."""

    price: str | None
    volume: str | None
    time: msgspec.Raw  # a double has too few digits for the time
    side: str | None
    order_type: str | None
    misc: str | None
    trade_id: int


class _Numbered(msgspec.Struct, array_like=True, gc=False):
    """A trade as Kraken sends it, so that its numbers can be read as the nearest doubles, in C."""

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
_KEY_OF_OLD_ASSETS = re.compile(r"X([A-Z]{3})[XZ]([A-Z]{3})")
"""Assets of Kraken's first years have an X or a Z before them in keys of pairs."""
_ROUNDING = timedelta(seconds=1)
"""How much earlier than requested a walk without a token begins: times are shown rounded, up or down."""


@dataclass(frozen=True)
class _Page:
    rows: pa.RecordBatch
    token: str


@dataclass(frozen=True)
class Kraken:
    name: str = "kraken"
    base_url: str = "https://api.kraken.com"
    # about one request per second, for each address and pair
    budget: Budget = Budget(units=0.95, seconds=1, burst=1)
    page_rows: int = 1_000
    page_weight: float = 1
    raw: RawTable = RawTable("kraken", "trades", stream_column="pair", id_column="trade_id", time_column="time")
    history: History | None = None

    def walk(self, symbol: str, hole: Hole) -> Walk:
        token = hole.token or _token_before(hole.since_time - _ROUNDING)
        low = hole.low
        is_next = hole.token is not None  # whether the next page must begin with `low`
        is_reached = hole.resumes
        is_proven = is_next or not hole.resumes
        while hole.high is None or low < hole.high:
            page = yield from self._page(symbol, token, low if is_next else None)
            if page.rows.num_rows == 0:
                return
            highest = self.raw.last_id(page.rows)
            is_last = hole.high is not None and highest >= hole.high
            trades = self.raw.between(page.rows, low, hole.high)
            if highest < low and is_next:
                if highest == low - 1:  # only the trade before, whose shown time may be later than the token
                    return
                raise another_tape(f"kraken {symbol}", low - 1, f"but the highest id after its time is {highest}")
            if int(page.token) <= int(token):
                raise UnexpectedPayload(f"kraken {symbol}: `last` stays at {page.token}, so the walk can't continue")
            token = page.token
            if not is_reached:
                trades = self.raw.since(trades, hole.since_time)
                is_reached = trades.num_rows > 0
                low = self.raw.first_id(trades) or low
            elif not is_proven:  # nothing shows yet that the walk began early enough for `low`
                is_proven = (self.raw.first_id(page.rows) or 0) <= low
                low = low if is_proven or not trades.num_rows else self.raw.first_id(trades) or low
            is_next = is_reached and highest >= low
            if is_next:
                claimed = page_of(self.raw, symbol, trades, low, hole.high if is_last else None, token=token)
                low = claimed.high
                yield replace(claimed, token=None) if is_last else claimed

    def _page(self, symbol: str, token: str, low: int | None) -> Generator[Request, Response, _Page]:
        def ask(since: str = token) -> Generator[Request, Response, _Page]:
            parameters = {"pair": symbol, "since": since, "count": str(self.page_rows)}
            response = yield Request("/0/public/Trades", parameters, scope=symbol)
            return self._parse(response.body, symbol=symbol)

        def ask_from_low() -> Generator[Request, Response, _Page]:
            page = yield from ask()
            if low is not None and (first(page) or 0) > low:
                # of trades that share their nanosecond with the token, `since` leaves out those of the next page, too
                earlier = yield from ask(str(max(0, int(token) - 1)))
                return earlier if has_low(earlier) else page
            return page

        def first(page: _Page) -> int | None:
            return self.raw.first_id(page.rows)

        def has_low(page: _Page) -> bool:
            return low is not None and self.raw.first_id(self.raw.between(page.rows, low, low + 1)) == low

        what = f"kraken {symbol}"
        if low is None:  # there is nothing to compare the page with
            return ask_until(ask, lambda _: False, first, what=what, times=TIMES_IF_UNCHECKED)
        return ask_until(ask_from_low, lambda page: first(page) is None or has_low(page), first, what=what)

    def key_at(self, symbol: str, moment: datetime) -> Generator[Request, Response, int]:
        page = yield from self._page(symbol, _token_before(moment), None)
        if page.rows.num_rows:
            return self.raw.first_id(page.rows) or 0

        def ask() -> Generator[Request, Response, pa.RecordBatch]:
            response = yield Request("/0/public/Trades", {"pair": symbol}, scope=symbol)
            return self._parse(response.body, symbol=symbol).rows

        newest = yield from newest_trades(ask, what=f"kraken {symbol}")
        return self.raw.last_id(newest) + 1 if newest.num_rows else 0

    def usual_name(self, symbol: str) -> str:
        """XBTUSD for XXBTZUSD, which is its key in AssetPairs, and for XBT/USD, its name over WebSockets."""
        name = symbol.replace("/", "")
        return "".join(found.groups()) if (found := _KEY_OF_OLD_ASSETS.fullmatch(name)) else name

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
        return self._parse(body, symbol=symbol).rows

    def _parse(self, body: bytes, *, symbol: str) -> _Page:
        result, numbered = _decoded(body)
        keys = [key for key in result if key != "last"]
        if len(keys) != 1 or "last" not in result:
            found = printable(str(sorted(result)), 100)
            raise UnexpectedPayload(f"kraken: expected one pair and `last`, found {found}")
        token = str(decode(_token, result["last"], exchange="kraken"))
        if _TOKEN.fullmatch(token) is None:
            raise UnexpectedPayload(f"kraken: expected nanoseconds in `last`, found {printable(token, 60)!r}")
        rows = result[keys[0]]
        numbered = numbered or decode_or_none(_numbered, rows)
        trades: Sequence[_Trade] | Sequence[_Numbered]
        trades = decode_records(_trades, _Trade, rows, exchange="kraken") if numbered is None else numbered
        ids = [trade.trade_id for trade in trades]
        return _Page(in_order(self._columns(trades, id_texts(ids, exchange="kraken"), rows, symbol), ids), token)

    def _columns(
        self, trades: Sequence[_Trade] | Sequence[_Numbered], ids: pa.Array, rows: bytes, symbol: str
    ) -> pa.RecordBatch:
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
