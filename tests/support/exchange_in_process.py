"""A simulated exchange in this process: a test decides its trades and its time, and sees what arrives there.

    exchange = InProcess.of("kraken", times_ns)
    with Fetcher(connector, URL, transport=exchange) as fetcher: ...

It is the same exchange that the simulator serves over sockets, so a new one is covered without a line here.
"""

import re
import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Request, Response, Segment
from loaders.piece import Piece
from simulator.exchanges.budgets import UNLIMITED
from simulator.exchanges.market import Listing, Trade, Trades
from simulator.exchanges.oddities import Oddities
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply
from simulator.exchanges.tape import Tape
from tests.support.holes import pieces
from tests.support.responses import response

URL = "https://exchange.test"
START = datetime(2024, 12, 30, 12, tzinfo=UTC)
"""A time in a quarter that has passed, whose bulk files exist."""
START_NS = round(START.timestamp()) * 10**9
FIRST_ID = 5_000_001
WALKER = "x-walker"
"""The header that says which walk has sent a request."""


def trades_at(listing: Listing, times_ns: Sequence[int], first_id: int = FIRST_ID) -> Trades:
    """Trades at these times, each with a price, a quantity and a side that tell it from its neighbours."""
    count = len(times_ns)
    step = max(1, listing.time_step_ns)
    return Trades(
        listing,
        first_id,
        array("q", (time - time % step for time in times_ns)),
        array("q", (9_300_000 + number for number in range(count))),
        array("q", (11 + number % 97 for number in range(count))),
        bytearray(number % 3 == 0 for number in range(count)),
    )


def at_one_moment(listing: Listing, count: int, *, at_ns: int = START_NS) -> list[int]:
    """The times of trades of one moment.

    An exchange whose trades never share a time gets one nanosecond between two of them, which it doesn't show.
    """
    return [at_ns + (number if listing.time_step_ns <= 1 else 0) for number in range(count)]


@dataclass(frozen=True)
class Arrival:
    """A request as it arrived, with its cost in the units of the exchange's limit."""

    at: float
    """Seconds on the test's clock."""
    scope: str
    weight: float
    status: int
    request: IncomingRequest


@dataclass
class InProcess:
    """Answers requests to one exchange, without limits of its own; `arrivals` shows what it got."""

    name: str
    trades: Sequence[Trades]
    clock: Callable[[str], float] = lambda _: 0.0
    """The time in seconds at which the walk of this name sends a request."""
    largest_page: int | None = None
    refuse: Callable[[IncomingRequest], Reply | None] = lambda _: None
    """Replaces the response to a request, if it returns one."""
    now: datetime = START + timedelta(hours=1)
    oddities: Oddities = field(default_factory=Oddities)
    """The oddities of its bulk files."""
    arrivals: list[Arrival] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, times_ns: Sequence[int] | None = None, *, count: int = 0, **options: object) -> "InProcess":
        """An exchange with trades of its first product at these times, or with `count` trades of one moment."""
        listing = simulated_exchanges()[name].listings[0]
        times = at_one_moment(listing, count) if times_ns is None else times_ns
        return cls(name, [trades_at(listing, times)], **options)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        self.kind = simulated_exchanges()[self.name]
        self.tapes: list[Tape] = [self.kind.market_tape(each) for each in self.trades]
        self._exchange = self.kind(self.tapes, limit_scale=UNLIMITED)
        self._endpoints = [(_pattern(path), each) for path, each in self._exchange.endpoints().items()]
        self._lock = threading.Lock()

    @property
    def truth(self) -> list[Trade]:
        """The trades of the first product."""
        return list(self.trades[0])

    def __call__(self, request: Request) -> Response:
        with self._lock:  # the real one has a thread, too
            found = self._endpoint(unquote(request.path))
            if found is None:
                return response(404, body=b"{}")
            endpoint, parameters = found
            asked = self._incoming(request, parameters)
            reply = self.refuse(asked) or self._exchange.answer(asked, endpoint)
            scope, weight = self._exchange.cost(asked)
            self.arrivals.append(Arrival(asked.monotonic_s, scope, weight, reply.status, asked))
        headers = {"Content-Type": reply.content_type, **reply.headers}
        return response(reply.status, headers=headers, body=reply.body)

    def fetcher(self, connector: Connector) -> Fetcher:
        """A fetcher that sends its requests here, and whose pauses take no time."""
        now = self.now.replace(tzinfo=None)
        return Fetcher(connector, URL, self, wait=lambda event, _: event.is_set(), now=lambda: now)

    def symbol_for(self, connector: Connector) -> str:
        """The connector's name of the first product."""
        return self.symbols(connector)[0]

    def symbols(self, connector: Connector) -> list[str]:
        """The connector's names of all products that were traded."""
        with self.fetcher(connector) as fetcher:
            listed = {f"{each.base}-{each.quote}": each.symbol for each in fetcher.answer(connector.products())}
        self.arrivals.clear()
        return [listed[tape.symbol] for tape in self.tapes]

    def walked(self, connector: Connector, *segments: Segment) -> list[Piece]:
        """What walks through all segments yield; no walk may end early."""
        with self.fetcher(connector) as fetcher:
            found = pieces(fetcher, *segments)
        assert fetcher.failures == {}
        return found

    def get(self, path: str) -> bytes:
        """The body of a response to a request without parameters, for example a file."""
        found = self(Request(path, headers={"User-Agent": "schemahub"}))
        assert found.status == 200, path
        return found.body

    def refusals(self) -> list[Arrival]:
        """The requests that an exchange with the documented limits would have refused, had they come in this order."""
        strict = self.kind(self.tapes, limit_scale=1)
        endpoints = [(_pattern(path), each) for path, each in strict.endpoints().items()]
        refused = []
        for arrival in sorted(self.arrivals, key=lambda each: each.at):
            endpoint = next(each for pattern, each in endpoints if pattern.fullmatch(arrival.request.path))
            if strict.answer(arrival.request, endpoint).body != endpoint(arrival.request).body:
                refused.append(arrival)
        return refused

    def _endpoint(self, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        matches = ((pattern.fullmatch(path), endpoint) for pattern, endpoint in self._endpoints)
        return next(((endpoint, match.groupdict()) for match, endpoint in matches if match), None)

    def _incoming(self, request: Request, parameters: dict[str, str]) -> IncomingRequest:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = IncomingRequest(
            path=unquote(request.path),
            client="127.0.0.1",
            monotonic_s=self.clock(headers.get(WALKER, "")),
            wall_ns=round(self.now.timestamp() * 10**9),
            market_ns=START_NS + 400 * 86_400 * 10**9,
            query=dict(request.parameters),
            headers=headers,
            path_parameters=parameters,
            oddities=self.oddities,
        )
        name = self.kind.page_parameter
        if self.largest_page is None:
            return asked
        size = min(self.largest_page, int(asked.query.get(name, self.largest_page)))
        return replace(asked, query={**asked.query, name: str(size)})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
