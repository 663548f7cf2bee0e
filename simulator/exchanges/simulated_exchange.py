"""What a module in `simulated/` must define: a `SimulatedExchange` subclass under the name `EXCHANGE`.

A simulated exchange touches no socket: it is given an `IncomingRequest` and returns a `Reply`; `application.py` and
`server.py` do the HTTP. What it sends over WebSockets comes from a `Feed` (`feed.py`), one for each connection.
Everything that is special about an exchange (wire format, paging, limits, errors) is in its module or folder and
nowhere else.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeAlias

from simulator.exchanges.feed import Feed
from simulator.exchanges.market import Listing, Trades
from simulator.exchanges.oddities import Oddities
from simulator.exchanges.tape import Tape

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class IncomingRequest:
    """One request to an exchange; `path` is without the exchange's prefix; the names of `headers` are in lower case."""

    path: str
    client: str
    monotonic_s: float
    """When the request arrived, in monotonic seconds, for budgets."""
    wall_ns: int
    """When the request arrived, in nanoseconds since 1970, for an exchange that reports its time."""
    market_ns: int = 0
    """The market's time when the request arrived: what is later has not happened yet."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    oddities: Oddities = field(default_factory=Oddities)
    """The oddities that bulk files have."""


@dataclass(frozen=True)
class Reply:
    """The exchange's response; `page_of` names the product if the body is a page of trades."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    page_of: str | None = None
    content_type: str = JSON_TYPE


Endpoint: TypeAlias = Callable[[IncomingRequest], Reply]


NewFeed: TypeAlias = Callable[[IncomingRequest, Mapping[str, Tape]], Feed]
"""Makes the feed of a new connection from its opening request and the tapes by product; `Refused` is its refusal."""


class Refused(Exception):
    """An endpoint can't serve the request; `reply` is the exchange's error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


class SimulatedExchange(ABC):
    """One exchange with its tapes; `limit_scale` multiplies its documented limits."""

    name: ClassVar[str]
    """The exchange's name, which is also the prefix of its URLs, its folder among recordings, and X in
    `SCHEMAHUB_X_URL`."""
    listings: ClassVar[tuple[Listing, ...]]
    """The products that the market trades on the exchange."""
    page_parameter: ClassVar[str] = "limit"
    """The request parameter that sets the number of trades of a page."""

    @abstractmethod
    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None: ...

    @classmethod
    @abstractmethod
    def market_tape(cls, trades: Trades) -> Tape:
        """The tape of one listing."""

    @classmethod
    @abstractmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        """The tape of one folder of recorded bodies; the folder has the product's name."""

    @abstractmethod
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The endpoint of each path. A path may have parameters: `/products/{product_id}/trades`."""

    def feeds(self) -> Mapping[str, NewFeed]:
        """The WebSocket endpoints: the feed of each path, which may have parameters. None, unless there are some."""
        return {}

    @classmethod
    def has_feeds(cls) -> bool:
        """Whether the exchange has WebSocket endpoints here."""
        return cls.feeds is not SimulatedExchange.feeds

    @abstractmethod
    def refusal(self, request: IncomingRequest) -> Reply | None:
        """Charge the request to the client's budget; returns the exchange's error if the budget is used up."""

    def cost(self, request: IncomingRequest) -> tuple[str, float]:  # noqa: ARG002 # most exchanges count requests alone
        """The part of the limit that a request uses: the name of the limit, if there are several, and its units."""
        return "", 1

    def answer(self, request: IncomingRequest, endpoint: Endpoint) -> Reply:
        """Respond to a request, within the client's budget."""
        try:
            return self.refusal(request) or endpoint(request)
        except Refused as refused:
            return refused.reply

    @abstractmethod
    def error(self, status: int, message: str | None = None) -> Reply:
        """The error that the exchange sends with a status, for faults; `message` replaces its usual text."""
