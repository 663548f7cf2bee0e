import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

import simulator.exchanges
from simulator.exchanges import Market, RunningSimulator

TRADES = 20_000
SEED = 7

STREAMED_TRADES = 20_000

Get = Callable[..., httpx.Response]
Open = Callable[..., "Socket"]


class Socket:
    """A WebSocket to a simulated exchange, whose messages are JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: object) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> Any:
        return json.loads(self.connection.recv(timeout=10))

    def receive_until(self, is_last: Callable[[Any], bool]) -> list[Any]:
        """The messages up to the first one that is the last, which must come within ten seconds."""
        messages, deadline_s = [self.receive()], time.monotonic() + 10
        while not is_last(messages[-1]):
            assert time.monotonic() < deadline_s, f"none of {len(messages)} messages was the last"
            messages.append(self.receive())
        return messages


@pytest.fixture(scope="session")
def market() -> Market:
    """The market that `running` serves, drawn in this process."""
    return simulator.exchanges.draw_market(trades=TRADES, seed=SEED)


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    """A simulator without limits, in which no test switches on faults, so that all tests can share it."""
    with simulator.exchanges.running(trades=TRADES, seed=SEED, enforce_limits=False) as running:
        yield running


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def get(running: RunningSimulator, client: httpx.Client) -> Get:
    """Send a request to an exchange of `running`: `get("binance", "/api/v3/trades", symbol="BTCUSDT")`."""

    def get(exchange: str, path: str, headers: dict[str, str] | None = None, **query: object) -> httpx.Response:
        return client.get(running.urls[exchange] + path, headers=headers, params={k: str(v) for k, v in query.items()})

    return get


@pytest.fixture(scope="session")
def streamed_market() -> Market:
    """The market that `streaming` serves, drawn in this process."""
    return simulator.exchanges.draw_market(trades=STREAMED_TRADES, seed=SEED)


@pytest.fixture(scope="session")
def streaming_all_session() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=STREAMED_TRADES, seed=SEED, enforce_limits=False, shown=0.5) as running:
        yield running


@pytest.fixture
def streaming(streaming_all_session: RunningSimulator) -> RunningSimulator:
    """A simulator that shows half of its market and has no faults; to show more is to have trades happen."""
    streaming_all_session.clear_faults()
    streaming_all_session.show(0.5)
    return streaming_all_session


@pytest.fixture
def open_socket(streaming: RunningSimulator) -> Iterator[Open]:
    """Connect to an exchange of `streaming`: `open_socket("kraken", "/v2")`."""
    with ExitStack() as stack:

        def open_socket(exchange: str, path: str = "", running: RunningSimulator = streaming) -> Socket:
            url = running.stream_urls[exchange] + path
            # With a limited queue, a client does not see that the connection ends before it has read the messages.
            return Socket(stack.enter_context(connect(url, proxy=None, max_queue=None)))

        yield open_socket
