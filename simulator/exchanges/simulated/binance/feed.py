"""Binance's WebSocket streams: `<symbol>@trade` and `<symbol>@bookTicker`, with symbols in small letters.

Written from binance-spot-api-docs web-socket-streams.md (2026-07-21). `/ws/<stream>` sends a payload as it is, and
`/stream?streams=<stream>/<stream>` sends it inside `{"stream":...,"data":...}`. One trade; `m` is true when the taker
sold, and the times are in milliseconds unless the connection was opened with `timeUnit=MICROSECOND`:

    {"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}

There is no snapshot and no replay. A stream that does not exist is accepted and stays silent, as Binance's do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.feed import POLICY_VIOLATION, Feed, Message, Moment, TradeGroup
from simulator.exchanges.quotes import quote_after
from simulator.exchanges.simulated.binance.rows import NS_PER_UNIT, Row, resolution_ns
from simulator.exchanges.tape import Tape, join_page

_MESSAGES_PER_SECOND = 5
_MOST_STREAMS = 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_METHOD_NAMES = ", ".join(f"`{method}`" for method in _METHODS)
_LONGEST_ID = 36


class BinanceFeed(Feed):
    """One connection to Binance's streams."""

    is_cut_at_age = True

    def __init__(
        self, tapes: Mapping[str, Tape], *, names: Sequence[str], is_combined: bool, unit: str, limit_scale: float
    ) -> None:
        super().__init__(tapes)
        self._is_combined = is_combined
        self._unit_ns = NS_PER_UNIT[unit]
        self._bucket = TokenBucket(rate=_MESSAGES_PER_SECOND * limit_scale, burst=_MESSAGES_PER_SECOND * limit_scale)
        self._names: list[str] = []
        self._subscribe(names)

    def received(self, text: str, moment: Moment) -> list[Message]:
        if not self._bucket.take("client", moment.monotonic_s):
            return [Message("Too many requests", close_code=POLICY_VIOLATION)]
        try:
            request = msgspec.json.decode(text)
        except msgspec.MsgspecError:
            return [_error(3, "Invalid JSON: expected value at line 1 column 1")]
        return [self._respond(request) if isinstance(request, dict) else _invalid("expected a map")]

    def messages_of(self, group: TradeGroup, moment: Moment) -> list[Message]:
        rows = msgspec.json.decode(join_page(group.tape.rows.between(group.start, group.stop)), type=list[Row])
        stream = group.product.lower()
        messages = []
        if f"{stream}@trade" in self._names:
            messages = [self._wrapped(f"{stream}@trade", self._trade(group.product, row, moment)) for row in rows]
        if f"{stream}@bookTicker" in self._names:
            messages.append(self._wrapped(f"{stream}@bookTicker", _book_ticker(group.tape, rows[-1]), has_trades=False))
        return messages

    def before_cut(self, moment: Moment) -> list[Message]:
        return [_message({"e": "serverShutdown", "E": moment.market_ns // self._unit_ns})]

    def _respond(self, request: dict[str, Any]) -> Message:
        method, parameters, identifier = request.get("method"), request.get("params", []), request.get("id")
        if "method" not in request:
            return _invalid("missing field `method` at line 1 column 1")
        if method not in _METHODS:
            return _invalid(f"unknown variant `{method}`, expected one of {_METHOD_NAMES}")
        if not _is_identifier(request):
            return _invalid("request ID must be an unsigned integer")
        if method == "LIST_SUBSCRIPTIONS":
            return _message({"result": self._names, "id": identifier})
        if method.endswith("PROPERTY"):
            return self._property(method, parameters, identifier)
        if not (isinstance(parameters, list) and all(isinstance(name, str) for name in parameters)):
            return _invalid("property name must be a string")
        if method == "UNSUBSCRIBE":
            self._unsubscribe(parameters)
        elif len({*self._names, *parameters}) > _MOST_STREAMS:
            return _invalid(f"a connection can listen to a maximum of {_MOST_STREAMS} streams")
        else:
            self._subscribe(parameters)
        return _message({"result": None, "id": identifier})

    def _property(self, method: str, parameters: Any, identifier: int | str | None) -> Message:
        match method, parameters:
            case "GET_PROPERTY", ["combined"]:
                return _message({"result": self._is_combined, "id": identifier})
            case "SET_PROPERTY", ["combined", bool(value)]:
                self._is_combined = value
                return _message({"result": None, "id": identifier})
            case "SET_PROPERTY", ["combined", _]:
                return _error(1, "Invalid value type: expected Boolean")
        return _message({"code": 0, "msg": "Unknown property", "id": identifier})

    def _subscribe(self, names: Sequence[str]) -> None:
        self._names += [name for name in dict.fromkeys(names) if name not in self._names]
        for product in self._products():
            self.follow(product)

    def _unsubscribe(self, names: Sequence[str]) -> None:
        self._names = [name for name in self._names if name not in names]
        self.follow_only(self._products())

    def _products(self) -> list[str]:
        symbols = {name.partition("@")[0] for name in self._names}
        return [product for product in self._tapes if product.lower() in symbols]

    def _trade(self, product: str, row: Row, moment: Moment) -> dict[str, Any]:
        return {
            "e": "trade",
            "E": moment.market_ns // self._unit_ns,
            "s": product,
            "t": row.id,
            "p": row.price,
            "q": row.qty,
            "T": row.time * resolution_ns(row.time) // self._unit_ns,
            "m": row.isBuyerMaker,
            "M": True,
        }

    def _wrapped(self, stream: str, payload: Mapping[str, Any], *, has_trades: bool = True) -> Message:
        return _message({"stream": stream, "data": payload} if self._is_combined else payload, has_trades=has_trades)


def _book_ticker(tape: Tape, row: Row) -> dict[str, Any]:
    quote = quote_after(
        tape.product,
        row.id,
        price=row.price,
        is_taker_buy=not row.isBuyerMaker,
        price_decimals=tape.price_decimals,
        quantity_decimals=tape.quantity_decimals,
    )
    padded = {"b": quote.bid, "B": quote.bid_size, "a": quote.ask, "A": quote.ask_size}
    # Every order of the book has its own update; a trade is one of several.
    return {"u": row.id * 4, "s": tape.product} | {key: _with_eight_digits(text) for key, text in padded.items()}


def _with_eight_digits(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<8}"


def _is_identifier(request: Mapping[str, Any]) -> bool:
    match request.get("id", ...):
        case bool() | float():
            return False
        case int() | None:
            return True
        case str(text):
            return text.isalnum() and len(text) <= _LONGEST_ID
    return False


def _message(payload: Mapping[str, Any], *, has_trades: bool = False) -> Message:
    return Message(msgspec.json.encode(payload).decode(), has_trades=has_trades)


def _error(code: int, message: str) -> Message:
    return _message({"code": code, "msg": message})


def _invalid(reason: str) -> Message:
    return _error(2, f"Invalid request: {reason}")
