"""Kraken's WebSocket v2: the channels `trade` and `ticker`, `heartbeat`, and `ping`.

Written from docs.kraken.com/exchange/api-reference/spot-websocket-v2 (trade, ticker, ping), read 2026-11, with the
shapes of recorded messages. Symbols are `BTC/USD`; XBT is refused. One message; the side is the taker's, prices and
quantities are JSON numbers, and times have microseconds. The trades of one message need not be of one taker:

    {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":109601.2,"qty":0.04561994,
     "ord_type":"market","trade_id":83449369,"timestamp":"2025-05-27T11:24:03.847761Z"}]}

The statistics of 24 hours that the real `ticker` has (volume, vwap, low, high, change) are left out here.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulator.exchanges.feed import Feed, Message, Moment, TradeGroup
from simulator.exchanges.quotes import quote_after
from simulator.exchanges.tape import Tape, join_page

_SNAPSHOT_TRADES = 50
_CHANNELS = ("trade", "ticker")
_SIDES = {"b": "buy", "s": "sell"}
_ORDER_TYPES = {"l": "limit", "m": "market"}
_STATUS = {"api_version": "v2", "connection_id": 13834774380200032777, "system": "online", "version": "2.0.10"}


class _Parameters(msgspec.Struct):
    channel: str = ""
    symbol: list[str] = []
    snapshot: bool | None = None
    event_trigger: str = "trades"


class _Request(msgspec.Struct):
    method: str
    params: _Parameters = msgspec.field(default_factory=_Parameters)
    req_id: int | None = None


class KrakenFeed(Feed):
    """One connection to Kraken's WebSocket v2."""

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        super().__init__(tapes)
        self._products = {tape.symbol.replace("-", "/"): product for product, tape in tapes.items()}
        self._subscriptions: dict[str, list[str]] = {channel: [] for channel in _CHANNELS}

    def opened(self, _: Moment) -> list[Message]:
        return [_message({"channel": "status", "data": [_STATUS], "type": "update"})]

    def received(self, text: str, moment: Moment) -> list[Message]:  # noqa: ARG002 # it has no limit
        try:
            request = msgspec.json.decode(text, type=_Request)
        except msgspec.MsgspecError:
            return [_message({"error": "Malformed request", "success": False, **_times()})]
        match request.method:
            case "ping":
                return [_message({"method": "pong", **_request_id(request), **_times()})]
            case "subscribe" | "unsubscribe":
                return self._change(request)
        return [_refused(request, "Method not found")]

    def messages_of(self, group: TradeGroup, moment: Moment) -> list[Message]:  # noqa: ARG002 # trades carry their time
        messages = []
        if group.product in self._subscriptions["trade"]:
            messages.append(_trades("update", group.tape, group.start, group.stop))
        if group.product in self._subscriptions["ticker"]:
            messages.append(_ticker("update", group.tape, group.stop - 1))
        return messages

    def second_passed(self, moment: Moment, *, is_idle: bool) -> list[Message]:  # noqa: ARG002 # it carries no time
        is_subscribed = any(self._subscriptions.values())
        return [_message({"channel": "heartbeat"})] if is_idle and is_subscribed else []

    def _change(self, request: _Request) -> list[Message]:
        parameters = request.params
        if parameters.channel not in _CHANNELS:
            return [_refused(request, f"Unsupported channel {parameters.channel}")]
        if not parameters.symbol:
            return [_refused(request, "Symbol(s) not provided")]
        change = self._subscribe if request.method == "subscribe" else self._unsubscribe
        answers = [change(request, symbol) for symbol in parameters.symbol]
        self.has_subscribed = True
        self.follow_only({product for products in self._subscriptions.values() for product in products})
        acknowledgements = [acknowledgement for acknowledgement, _ in answers]
        return acknowledgements + [message for _, messages in answers for message in messages]

    def _subscribe(self, request: _Request, symbol: str) -> tuple[Message, list[Message]]:
        product, channel = self._products.get(symbol), request.params.channel
        if product is None:
            return _refused(request, f"Currency pair not supported {symbol}", symbol), []
        if product in self._subscriptions[channel]:
            return _refused(request, "Already subscribed", symbol), []
        self._subscriptions[channel].append(product)
        tape = self.follow(product)
        has_snapshot = channel == "ticker" if request.params.snapshot is None else request.params.snapshot
        result = {"channel": channel, "snapshot": has_snapshot, "symbol": symbol}
        if channel == "ticker":
            result = {"channel": channel, "event_trigger": request.params.event_trigger} | result
        return _accepted(request, result), self._snapshot(channel, tape) if has_snapshot else []

    def _snapshot(self, channel: str, tape: Tape) -> list[Message]:
        count = len(tape)
        if not count:
            return []
        if channel == "ticker":
            return [_ticker("snapshot", tape, count - 1)]
        return [_trades("snapshot", tape, max(0, count - _SNAPSHOT_TRADES), count)]

    def _unsubscribe(self, request: _Request, symbol: str) -> tuple[Message, list[Message]]:
        product, channel = self._products.get(symbol), request.params.channel
        if product not in self._subscriptions[channel]:
            return _refused(request, "Subscription not found", symbol), []
        self._subscriptions[channel].remove(product)
        return _accepted(request, {"channel": channel, "symbol": symbol}), []


