"""No exchange gets more requests than it allows, from whatever number of threads: counted where they arrive.

Every connector is covered. Each walk has a clock of its own, which its pauses alone advance, so that a walk that the
machine runs late isn't late on the clock; the requests of all walks are then put in the order of their times.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count

import pytest

from lakehouse.coverage import Hole
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Page, Request, Segment, Walk
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulated_exchange import IncomingRequest, Reply
from tests.support.connectors import CONNECTORS
from tests.support.exchange_in_process import START, URL, WALKER, Arrival, InProcess, at_one_moment, trades_at
from tests.support.holes import everything_since

pytestmark = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)

TRADES, PAGE, WALKS = 30, 10, 60
ENOUGH = 150
"""The number of requests after which walks are ended; it is more than any exchange's burst."""
SECONDS = 7


class Clocks:
    """A clock for each walk, in seconds."""

    def __init__(self) -> None:
        self.times: dict[str, float] = defaultdict(float)
        self._walk = threading.local()
        self._numbers = count()

    def begin(self, symbol: str) -> str:
        """A walk begins in this thread, when the thread's previous one has ended."""
        name = f"{symbol} {next(self._numbers)}"
        self.times[name] = self.times[self._name]
        self._walk.name = name
        return name

    def now(self) -> float:
        return self.times[self._name]

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.times[self._name] += seconds
        return event.is_set()

    def of(self, walk: str) -> float:
        return self.times[walk]

    @property
    def _name(self) -> str:
        return getattr(self._walk, "name", "")


def marked(connector: Connector, clocks: Clocks) -> Connector:
    """The connector, whose requests say which walk has sent them."""

    class Marked(type(connector)):  # type: ignore[misc]
        def walk(self, symbol: str, hole: Hole) -> Walk:
            name = clocks.begin(symbol)
            return with_header(super().walk(symbol, hole), name)

    return Marked(raw=connector.raw)  # type: ignore[no-any-return]


def with_header(walk: Walk, name: str) -> Walk:
    step: Request | Page | None = next(walk, None)
    while step is not None:
        if isinstance(step, Request):
            step = Request(step.path, step.parameters, {**step.headers, WALKER: name}, step.weight, step.scope)
        response = yield step
        try:
            step = walk.send(response)
        except StopIteration:
            return


def exchange_of(connector: Connector, clocks: Clocks, refuse: Callable[[IncomingRequest], Reply | None]) -> InProcess:
    if connector.name not in simulated_exchanges():
        pytest.skip(f"{connector.name} has no simulated exchange")
    listings = simulated_exchanges()[connector.name].listings[:2]
    trades = [trades_at(listing, at_one_moment(listing, TRADES)) for listing in listings]

    def refused(request: IncomingRequest) -> Reply | None:
        return refuse(request) if WALKER in request.headers else None

    return InProcess(connector.name, trades, clock=clocks.of, largest_page=PAGE, refuse=refused)


def fetched(
    connector: Connector,
    *,
    threads: int,
    walks: int,
    refuse: Callable[[IncomingRequest], Reply | None] = lambda _: None,
) -> tuple[InProcess, dict[str, str]]:
    """Walk through two products again and again, all at once.

    Returns what arrived, and for each symbol why a walk ended early, if one did before there were enough requests.
    """
    clocks = Clocks()
    exchange = exchange_of(connector, clocks, refuse)
    symbols = exchange.symbols(connector)
    hole = everything_since(START - timedelta(hours=1))
    fetcher = Fetcher(
        marked(connector, clocks),
        URL,
        exchange,
        clock=clocks.now,
        wait=clocks.wait,
        now=lambda: START.replace(tzinfo=None),
        concurrency=threads,
    )
    with fetcher:
        for _ in fetcher.pieces([Segment(symbols[number % 2], hole) for number in range(walks)]):
            if len(exchange.arrivals) >= ENOUGH:
                return exchange, {}  # what ends now was stopped
        return exchange, {symbol: str(failure) for symbol, failure in fetcher.failures.items()}


def by_scope(arrivals: list[Arrival]) -> dict[str, list[Arrival]]:
    found: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in sorted(arrivals, key=lambda each: each.at):
        found[arrival.scope].append(arrival)
    return found


def test_many_walks_at_once_stay_within_the_budget_and_none_of_their_requests_is_refused(connector: Connector) -> None:
    exchange, failures = fetched(connector, threads=8, walks=WALKS)
    assert failures == {}
    budget = connector.budget
    for arrivals in by_scope(exchange.arrivals).values():
        assert sum(each.weight for each in arrivals) > 1.5 * budget.burst  # otherwise this test shows nothing
        left, before = budget.burst, arrivals[0].at
        for each in arrivals:
            left = min(budget.burst, left + (each.at - before) * budget.units / budget.seconds) - each.weight
            before = each.at
            assert left >= -1e-6
    assert exchange.refusals() == []


def in_seconds() -> dict[str, str]:
    return {"Retry-After": str(SECONDS)}


def at_a_date() -> dict[str, str]:
    return {"Date": date(START), "Retry-After": date(START + timedelta(seconds=SECONDS))}


def date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("form", [in_seconds, at_a_date], ids=["seconds", "date"])
@pytest.mark.parametrize("status", [429, 418])
def test_a_refused_walk_is_silent_for_as_long_as_the_exchange_asks(
    connector: Connector, status: int, form: Callable[[], dict[str, str]]
) -> None:
    refusals = iter([Reply(b"{}", status, form())])
    exchange, failures = fetched(connector, threads=1, walks=1, refuse=lambda _: next(refusals, None))
    assert failures == {}
    refused, following, *_ = exchange.arrivals
    assert (refused.status, following.status) == (status, 200)
    assert SECONDS <= following.at - refused.at < SECONDS + 2


def test_a_ban_of_minutes_stops_every_thread_and_product(connector: Connector) -> None:
    ban = Reply(b"{}", 418, {"Retry-After": "600"})
    exchange, failures = fetched(connector, threads=4, walks=20, refuse=lambda _: ban)
    assert 1 <= len(exchange.arrivals) <= 4  # what the threads had sent before the first response
    assert len(failures) == 2
    assert all("no request is sent before" in failure for failure in failures.values())
