"""Kraken spot trades and quotes over WebSocket, version 2 of its API.

Source: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/trade and
https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ticker, read 2026-11-20.

Version 1 has no trade ids. Version 2 writes differently what REST writes: BTC/USD for XBTUSD, `buy` for `b`, `market`
for `m`, numbers for prices, and times to the microsecond, where REST has one more digit that may be rounded. The rows
have REST's spelling, so that one mapping reads both. `misc` is null, because version 2 doesn't send it. A subscription
begins with the last 50 trades, which often close the hole that a lost connection has left.
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
_NOT_SUPPORTED = re.compile(r"not supported (\S+)")
"""In the text of a refusal: the product, which was not always a field of its own."""
_KNOWN = ("trade", "ticker", "subscribe")
_SIDES = {"buy": "b", "sell": "s"}
_ORDER_TYPES = {"market": "m", "limit": "l"}


class _Trade(msgspec.Struct, gc=False, kw_only=True):  # in Kraken's order, in which it is decoded fastest
    symbol: str
    side: str | None
    price: float | None
    qty: float | None
    ord_type: str | None = None
    trade_id: int
    timestamp: str | int | None


class _Ticker(msgspec.Struct):
    symbol: str
    bid: float | None = None
    bid_qty: float | None = None
    ask: float | None = None
    ask_qty: float | None = None
    timestamp: str | int | None = None


class _Result(msgspec.Struct):
    channel: str = ""
    symbol: str = ""


class _Message(msgspec.Struct):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw()
    method: str = ""
    result: _Result | None = None
    success: bool = True
    error: str = ""
    symbol: str = ""
    time_out: str | int | None = None


class _Kind(msgspec.Struct):
    channel: str = ""
    method: str = ""


_trades = msgspec.json.Decoder(list[_Trade], strict=False)
_tickers = msgspec.json.Decoder(list[_Ticker], strict=False)
_message = msgspec.json.Decoder(_Message)
_kind = msgspec.json.Decoder(_Kind)
_id_of = attrgetter("trade_id")
_name_of = attrgetter("symbol")


@dataclass(frozen=True)
class KrakenStream:
    name: str = "kraken"
    url: str = "wss://ws.kraken.com"
    path: str = "/v2"
    raw: RawTable = RawTable("kraken", "trades", stream_column="pair", id_column="trade_id", time_column="time")
    # about 150 connections in 10 minutes for each address
    limits: StreamLimits = StreamLimits(
        products=200,
        messages=Budget(units=2, seconds=1, burst=2),
        connections=Budget(units=75, seconds=600, burst=5),
    )
    silence_seconds: float = 10.0  # a heartbeat comes after a second without other messages
    has_heartbeats: bool = True
    longest_seconds: float | None = None
    regular: Regular | None = None

    def wire_name(self, product: ListedProduct) -> str:
        # version 2 has the usual names of assets, BTC and DOGE, where REST has XBT and XDG
        return f"{product.base}/{product.quote}"

    def subscriptions(
        self, products: Sequence[ListedProduct], *, quotes: bool, first_request: int
    ) -> list[Subscription]:
        batches = [products[start : start + _BATCH] for start in range(0, len(products), _BATCH)]
        requests = [(batch, True) for batch in batches] + [(batch, False) for batch in batches if quotes]
        return [
            Subscription(
                _subscribe([self.wire_name(product) for product in batch], number, is_for_trades=is_for_trades),
                tuple(product.symbol for product in batch) if is_for_trades else (),
                number,
            )
            for number, (batch, is_for_trades) in enumerate(requests, start=first_request)
        ]

    def parse(self, messages: Sequence[bytes], symbols: Mapping[str, str]) -> Heard:
        """Parse the messages of the channels `trade`, `ticker` and `heartbeat`.

        {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":109601.2,"qty":0.04561994,
         "ord_type":"market","trade_id":83449369,"timestamp":"2025-05-27T11:24:03.847761Z"}]}
        """
        parts, others = _sorted(messages)
        decoded = decode_trades(_trades, _Trade, parts, symbols, exchange="kraken", id_of=_id_of, name_of=_name_of)
        trades = decoded.trades
        batch = self.raw.batch(
            {
                "trade_id": id_texts(decoded.ids, exchange="kraken"),
                "pair": pa.array(decoded.symbols, pa.string()),
                "price": numbers([trade.price for trade in trades]),
                "volume": numbers([trade.qty for trade in trades]),
                "time": written_times([trade.timestamp for trade in trades]),
                "side": _spelled(_SIDES, [trade.side for trade in trades]),
                "order_type": _spelled(_ORDER_TYPES, [trade.ord_type for trade in trades]),
                "misc": pa.nulls(len(trades), pa.string()),
                "_raw_payload": decoded.texts,
            },
        )
        heard = Heard(batch, decoded.ids, problems=decoded.problems)
        if trades:
            heard.note_time(time_of(trades[-1].timestamp))
        for other in others:
            if isinstance(other, bytes):
                heard.problems.append(unknown_message(other, exchange="kraken"))
            else:
                _note(heard, other, symbols)
        return heard


def _spelled(spellings: Mapping[str, str], values: Sequence[str | None]) -> list[str | None]:
    """Each value as REST writes it; others stay as they are, so that they are rejected later, in sight."""
    return [None if value is None else spellings.get(value, value) for value in values]


def _subscribe(names: Sequence[str], number: int, *, is_for_trades: bool) -> str:
    channel: dict[str, object] = (
        {"channel": "trade", "snapshot": True} if is_for_trades else {"channel": "ticker", "event_trigger": "bbo"}
    )
    parameters = {**channel, "symbol": names}
    return msgspec.json.encode({"method": "subscribe", "params": parameters, "req_id": number}).decode()


def _sorted(messages: Sequence[bytes]) -> tuple[list[bytes], list[_Message | bytes]]:
    """The trades of each message, and the other messages; those that can't be decoded stay as they are."""
    parts: list[bytes] = []
    others: list[_Message | bytes] = []
    for text in messages:
        message = decode_or_none(_message, text)
        if message is None:
            kind = decode_or_none(_kind, text)
            if kind is None or kind.channel in _KNOWN or kind.method in _KNOWN:
                others.append(text)  # messages of other kinds may have other fields of the same names
        elif message.channel == "trade" and message.data:
            parts += [trades] if (trades := _inside(bytes(message.data))) else []
        else:
            others.append(message)
    return parts, others


