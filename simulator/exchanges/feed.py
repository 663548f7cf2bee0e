"""What one WebSocket connection to an exchange is sent: a `Feed`, which touches no socket.

`connection.py` gives it the client's messages and asks it for news; each exchange's `feed.py` has its protocol. A feed
sends what happens from a subscription on, in the order in which it happens.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import ClassVar

from simulator.exchanges.tape import Tape

GOING_AWAY = 1001
POLICY_VIOLATION = 1008

# More would keep a connection from reading its client's messages.
_MOST_GROUPS_AT_ONCE = 500
_GROUP_NS = 10**6


@dataclass(frozen=True)
class Message:
    """One message to the client."""

    text: str
    has_trades: bool = False
    """Whether a fault may strike it."""
    close_code: int | None = None
    """With a code the connection ends instead, and the text is the reason."""


@dataclass(frozen=True)
class Moment:
    """When something happens: monotonic seconds for budgets, and the market's time in nanoseconds since 1970."""

    monotonic_s: float
    market_ns: int


@dataclass(frozen=True)
class TradeGroup:
    """The new trades of one product within one millisecond: `start <= index < stop` on its tape."""

    product: str
    tape: Tape
    start: int
    stop: int


class Feed(ABC):
    """One connection's subscriptions and its position on each tape."""

    subscribe_within_s: ClassVar[float | None] = None
    """The connection is closed if its client has not subscribed within this time."""
    is_cut_at_age: ClassVar[bool] = False
    """Whether a connection ends when it reaches an age."""

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        self._tapes = tapes
        self._positions: dict[str, int] = {}
        self.has_subscribed = False

    def opened(self, _: Moment) -> list[Message]:
        """What a client is sent before it asks for anything."""
        return []

    @abstractmethod
    def received(self, text: str, moment: Moment) -> list[Message]:
        """Respond to a client's message."""

    @abstractmethod
    def messages_of(self, group: TradeGroup, moment: Moment) -> list[Message]:
        """The messages that report new trades of a product that is followed."""

    def second_passed(self, moment: Moment, *, is_idle: bool) -> list[Message]:  # noqa: ARG002 # most send nothing
        """What is sent every second; `is_idle` if nothing else was sent in it."""
        return []

    def before_cut(self, _: Moment) -> list[Message]:
        """What announces that the connection is about to reach its greatest age."""
        return []

    def news(self, moment: Moment) -> list[Message]:
        """Report the trades up to a moment that are new since the last call, oldest first among all products."""
        groups = [self._new_groups(product, order, moment) for order, product in enumerate(self._positions)]
        messages: list[Message] = []
        for _, _, group in islice(merge(*groups, key=lambda entry: entry[:2]), _MOST_GROUPS_AT_ONCE):
            self._positions[group.product] = group.stop
            messages += self.messages_of(group, moment)
        return messages

    def follow(self, product: str) -> Tape:
        """Report a product's trades from now on; returns its tape."""
        tape = self._tapes[product]
        self._positions.setdefault(product, len(tape))
        return tape

    def follow_only(self, products: Collection[str]) -> None:
        """Report no other product's trades any more."""
        self._positions = {product: at for product, at in self._positions.items() if product in products}

    def _new_groups(self, product: str, order: int, moment: Moment) -> Iterator[tuple[int, int, TradeGroup]]:
        tape = self._tapes[product]
        # A test may have set the market back.
        start = min(self._positions[product], len(tape))
        end = max(start, tape.after_time(moment.market_ns))  # the market goes on meanwhile
        self._positions[product] = start
        while start < end:
            millisecond = tape.times_ns[start] // _GROUP_NS
            stop = min(end, tape.from_time((millisecond + 1) * _GROUP_NS))
            yield millisecond, order, TradeGroup(product, tape, start, stop)
            start = stop
