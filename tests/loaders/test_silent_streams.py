"""What a connection doesn't send: how a listener tells of it, and replaces a connection that REST shows to be dead.

With Binance as the example, which sends nothing regularly but pings.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from tests.support.stream_dialects import PRODUCTS, STREAMS, acknowledge, sent
from tests.support.stream_server import StreamServer, serving, wait_until

BINANCE = STREAMS["binance"]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


def listening(server: StreamServer, clock: Callable[[], float] = time.monotonic) -> Listener:
    return Listener(BINANCE, PRODUCTS["binance"], server.url, random=lambda: 0.1, clock=clock)


def fast(speed: float) -> Callable[[], float]:
    return lambda: time.monotonic() * speed


def heard(listener: Listener) -> tuple[int, int]:
    runs: list[Run] = []
    wait_until(lambda: runs.extend(listener.take(0.02)) or bool(runs))  # type: ignore[func-returns-value]
    (run,) = runs
    return run.low, run.high


def ready(listener: Listener) -> None:
    wait_until(lambda: bool(listener.contacts))


def test_a_connection_that_does_not_send_what_happens_is_replaced(server: StreamServer) -> None:
    clock = fast(20)
    with listening(server, clock) as listener:
        ready(listener)
        server.client().push(*sent(BINANCE, 5))
        assert heard(listener) == (5, 6)
        listener.expect("BTCUSDT", 7, clock())
        server.client(1).push(*sent(BINANCE, 8))
        assert heard(listener) == (8, 9)
        (warning,) = listener.state.warnings
    said = "binance BTCUSDT: trade 7 exists, but the stream has sent none after 5"
    assert warning == f"{said}; it was connected again"
    assert str(listener.state.connections[0].trouble) == said
    assert listener.state.connections[0].reconnects == 1


def test_a_connection_is_kept_if_what_happened_before_it_is_all_that_it_does_not_send(server: StreamServer) -> None:
    clock = fast(20)
    early = clock()
    with listening(server, clock) as listener:
        ready(listener)
        listener.expect("BTCUSDT", 7, clock())
        listener.expect("ETHUSDT", 70, clock())
        listener.expect("ETHUSDT", 80, early)
        listener.expect("NOSUCH", 80, clock())
        wait_until(lambda: listener.contacts[0].unheard == ())
        listener.expect("BTCUSDT", 8, clock())
        server.client().push(*sent(BINANCE, 8))
        time.sleep(1)
        assert (listener.state.warnings, len(server.clients)) == ((), 1)


def test_what_a_connection_has_not_sent_yet_is_known(server: StreamServer) -> None:
    with listening(server) as listener:
        ready(listener)
        assert listener.contacts[0].unheard == listener.contacts[0].streams == ("BTCUSDT", "ETHUSDT")
        server.client().push(*sent(BINANCE, 5))
        wait_until(lambda: listener.contacts[0].unheard == ("ETHUSDT",))
        assert listener.contacts[0].heard_at > listener.contacts[0].ready_at
        server.clients[0].cut()
        wait_until(lambda: len(server.clients) == 2 and bool(listener.contacts))
        assert listener.contacts[0].unheard == ("BTCUSDT", "ETHUSDT")
