"""Coinbase's WebSocket feed: the channels `matches`, `ticker` and `heartbeat`.

Written from docs.cdp.coinbase.com/exchange/websocket-feed (overview, channels) with the shapes of recorded messages.
One trade; its side is the MAKER's. `sequence` counts every order of the product, so on this channel it has gaps:

    {"type":"match","trade_id":865127782,"maker_order_id":"..","taker_order_id":"..","side":"buy","size":"0.00004147",
     "price":"116827.85","product_id":"BTC-USD","sequence":110614077300,"time":"2025-08-22T20:11:30.012637Z"}

A subscription to `matches` begins with `last_match`, the trade before it. `ticker` reports the last trade of a sweep
alone and, unlike `matches`, the taker's side; its statistics of 24 hours and 30 days are left out here.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from simulator.exchanges.feed import Feed, Message, Moment, TradeGroup
from simulator.exchanges.quotes import quote_after
from simulator.exchanges.simulated.coinbase.rows import Row, time_text
from simulator.exchanges.tape import Tape, join_page

_CHANNELS = ("matches", "ticker", "heartbeat")


class _Channel(msgspec.Struct):
    name: str
    product_ids: list[str] = []


class _Request(msgspec.Struct):
    type: str
    product_ids: list[str] = []
    channels: list[str | _Channel] = []

    def products_by_channel(self) -> list[tuple[str, list[str]]]:
        named = [_Channel(channel) if isinstance(channel, str) else channel for channel in self.channels]
        return [(channel.name, list(dict.fromkeys(self.product_ids + channel.product_ids))) for channel in named]


class _Invalid(Exception):
    """A subscription that can't be made; its text is the reason."""


class CoinbaseFeed(Feed):
    """One connection to Coinbase's feed."""

    subscribe_within_s = 5

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        super().__init__(tapes)
        self._subscriptions: dict[str, list[str]] = {}

    def received(self, text: str, moment: Moment) -> list[Message]:
        try:
            request = msgspec.json.decode(text, type=_Request)
        except msgspec.MsgspecError:
            return [_message({"type": "error", "message": "Malformed JSON"})]
        try:
            match request.type:
                case "subscribe":
                    return self._subscribe(request.products_by_channel(), moment)
                case "unsubscribe":
                    return self._unsubscribe(request.products_by_channel())
        except _Invalid as error:
            return [_message({"type": "error", "message": f"Failed to {request.type}", "reason": str(error)})]
        return [_message({"type": "error", "message": "Type has to be either subscribe or unsubscribe"})]

    def messages_of(self, group: TradeGroup, moment: Moment) -> list[Message]:  # noqa: ARG002 # trades carry their time
        rows = _read_rows(group.tape, group.start, group.stop)
        messages = []
        if group.product in self._subscriptions.get("matches", []):
            messages = [_message(_match("match", group.product, row), has_trades=True) for row in rows]
        if group.product in self._subscriptions.get("ticker", []):
            messages.append(_message(_ticker(group.tape, rows[-1])))
        return messages

    def second_passed(self, moment: Moment, *, is_idle: bool) -> list[Message]:  # noqa: ARG002 # also when busy
        products = self._subscriptions.get("heartbeat", [])
        return [_message(_heartbeat(self._tapes[product], moment)) for product in products]

    def _subscribe(self, wanted: list[tuple[str, list[str]]], moment: Moment) -> list[Message]:
        self._check(wanted)
        if not wanted:
            raise _Invalid("channels is a required field")
        self.has_subscribed = True
        first_messages: list[Message] = []
        for channel, products in wanted:
            subscribed = self._subscriptions.setdefault(channel, [])
            added = [product for product in products if product not in subscribed]
            subscribed += added
            for product in added:
                first_messages += self._begin(channel, product, moment)
        return [self._report(), *first_messages]

    def _begin(self, channel: str, product: str, moment: Moment) -> list[Message]:
        tape = self._tapes[product]
        if channel == "heartbeat":
            return [_message(_heartbeat(tape, moment))]
        tape = self.follow(product)
        last = _read_rows(tape, len(tape) - 1, len(tape))
        if channel == "ticker":
            return [_message(_ticker(tape, row)) for row in last]
        return [_message(_match("last_match", product, row)) for row in last]

    def _unsubscribe(self, unwanted: list[tuple[str, list[str]]]) -> list[Message]:
        self._check(unwanted, can_have_no_product=True)
        for channel, products in unwanted:
            subscribed = self._subscriptions.get(channel, [])
            kept = [product for product in subscribed if products and product not in products]
            self._subscriptions[channel] = kept
        self._subscriptions = {channel: products for channel, products in self._subscriptions.items() if products}
        self.follow_only({*self._subscriptions.get("matches", []), *self._subscriptions.get("ticker", [])})
        return [self._report()]

    def _check(self, wanted: list[tuple[str, list[str]]], *, can_have_no_product: bool = False) -> None:
        for channel, products in wanted:
            if channel not in _CHANNELS:
                raise _Invalid(f"{channel} is not a valid channel")
            if not products and not can_have_no_product:
                raise _Invalid(f"You need to specify at least one product ID for channel {channel}")
            for product in products:
                if product not in self._tapes:
                    raise _Invalid(f"{product} is not a valid product")

    def _report(self) -> Message:
        channels = [{"name": name, "product_ids": products} for name, products in self._subscriptions.items()]
        return _message({"type": "subscriptions", "channels": channels})


def _read_rows(tape: Tape, start: int, stop: int) -> list[Row]:
    return msgspec.json.decode(join_page(tape.rows.between(start, stop)), type=list[Row])


def _match(kind: str, product: str, row: Row) -> dict[str, Any]:
    return {
        "type": kind,
        "trade_id": int(row.trade_id),
        "maker_order_id": _order_id(product, "maker", row.trade_id),
        # One taker's fills have one time, and one order.
        "taker_order_id": _order_id(product, "taker", row.time),
        "side": row.side,
        "size": row.size,
        "price": row.price,
        "product_id": product,
        "sequence": _sequence(int(row.trade_id)),
        "time": row.time,
    }


def _ticker(tape: Tape, row: Row) -> dict[str, Any]:
    is_taker_buy = row.side == "sell"
    quote = quote_after(
        tape.product,
        int(row.trade_id),
        price=row.price,
        is_taker_buy=is_taker_buy,
        price_decimals=tape.price_decimals,
        quantity_decimals=tape.quantity_decimals,
    )
    return {
        "type": "ticker",
        "sequence": _sequence(int(row.trade_id)),
        "product_id": tape.product,
        "price": row.price,
        "best_bid": quote.bid,
        "best_bid_size": quote.bid_size,
        "best_ask": quote.ask,
        "best_ask_size": quote.ask_size,
        "side": "buy" if is_taker_buy else "sell",
        "time": row.time,
        "trade_id": int(row.trade_id),
        "last_size": row.size,
    }


def _heartbeat(tape: Tape, moment: Moment) -> dict[str, Any]:
    last_id = tape.ids[-1] if len(tape) else 0
    return {
        "type": "heartbeat",
        "last_trade_id": last_id,
        "product_id": tape.product,
        "sequence": _sequence(last_id),
        "time": time_text(moment.market_ns),
    }


def _sequence(trade_id: int) -> int:
    """The number of the order that made a trade; several orders pass between two trades."""
    return trade_id * 7 + trade_id % 5


def _order_id(product: str, side: str, key: int | str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{product}/{side}/{key}"))


def _message(payload: Mapping[str, Any], *, has_trades: bool = False) -> Message:
    return Message(msgspec.json.encode(payload).decode(), has_trades=has_trades)
