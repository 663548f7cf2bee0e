"""The stream connector protocol: what is special about one exchange's WebSocket, without a socket.

A stream connector says where to connect, what to send, and what a message means; `channels/stream.py` connects, waits,
reconnects and puts trades in order for all exchanges. Parsing is pure, so it can be tested without a network.

The trades of a stream are the same rows that REST lands, so it doesn't matter which of the two was first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from lakehouse.errors import TerminalError
from lakehouse.raw_table import RawTable

from .connector import Budget, ListedProduct
from .errors import UnexpectedPayload


@dataclass(frozen=True)
class Subscription:
    """A message that requests the trades, and perhaps the quotes, of some products.

    `request` is the number that the exchange repeats in its acknowledgement, if it does.
    """

    text: str
    symbols: tuple[str, ...]
    request: int


@dataclass(frozen=True)
class Quote:
    """The best bid and ask of a product at one moment."""

    symbol: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    time: datetime | None
    """The exchange's time, UTC without a zone; None if the exchange sends none."""


@dataclass(frozen=True)
class Refusal:
    """The exchange refused to send a product's trades, or a whole request."""

    error: TerminalError
    symbol: str | None
    """The product that was refused; None if the message doesn't name one."""
    is_whole_request: bool
    """Whether the other products of the same request weren't subscribed either, and must be requested again."""


@dataclass
class Heard:
    """What a number of messages mean, together. Trades may be in any order and may repeat."""

    trades: pa.RecordBatch
    """Rows of all symbols, in `raw.page_schema`."""
    ids: list[int]
    """The id of each row of `trades`."""
    quotes: list[Quote] = field(default_factory=list)
    """Oldest first."""
    newest_ids: dict[str, int] = field(default_factory=dict)
    """For each symbol, the highest id that the exchange named in a sign of life. It proves which trades exist."""
    acknowledged: set[str] = field(default_factory=set)
    """The symbols whose trades the exchange promised to send."""
    acknowledged_requests: set[int] = field(default_factory=set)
    """The same by the numbers of requests, for exchanges that name no symbols."""
    refusals: list[Refusal] = field(default_factory=list)
    wants_reconnect: bool = False
    """Whether the exchange announced that it is about to end the connection."""
    problems: list[UnexpectedPayload] = field(default_factory=list)
    """One for each message that makes no sense; nothing of such a message is in `trades`."""
    exchange_time: datetime | None = None
    """The latest time at which the exchange says that it sent something, UTC without a zone."""

    def note_time(self, time: datetime | None) -> None:
        """Take the time of a message into account."""
        if time is not None and (self.exchange_time is None or time > self.exchange_time):
            self.exchange_time = time


@dataclass(frozen=True)
class Regular:
    """A message to send every so many `seconds`."""

    text: str
    seconds: float


@dataclass(frozen=True)
class StreamLimits:
    """What an exchange allows: products in one connection, messages sent in it, and connections that are opened."""

    products: int
    messages: Budget
    connections: Budget


class StreamConnector(Protocol):
    """What a module `stream.py` of an exchange's package must define as `STREAM`."""

    name: str
    """The name of the exchange's package, for example coinbase."""
    url: str
    """The address, without the path."""
    path: str
    raw: RawTable
    limits: StreamLimits
    silence_seconds: float
    """The time without a sign of life after which a connection is dead."""
    has_heartbeats: bool
    """Whether messages come regularly even if nothing is traded, so that only messages are signs of life. Otherwise
    pings are, too, and one is sent when half of `silence_seconds` has passed."""
    longest_seconds: float | None
    """The age at which a connection is replaced, before the exchange cuts it; None if the exchange doesn't."""
    regular: Regular | None
    """What to send regularly, for exchanges that require it."""

    def wire_name(self, product: ListedProduct) -> str:
        """A product's name in messages."""

    def subscriptions(
        self, products: Sequence[ListedProduct], *, quotes: bool, first_request: int
    ) -> list[Subscription]:
        """The messages that request the trades of `products`, numbered from `first_request` on."""

    def parse(self, messages: Sequence[bytes], symbols: Mapping[str, str]) -> Heard:
        """What `messages` mean; `symbols` has the symbol of each wire name. Never raises because of a message."""
