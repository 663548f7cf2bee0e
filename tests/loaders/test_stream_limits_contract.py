"""No exchange gets more messages or connections than it allows, however many products are wanted and however often
connections break. Every stream is covered; its clock advances only when the test says so.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from loaders.channels.feed import Feed, Means
from loaders.channels.link import Link
from loaders.channels.rate_limit import RateLimiter
from loaders.channels.web_socket import WebSocket
from loaders.connector import Budget, ListedProduct
from loaders.errors import ExchangeUnavailable
from loaders.stream import StreamConnector
from tests.support.stream_dialects import STREAMS

pytestmark = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)

NOW = datetime(2026, 1, 5)
STEP = 0.05
"""The seconds by which the clock advances."""
ENOUGH = 3
"""How many times more than at once must be sent or opened, so that a test shows anything."""


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Wire(WebSocket):
    """A connection on which nothing arrives; it notes when something is sent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sent_at: list[float] = []

    def send(self, text: str) -> None:  # noqa: ARG002 # only the time matters
        self.sent_at.append(self._clock())

    def ping(self) -> None:
        pass

    def close(self) -> None:
        pass


def products(count: int) -> list[ListedProduct]:
    return [ListedProduct(f"P{number}USD", f"P{number}", "USD") for number in range(count)]


def assert_within(budget: Budget, moments: list[float]) -> None:
    """No moment comes before the budget allows it, with a burst at the beginning."""
    assert len(moments) > ENOUGH * budget.burst
    left, before = budget.burst, moments[0]
    for at in moments:
        left = min(budget.burst, left + (at - before) * budget.units / budget.seconds) - 1
        before = at
        assert left >= -1e-6


def until(clock: Clock, is_enough: Callable[[], bool], step: Callable[[], None]) -> None:
    for _ in range(100_000):
        if is_enough():
            return
        step()
        clock.at += STEP
    pytest.fail("it takes too long")


def test_subscriptions_are_sent_within_the_budget_of_messages(stream: StreamConnector) -> None:
    clock, budget = Clock(), stream.limits.messages
    wire, count = Wire(clock), 100
    while len(stream.subscriptions(products(count), quotes=True, first_request=1)) <= ENOUGH * budget.burst:
        count *= 2
    link = Link(stream, wire, products(count), quotes=True, clock=clock, since=NOW)
    until(clock, lambda: len(wire.sent_at) > ENOUGH * budget.burst, link.step)
    assert_within(budget, wire.sent_at)


def test_connections_that_break_at_once_are_opened_within_the_budget_of_connections(stream: StreamConnector) -> None:
    clock, budget = Clock(), stream.limits.connections
    opened_at: list[float] = []

    def open_one() -> WebSocket:
        opened_at.append(clock())
        return Wire(clock)

    limiter = RateLimiter(budget, clock=clock)
    means = Means(stream, open_one, quotes=False, clock=clock, now=lambda: NOW, random=lambda: 0.0, connections=limiter)
    means.proven.set()
    feeds = [Feed(means, products(1)) for _ in range(20)]

    def step() -> None:
        for feed in feeds:
            for link in feed.links[:]:
                feed.lose(link, ExchangeUnavailable("broken"))
            feed.step(may_open=True)
        for thread in threading.enumerate():
            if thread.name == "open":
                thread.join()

    until(clock, lambda: len(opened_at) > ENOUGH * budget.burst, step)
    assert_within(budget, opened_at)