def _trades(kind: str, tape: Tape, start: int, stop: int) -> Message:
    rows = msgspec.json.decode(join_page(tape.rows.between(start, stop)), type=list[tuple[Any, ...]])
    data = [_trade(tape, start + offset, row) for offset, row in enumerate(rows)]
    return _message({"channel": "trade", "type": kind, "data": data}, has_trades=kind == "update")


def _trade(tape: Tape, index: int, row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "symbol": tape.symbol.replace("-", "/"),
        "side": _SIDES[row[3]],
        "price": _number(row[0], tape.price_decimals),
        "qty": _number(row[1], tape.quantity_decimals),
        "ord_type": _ORDER_TYPES[row[4]],
        "trade_id": tape.ids[index],
        "timestamp": _time_text(tape.times_ns[index]),
    }


def _ticker(kind: str, tape: Tape, index: int) -> Message:
    row = msgspec.json.decode(tape.rows[index], type=tuple[Any, ...])
    quote = quote_after(
        tape.product,
        tape.ids[index],
        price=row[0],
        is_taker_buy=row[3] == "b",
        price_decimals=tape.price_decimals,
        quantity_decimals=tape.quantity_decimals,
    )
    data = {
        "symbol": tape.symbol.replace("-", "/"),
        "bid": _number(quote.bid, tape.price_decimals),
        "bid_qty": _number(quote.bid_size, tape.quantity_decimals),
        "ask": _number(quote.ask, tape.price_decimals),
        "ask_qty": _number(quote.ask_size, tape.quantity_decimals),
        "last": _number(row[0], tape.price_decimals),
        "timestamp": _time_text(tape.times_ns[index]),
    }
    return _message({"channel": "ticker", "type": kind, "data": [data]})


def _number(text: str, decimals: int) -> msgspec.Raw:
    """A JSON number with the pair's digits; REST writes more zeros than a price has decimals."""
    surplus = len(text.partition(".")[2]) - decimals
    shortened = text[:-surplus] if surplus > 0 and text.endswith("0" * surplus) else text
    return msgspec.Raw(shortened.encode())


def _time_text(time_ns: int) -> str:
    seconds, rest_ns = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06d}Z"


def _times() -> dict[str, str]:
    now = _time_text(time.time_ns())
    return {"time_in": now, "time_out": now}


def _request_id(request: _Request) -> dict[str, int]:
    return {} if request.req_id is None else {"req_id": request.req_id}


def _accepted(request: _Request, result: Mapping[str, Any]) -> Message:
    answer = {"method": request.method, "result": result, "success": True, **_request_id(request), **_times()}
    return _message(answer)


def _refused(request: _Request, error: str, symbol: str | None = None) -> Message:
    about = {} if symbol is None else {"symbol": symbol}
    answer = {"error": error, "method": request.method, "success": False, **about, **_request_id(request), **_times()}
    return _message(answer)


def _message(payload: Mapping[str, Any], *, has_trades: bool = False) -> Message:
    return Message(msgspec.json.encode(payload).decode(), has_trades=has_trades)