def _inside(array: bytes) -> bytes:
    """What is between the brackets of an array; what isn't an array stays as it is, and is no trade."""
    array = array.strip()
    return array[1:-1].strip() if array[:1] == b"[" else array


def _note(heard: Heard, message: _Message, symbols: Mapping[str, str]) -> None:
    """Take a message that is not a trade into account. Those of unknown types mean nothing."""
    heard.note_time(time_of(message.time_out))
    if message.method == "subscribe" and not message.success:
        named = _NOT_SUPPORTED.search(message.error)
        symbol = symbols.get(message.symbol or (named[1] if named else ""))
        what = "kraken" if symbol is None else f"kraken {symbol}"
        said = printable(message.error) or "no reason given"
        heard.refusals.append(Refusal(BadRequest(f"{what}: {said}"), symbol, is_whole_request=symbol is None))
    elif message.method == "subscribe" and message.result is not None and message.result.channel == "trade":
        if (symbol := symbols.get(message.result.symbol)) is not None:
            heard.acknowledged.add(symbol)
    elif message.channel == "ticker":
        for ticker in decode_or_none(_tickers, bytes(message.data)) or []:
            sides = (ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)
            symbol = symbols.get(ticker.symbol)
            quote = None if symbol is None else quote_of(symbol, sides, time_of(ticker.timestamp))
            if quote is not None:
                heard.quotes.append(quote)


STREAM = KrakenStream()
