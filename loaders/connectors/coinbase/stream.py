"""Coinbase Exchange trades and quotes over WebSocket.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels and
https://docs.cdp.coinbase.com/exchange/websocket-feed/rate-limits, read 2026-11-20.

The exchange ends a connection that hasn't subscribed within 5 seconds. A subscription begins with `last_match`, an
older trade, which may have landed already. `sequence` counts all events of a product, so only `trade_id` shows what is
missing; each second, `heartbeat` names the last one. `side` is the MAKER's, as it is in REST. One unknown product makes
the exchange ignore the whole request.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import msgspec
import pyarrow as pa

from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

from ...channels.payloads import decode_or_none, numbers
from ...channels.stream_payloads import decode_trades, quote_of, time_of, unknown_message, written_times
from ...connector import Budget, ListedProduct, id_texts
from ...errors import BadRequest
from ...stream import Heard, Refusal, Regular, StreamLimits, Subscription

_BATCH = 50
_TRADE = b'{"type":"match"'
_TRADES = ("match", "last_match")
_KNOWN = (*_TRADES, "heartbeat", "ticker", "subscriptions", "error")
_NOT_A_PRODUCT = re.compile(r"\s*(\S+) is not a valid product")


class _Trade(msgspec.Struct, gc=False, kw_only=True):  # in Coinbase's order, in which it is decoded fastest
    trade_id: int
    side: str | None
    size: float | None
    price: float | None
    product_id: str
    time: str | int | None


class _Channel(msgspec.Struct):
    name: str
    product_ids: list[str] = []


class _Message(msgspec.Struct):
    type: str = ""
    product_id: str = ""
    last_trade_id: int | None = None
    time: str | int | None = None
    message: str = ""
    reason: str = ""
    channels: list[_Channel] = []
    best_bid: float | None = None
    best_bid_size: float | None = None
    best_ask: float | None = None
    best_ask_size: float | None = None


class _Kind(msgspec.Struct):
    type: str


# prices are strings: `strict=False` reads them as the nearest double, in C
_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_message = msgspec.json.Decoder(_Message, strict=False)
_kind = msgspec.json.Decoder(_Kind)
_id_of = attrgetter("trade_id")
_name_of = attrgetter("product_id")


@dataclass(frozen=True)
class CoinbaseStream:
    name: str = "coinbase"
    url: str = "wss://ws-feed.exchange.coinbase.com"
    path: str = ""
    raw: RawTable = RawTable("coinbase", "trades", stream_column="product_id", id_column="trade_id", time_column="time")
    # 100 messages per second, and 8 connections per second and address; the headroom is for others
    limits: StreamLimits = StreamLimits(
        products=200,
        messages=Budget(units=20, seconds=1, burst=20),
        connections=Budget(units=2, seconds=1, burst=4),
    )
    silence_seconds: float = 10.0  # each product has a heartbeat every second
    has_heartbeats: bool = True
    longest_seconds: float | None = None
    regular: Regular | None = None

    def wire_name(self, product: ListedProduct) -> str:
        return product.symbol

    def subscriptions(
        self, products: Sequence[ListedProduct], *, quotes: bool, first_request: int
    ) -> list[Subscription]:
        channels = ["matches", "heartbeat", *(["ticker"] if quotes else [])]
        names = [product.symbol for product in products]
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        return [
            Subscription(_subscribe(batch, channels), tuple(batch), first_request + place)
            for place, batch in enumerate(batches)
        ]

    def parse(self, messages: Sequence[bytes], symbols: Mapping[str, str]) -> Heard:
        """Parse messages of the channels `matches`, `heartbeat` and `ticker`.

        {"type":"match","trade_id":865127782,"maker_order_id":"..","taker_order_id":"..","side":"buy",
         "size":"0.00004147","price":"116827.85","product_id":"BTC-USD","sequence":110614077300,
         "time":"2025-08-22T20:11:30.012637Z"}
        {"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD",
         "time":"2014-11-07T08:19:28.464459Z"}
        """
        parts, others = _sorted(messages)
        decoded = decode_trades(_trades, _Trade, parts, symbols, exchange="coinbase", id_of=_id_of, name_of=_name_of)
        trades = decoded.trades
        batch = self.raw.batch(
            {
                "trade_id": id_texts(decoded.ids, exchange="coinbase"),
                "product_id": pa.array(decoded.symbols, pa.string()),
                "price": numbers([trade.price for trade in trades]),
                "size": numbers([trade.size for trade in trades]),
                "side": [trade.side for trade in trades],
                "time": written_times([trade.time for trade in trades]),
                "_raw_payload": decoded.texts,
            },
        )
        heard = Heard(batch, decoded.ids, problems=decoded.problems)
        if trades:
            heard.note_time(time_of(trades[-1].time))
        for other in others:
            if isinstance(other, bytes):
                heard.problems.append(unknown_message(other, exchange="coinbase"))
            else:
                _note(heard, other, symbols)
        return heard


def _sorted(messages: Sequence[bytes]) -> tuple[list[bytes], list[_Message | bytes]]:
    """The trades, and the other messages; those that can't be decoded stay as they are."""
    parts: list[bytes] = []
    others: list[_Message | bytes] = []
    for text in messages:
        if text.startswith(_TRADE) and text.endswith(b"}"):
            parts.append(text)
            continue
        message = decode_or_none(_message, text)
        if message is not None:
            parts.append(text) if message.type in _TRADES else others.append(message)
        elif (kind := decode_or_none(_kind, text)) is None or kind.type in _KNOWN:
            others.append(text)  # messages of other types may have other fields of the same names
    return parts, others


def _note(heard: Heard, message: _Message, symbols: Mapping[str, str]) -> None:
    """Take a message that is not a trade into account. Those of unknown types mean nothing."""
    heard.note_time(time_of(message.time))
    symbol = symbols.get(message.product_id)
    if message.type == "heartbeat" and symbol is not None and message.last_trade_id is not None:
        heard.newest_ids[symbol] = max(message.last_trade_id, heard.newest_ids.get(symbol, 0))
    elif message.type == "ticker" and symbol is not None:
        sides = (message.best_bid, message.best_bid_size, message.best_ask, message.best_ask_size)
        if (quote := quote_of(symbol, sides, time_of(message.time))) is not None:
            heard.quotes.append(quote)
    elif message.type == "subscriptions":
        names = [name for channel in message.channels if channel.name == "matches" for name in channel.product_ids]
        heard.acknowledged |= {symbols[name] for name in names if name in symbols}
    elif message.type == "error":
        heard.refusals.append(_refusal(message, symbols))


def _refusal(message: _Message, symbols: Mapping[str, str]) -> Refusal:
    found = _NOT_A_PRODUCT.match(message.reason)
    symbol = None if found is None else symbols.get(found[1])
    what = "coinbase" if symbol is None else f"coinbase {symbol}"
    said = printable(": ".join(part for part in (message.message, message.reason) if part)) or "no reason given"
    return Refusal(BadRequest(f"{what}: {said}"), symbol, is_whole_request=True)


def _subscribe(names: Sequence[str], channels: Sequence[str]) -> str:
    return msgspec.json.encode({"type": "subscribe", "product_ids": names, "channels": channels}).decode()


STREAM = CoinbaseStream()
