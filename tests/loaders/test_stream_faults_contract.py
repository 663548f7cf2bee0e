"""What is heard of a simulated exchange, together with what REST then fills, is every trade once and as REST has it.

Every stream that is found is covered, and every fault of messages that the simulator knows.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

import simulator.exchanges
from lakehouse.coverage import Coverage, Hole, Stretch, microseconds
from loaders.channels.rest import Fetcher
from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from loaders.connector import Connector, ListedProduct, Segment
from loaders.connectors import connector_names, load_stream
from loaders.stream import StreamConnector
from simulator.exchanges import RunningSimulator
from simulator.exchanges.faults import KINDS
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.connectors import COLUMNS, CONNECTORS
from tests.support.holes import everything_since, pieces
from tests.support.stream_server import wait_until

STREAMS = {name: stream for name in connector_names() if (stream := load_stream(name, COLUMNS)) is not None}
FAULTS = [name for name, kind in KINDS.items() if kind.strikes_messages]
SHOWN = 0.5
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDING = timedelta(microseconds=1)
"""How much a time of the stream may differ from that of REST, which rounds it."""

pytestmark = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    every = tuple(simulated_exchanges())
    with simulator.exchanges.running(trades=3_000, exchanges=every, enforce_limits=False, shown=SHOWN) as running:
        yield running


@dataclass
class Hearing:
    """One exchange, listened to while its market goes on."""

    market: RunningSimulator
    stream: StreamConnector
    products: list[ListedProduct]
    share: float = SHOWN
    runs: list[Run] = field(default_factory=list)
    held: Coverage = field(default_factory=lambda: Coverage({}))
    """What was heard by all listeners so far."""
    may_repeat: bool = False

    @property
    def connector(self) -> Connector:
        return CONNECTORS[self.stream.name]

    def listener(self) -> Listener:
        return Listener(self.stream, self.products, url=self.market.stream_urls[self.stream.name], random=lambda: 0.1)

    def hear(self, listener: Listener, seconds: float = 0) -> None:
        """Take what was heard, of which only a new listener may repeat what another one has heard."""
        for run in listener.take(seconds):
            missing = self.held.missing(run.stream, run.low, run.high)
            assert missing == [(run.low, run.high)] or self.may_repeat
            self.held = self.held.with_added(
                (run.stream, Stretch(low, high, 0, 0, high - low)) for low, high in missing
            )
            self.runs.append(run)

    def end(self, listener: Listener) -> None:
        listener.close()
        self.hear(listener)
        self.may_repeat = True

    def go_on(self, listener: Listener, *, steps: int = 1) -> None:
        """Let the market go on by steps of a thousandth, and take what is heard."""
        for _ in range(steps):
            self.share += 0.004
            self.market.show(self.share)
            self.hear(listener, 0.03)

    def until(self, listener: Listener, is_so: Callable[[], bool]) -> None:
        """Let the market go on until something is so."""
        ends = time.monotonic() + 10
        while not is_so():
            assert time.monotonic() < ends, f"{self.share}: {listener.state}"
            if self.share < 0.98:
                self.go_on(listener)
            self.hear(listener, 0.05)

    def newest(self) -> dict[str, int]:
        """The id of the newest trade that the exchange shows, by symbol."""
        listed = {each["symbol"]: each["last_id"] for each in self.market.market()[self.stream.name].values()}
        return {product.symbol: listed[f"{product.base}-{product.quote}"] for product in self.products}

    def newest_heard(self) -> dict[str, int]:
        """The highest id that was heard, by symbol."""
        ends = {symbol: stretches[-1].high - 1 for symbol, stretches in self.held.streams.items()}
        return {product.symbol: ends.get(product.symbol, 0) for product in self.products}

    def is_heard_after(self, ids: Mapping[str, int]) -> bool:
        return all(newest > ids[symbol] for symbol, newest in self.newest_heard().items())

    def over_rest(self, *segments: Segment) -> dict[tuple[str, int], dict[str, Any]]:
        raw = self.connector.raw
        with Fetcher(self.connector, self.market.urls[self.stream.name]) as fetcher:
            fetcher.wait = lambda event, seconds: event.wait(seconds / 1_000)
            found = pieces(fetcher, *segments)
        assert fetcher.failures == {}
        rows = [row for piece in found for row in piece.rows.to_pylist()]
        return {(row[raw.stream_column], int(row[raw.id_column])): row for row in rows}

    def assert_complete(self) -> None:
        """What was heard and what REST fills is everything since the first trade heard, as REST has it."""
        raw, newest, begins = self.connector.raw, self.newest(), microseconds(SINCE)
        first = {symbol: stretches[0].low for symbol, stretches in self.held.streams.items()}
        holes = {symbol: self.held.missing(symbol, first[symbol], last + 1) for symbol, last in newest.items()}
        filled = self.over_rest(
            *(
                Segment(symbol, Hole(low, high, begins, None, resumes=True))
                for symbol, parts in holes.items()
                for low, high in parts
            )
        )
        assert sorted(filled) == sorted(
            (symbol, number) for symbol, parts in holes.items() for low, high in parts for number in range(low, high)
        )
        expected = self.over_rest(*(Segment(product.symbol, everything_since(SINCE)) for product in self.products))
        for run in self.runs:
            assert run.rows.schema == raw.page_schema
            for row in run.rows.to_pylist():
                assert_same(row, expected[run.stream, int(row[raw.id_column])], raw.time_column)


def assert_same(row: Mapping[str, Any], sent: Mapping[str, Any], time_column: str) -> None:
    """A row is that of REST, except for its payload and for what the stream doesn't send."""
    for column, value in row.items():
        if column == time_column:
            assert abs(value - sent[column]) <= ROUNDING
        elif column != "_raw_payload" and value is not None:
            assert value == sent[column], column
    assert None not in (row[time_column], row["price"])


