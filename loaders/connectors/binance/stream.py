"""Binance spot trades and quotes over WebSocket.

Source: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams, state of 2026-07-21.

Raw streams (`/ws`) are used, in which a message is a trade's own text. There is no sequence number and no replay: only
the ids show what is missing. A connection lives for 24 hours, and `serverShutdown` announces an earlier end. An unknown
product isn't refused; its stream stays silent. The stream has no `quoteQty`, so `quote_qty` is null; it isn't computed,
because raw rows hold what the exchange sent. `bookTicker` has no time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import msgspec
import pyarrow as pa

from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ...channels.payloads import decode_or_none, mostly_equal, numbers
from ...channels.stream_payloads import decode_trades, numeric_times, quote_of, time_of, unknown_message
from ...connector import Budget, ListedProduct, id_texts
from ...errors import BadRequest
from ...stream import Heard, Refusal, Regular, StreamLimits, Subscription

_BATCH = 50
_TRADE = b'{"e":"trade"'


class _Trade(msgspec.Struct, gc=False, kw_only=True):  # in Binance's order, in which it is decoded fastest
    E: int | str | None = None
    s: str
    t: int
    p: float | None
    q: float | None
    T: int | str | None
    m: bool | None
    M: bool | None = None


class _Error(msgspec.Struct):
    code: int
    msg: str = ""


class _Message(msgspec.Struct):
    e: str = ""
    E: int | str | None = None
    s: str = ""
    b: float | None = None
    B: float | None = None
    a: float | None = None
    A: float | None = None
    id: int | str | None = None
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _Error | None = None
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()


class _Kind(msgspec.Struct):
    e: str


# prices are strings: `strict=False` reads them as the nearest double, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_message = msgspec.json.Decoder(_Message, strict=False)
_kind = msgspec.json.Decoder(_Kind)
_id_of = attrgetter("t")
_name_of = attrgetter("s")


@dataclass(frozen=True)
class BinanceStream:
    name: str = "binance"
    url: str = "wss://stream.binance.com:9443"
    path: str = "/ws?timeUnit=MICROSECOND"
    raw: RawTable = RawTable("binance", "trades", stream_column="symbol", id_column="id", time_column="time")
    # 1,024 streams in a connection, two for each product with quotes; 5 messages per second, pongs included; 300
    # connections in 5 minutes for each address
    limits: StreamLimits = StreamLimits(
        products=400,
        messages=Budget(units=2, seconds=1, burst=2),
        connections=Budget(units=150, seconds=300, burst=10),
    )
    silence_seconds: float = 50.0  # the exchange sends a ping every 20 seconds
    has_heartbeats: bool = False
    longest_seconds: float | None = 23.5 * 3600
    regular: Regular | None = None

    def wire_name(self, product: ListedProduct) -> str:
        return product.symbol

    def subscriptions(
        self, products: Sequence[ListedProduct], *, quotes: bool, first_request: int
    ) -> list[Subscription]:
        names = [product.symbol for product in products]
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        return [
            Subscription(_subscribe(batch, number, quotes=quotes), tuple(batch), number)
            for number, batch in enumerate(batches, start=first_request)
        ]

    def parse(self, messages: Sequence[bytes], symbols: Mapping[str, str]) -> Heard:
        """Parse the messages of `trade` and `bookTicker` streams; combined streams are accepted too.

        {"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}
        {"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}
        """
        parts, others = _sorted(messages)
        decoded = decode_trades(_trades, _Trade, parts, symbols, exchange="binance", id_of=_id_of, name_of=_name_of)
        trades = decoded.trades
        batch = self.raw.batch(
            {
                "id": id_texts(decoded.ids, exchange="binance"),
                "symbol": pa.array(decoded.symbols, pa.string()),
                "price": numbers([trade.p for trade in trades]),
                "qty": numbers([trade.q for trade in trades]),
                "quote_qty": pa.nulls(len(trades), pa.float64()),
                "time": numeric_times([trade.T for trade in trades]),
                "is_buyer_maker": [trade.m for trade in trades],
                "is_best_match": mostly_equal([trade.M for trade in trades], pa.bool_()),
                "_raw_payload": decoded.texts,
            },
        )
        heard = Heard(batch, decoded.ids, problems=decoded.problems)
        if trades:
            heard.note_time(time_of(trades[-1].E))
        for other in others:
            if isinstance(other, bytes):
                heard.problems.append(unknown_message(other, exchange="binance"))
            else:
                _note(heard, other, symbols)
        return heard


def _subscribe(names: Sequence[str], number: int, *, quotes: bool) -> str:
    channels = ("trade", "bookTicker") if quotes else ("trade",)
    streams = [f"{name.lower()}@{channel}" for name in names for channel in channels]
    return msgspec.json.encode({"method": "SUBSCRIBE", "params": streams, "id": number}).decode()


def _sorted(messages: Sequence[bytes]) -> tuple[list[bytes], list[_Message | bytes]]:
    """The trades, and the other messages; those that can't be decoded stay as they are."""
    parts: list[bytes] = []
    others: list[_Message | bytes] = []
    for text in messages:
        if text.startswith(_TRADE) and text.endswith(b"}"):
            parts.append(text)
            continue
        message = decode_or_none(_message, text)
        if message is not None and message.stream:
            text = bytes(message.data)
            message = decode_or_none(_message, text)
        if message is not None:
            parts.append(text) if message.e == "trade" else others.append(message)
        elif (kind := decode_or_none(_kind, text)) is None or kind.e == "trade":
            others.append(text)  # events of other kinds have other fields of the same names
    return parts, others


def _note(heard: Heard, message: _Message, symbols: Mapping[str, str]) -> None:
    """Take a message that is not a trade into account. Those of unknown types mean nothing."""
    heard.note_time(time_of(message.E))
    if message.error is not None:
        said = f"{message.error.code} {printable(message.error.msg)}"
        heard.refusals.append(Refusal(BadRequest(f"binance: {said}"), None, is_whole_request=True))
    elif message.result is not msgspec.UNSET and isinstance(message.id, int):
        heard.acknowledged_requests.add(message.id)
    elif message.e == "serverShutdown":
        heard.wants_reconnect = True
    elif not message.e and message.s in symbols:
        sides = (message.b, message.B, message.a, message.A)
        if (quote := quote_of(symbols[message.s], sides, None)) is not None:
            heard.quotes.append(quote)


STREAM = BinanceStream()
