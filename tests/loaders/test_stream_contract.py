"""What listening to every stream must do, against a WebSocket server on loopback.

A new stream is covered as soon as tests/support/stream_dialects.py knows what its exchange sends.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from loaders.connector import ListedProduct
from loaders.errors import ExchangeUnavailable
from loaders.stream import StreamConnector
from tests.support.stream_dialects import (
    PRODUCTS,
    START,
    STREAMS,
    Trade,
    acknowledge,
    heartbeat,
    malformed,
    messages,
    refuse_nosuch,
    sent,
    subscribed,
)
from tests.support.stream_server import StreamServer, never, serving, wait_until

pytestmark = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


def listening(stream: StreamConnector, server: StreamServer, **options: object) -> Listener:
    return Listener(stream, PRODUCTS[stream.name], url=server.url, **options)  # type: ignore[arg-type]


def taken_until(listener: Listener, is_enough: Callable[[list[Run]], bool]) -> list[Run]:
    runs: list[Run] = []

    def take() -> bool:
        runs.extend(listener.take(0.02))
        return is_enough(runs)

    wait_until(take)
    return runs


def ranges(runs: list[Run]) -> list[tuple[int, int]]:
    return [(run.low, run.high) for run in runs]


def has(count: int) -> Callable[[list[Run]], bool]:
    return lambda runs: sum(run.rows.num_rows for run in runs) >= count


def clock_at(speed: float) -> Callable[[], float]:
    return lambda: time.monotonic() * speed


def test_trades_come_as_one_run(stream: StreamConnector, server: StreamServer) -> None:
    first, second = PRODUCTS[stream.name]
    with listening(stream, server) as listener:
        client = server.client()
        assert subscribed(client) == [stream.wire_name(first), stream.wire_name(second)]
        client.push(*sent(stream, *range(10, 60)), *sent(stream, 7, 8, product=second))
        runs = taken_until(listener, has(52))
        assert {run.stream for run in runs} == {first.symbol, second.symbol}
        assert sum(run.high - run.low for run in runs) == 52
        client.push(*sent(stream, 60))
        assert ranges(taken_until(listener, has(1))) == [(60, 61)]
        state = listener.state
    assert (state.trades, state.holes, state.repeated, state.warnings[1:]) == (53, 0, 0, ())
    assert state.newest_ids == {first.symbol: 60, second.symbol: 8}
    assert [(each.symbols, each.is_ready, each.trouble) for each in state.connections] == [
        ((first.symbol, second.symbol), True, None)
    ]


def test_a_run_has_its_rows_by_id_and_its_times(stream: StreamConnector, server: StreamServer) -> None:
    product = PRODUCTS[stream.name][0]
    late = START + timedelta(seconds=5)
    trades = [Trade(3, time=START), Trade(2, time=late), Trade(1, time=START + timedelta(seconds=1))]
    with listening(stream, server) as listener:
        server.client().push(*messages(stream, product, trades))  # newest first
        (run,) = taken_until(listener, has(3))
    assert (run.stream, run.low, run.high) == (product.symbol, 1, 4)
    assert run.rows[stream.raw.id_column].to_pylist() == ["1", "2", "3"]
    assert run.rows.schema == stream.raw.page_schema
    assert run.last_time == late.replace(tzinfo=None)


def test_hundreds_of_trades_with_one_time_are_all_there(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server) as listener:
        server.client().push(*sent(stream, *range(1, 736)))
        runs = taken_until(listener, has(735))
    assert (runs[0].low, runs[-1].high) == (1, 736)
    assert [run.low for run in runs[1:]] == [run.high for run in runs[:-1]]


def test_a_hole_ends_a_run(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server) as listener:
        server.client().push(*sent(stream, 10, 11, 15, 16))
        assert ranges(taken_until(listener, has(4))) == [(10, 12), (15, 17)]
        assert listener.state.holes == 1


def test_repeated_trades_are_dropped(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server) as listener:
        client = server.client()
        client.push(*sent(stream, 10, 11, 10, 11))
        runs = taken_until(listener, has(2))
        client.push(*sent(stream, 9, 10, 11, 12))
        runs += taken_until(listener, has(2))
        listener.close()
        assert listener.take(0) == []
        assert ranges(runs) == [(10, 12), (9, 10), (12, 13)]
        assert listener.state.repeated == 4


def test_late_trades_are_put_in_their_place(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server) as listener:
        client = server.client()
        client.push(*sent(stream, 10))
        assert ranges(taken_until(listener, has(1))) == [(10, 11)]
        client.push(*sent(stream, 12, 13))
        wait_until(lambda: listener.state.trades == 3)
        assert listener.take(0) == []
        client.push(*sent(stream, 11))
        assert ranges(taken_until(listener, has(3))) == [(11, 14)]
        assert listener.state.holes == 0


@pytest.mark.parametrize("missed", [0, 3])
def test_a_lost_connection_is_opened_again_and_the_ids_say_what_is_missing(
    stream: StreamConnector, server: StreamServer, missed: int
) -> None:
    with listening(stream, server, random=lambda: 0.1) as listener:
        server.client().push(*sent(stream, 10, 11))
        runs = taken_until(listener, has(2))
        server.clients[0].cut()
        again = server.client(1)
        assert subscribed(again) == subscribed(server.clients[0])
        again.push(*sent(stream, 12 + missed, 13 + missed))
        runs += taken_until(listener, has(2))
        assert ranges(runs) == [(10, 12), (12 + missed, 14 + missed)]
        assert listener.state.holes == (1 if missed else 0)
        assert listener.state.connections[0].reconnects == 1


def test_a_connection_that_the_exchange_ends_is_opened_again(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server, random=lambda: 0.1) as listener:
        server.client().push(*sent(stream, 10))
        server.clients[0].end()
        server.client(1).push(*sent(stream, 11))
        assert ranges(taken_until(listener, has(2))) in ([(10, 12)], [(10, 11), (11, 12)])
        assert "ended with code 1001, going away" in str(listener.state.connections[0].trouble)


def test_an_exchange_that_says_goodbye_is_not_waited_for(stream: StreamConnector, server: StreamServer) -> None:
    with listening(stream, server, random=lambda: 0.1) as listener:
        server.client().is_frozen = True  # so it never closes the connection
        server.clients[0].end()
        server.client(1)
        assert "ended with code 1001, going away" in str(listener.state.connections[0].trouble)


def test_a_frozen_connection_is_closed_and_opened_again(stream: StreamConnector, server: StreamServer) -> None:
    impatient = replace(stream, silence_seconds=0.6)  # type: ignore[type-var]
    with listening(impatient, server, random=lambda: 0.1) as listener:
        server.client().is_frozen = True
        server.client(1).push(*sent(stream, 10))
        assert ranges(taken_until(listener, has(1))) == [(10, 11)]
        assert "fell silent" in str(listener.state.connections[0].trouble)


def test_signs_of_life_keep_a_quiet_connection(stream: StreamConnector, server: StreamServer) -> None:
    impatient = replace(stream, silence_seconds=0.5)  # type: ignore[type-var]
    with listening(impatient, server) as listener:
        client = server.client()
        if stream.has_heartbeats:
            for _ in range(12):
                client.push(heartbeat(stream, PRODUCTS[stream.name][0], 0))
                listener.take(0.1)
        else:
            listener.take(1.2)
            assert client.pings >= 2
        assert len(server.clients) == 1
        assert listener.state.connections[0].reconnects == 0


def test_garbage_ends_nothing(stream: StreamConnector, server: StreamServer) -> None:
    product = PRODUCTS[stream.name][0]
    with listening(stream, server) as listener:
        client = server.client()
        client.push(*sent(stream, 1), *malformed(stream, product).values(), b"\xff\xfe", *sent(stream, 2))
        assert ranges(taken_until(listener, has(2)))[-1][1] == 3
        warnings = listener.state.warnings
        assert len(server.clients) == 1 or listener.state.connections[0].trouble is not None
    assert 2 <= len(warnings) <= 8
    assert all(line.isprintable() for line in warnings)


def test_an_unknown_product_ends_alone(stream: StreamConnector) -> None:
    products = [*PRODUCTS[stream.name], ListedProduct("NOSUCH", "NOSUCH", "USD")]
    with serving(answer=refuse_nosuch) as server, Listener(stream, products, url=server.url) as listener:
        wait_until(lambda: listener.state.connections[0].is_ready)
        server.client().push(*sent(stream, 1))
        assert ranges(taken_until(listener, has(1))) == [(1, 2)]
        known = {stream.wire_name(product) for product in PRODUCTS[stream.name]}
        assert known <= set(subscribed(server.client()))
        assert len(server.clients) == 1
    if stream.name == "binance":  # which refuses none; its stream stays silent
        assert listener.failures == {}
    else:
        assert list(listener.failures) == ["NOSUCH"]
        assert str(listener.failures["NOSUCH"]).startswith(f"{stream.name} NOSUCH: ")


def test_a_slow_consumer_costs_the_connection_and_no_more_than_its_memory(
    stream: StreamConnector, server: StreamServer
) -> None:
    with listening(stream, server, most_bytes=20_000, random=lambda: 0.1) as listener:
        server.client().push(*sent(stream, *range(1, 1001)))
        wait_until(lambda: listener.state.overflows == 1)
        held = listener.state.trades
        assert not any(connection.since for connection in listener.state.connections)
        runs = taken_until(listener, has(held))
        assert (runs[0].low, runs[-1].high) == (1, held + 1)
        server.client(1).push(*sent(stream, 2001))
        assert ranges(taken_until(listener, has(1))) == [(2001, 2002)]
        assert any("were taken" in line for line in listener.state.warnings)


def test_nobody_there_ends_in_one_line(stream: StreamConnector) -> None:
    with serving(answer=never) as server:
        server.stop()
        with listening(stream, server, random=lambda: 0.1) as listener:
            wait_until(lambda: listener.is_over)
            with pytest.raises(
                ExchangeUnavailable, match=f"^{stream.name} can't be reached at ws://localhost.*_STREAM_URL sets"
            ):
                listener.take(0)


def test_a_subscription_that_is_never_acknowledged_is_given_up(stream: StreamConnector) -> None:
    with (
        serving(answer=never) as server,
        listening(replace(stream, silence_seconds=1e9), server, clock=clock_at(100)) as listener,  # type: ignore[type-var]
    ):
        wait_until(lambda: listener.is_over)
        assert len(server.clients) == 4
    assert str(listener.error).startswith(f"{stream.name} didn't acknowledge the subscription of ")