@pytest.fixture
def hearing(market: RunningSimulator, stream: StreamConnector) -> Iterator[Hearing]:
    if stream.name not in market.stream_urls or not simulated_exchanges()[stream.name].has_feeds():
        pytest.skip(f"the simulated {stream.name} has no WebSocket")
    connector = CONNECTORS[stream.name]
    with Fetcher(connector, market.urls[stream.name]) as fetcher:
        listed = fetcher.answer(connector.products())
    market.show(SHOWN)
    yield Hearing(market, stream, listed[:2])
    market.clear_faults()


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_to_messages_nothing_is_lost_or_doubled(hearing: Hearing, fault: str) -> None:
    if fault == "freeze" and not hearing.stream.has_heartbeats:
        pytest.skip(f"{hearing.stream.name} sends no heartbeats, and a frozen connection goes on to answer pings")
    hearing.stream = replace(hearing.stream, silence_seconds=1.2)  # type: ignore[type-var]
    with hearing.listener() as listener:
        wait_until(lambda: all(each.is_ready for each in listener.state.connections))
        hearing.until(listener, lambda: hearing.is_heard_after(dict.fromkeys(hearing.newest(), 0)))
        name = "pause=0.5" if fault == "pause" else fault  # the usual ten seconds would only be a freeze
        hearing.market.set_faults(f"{name}:1/3x4@{hearing.stream.name}")
        hearing.until(listener, lambda: any(each["struck"] for each in hearing.market.faults()))
        hearing.go_on(listener, steps=5)
        hearing.market.clear_faults()
        newest = hearing.newest()
        hearing.until(listener, lambda: hearing.is_heard_after(newest))
        hearing.end(listener)
    hearing.assert_complete()


def test_a_listener_that_begins_again_and_a_connection_for_each_product_leave_no_hole(hearing: Hearing) -> None:
    one_each = replace(hearing.stream.limits, products=1)
    hearing.stream = replace(hearing.stream, limits=one_each)  # type: ignore[type-var]
    for _ in range(2):
        is_heard = partial(hearing.is_heard_after, hearing.newest())
        with hearing.listener() as listener:
            wait_until(lambda: all(each.is_ready for each in listener.state.connections))
            assert len(listener.state.connections) == len(hearing.products)
            hearing.until(listener, is_heard)
            hearing.end(listener)
        hearing.share += 0.05
        hearing.market.show(hearing.share)
    hearing.assert_complete()
