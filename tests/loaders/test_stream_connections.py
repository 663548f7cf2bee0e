"""How a listener connects, reconnects, replaces connections and ends, with Coinbase and Binance as examples."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from lakehouse.errors import SchemaHubError
from loaders.channels.stream import Listener
from loaders.connector import Budget, ListedProduct
from loaders.errors import BadRequest, ExchangeUnavailable, RateLimited
from loaders.stream import Quote, Regular, StreamConnector
from tests.support.stream_dialects import PRODUCTS, STREAMS, Trade, acknowledge, heartbeat, messages, subscribed
from tests.support.stream_server import Client, StreamServer, never, serving, wait_until

BINANCE, COINBASE = STREAMS["binance"], STREAMS["coinbase"]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


def listening(server: StreamServer, stream: StreamConnector = COINBASE, **options: object) -> Listener:
    given = {"url": server.url, "random": lambda: 0.1, **options}
    return Listener(stream, PRODUCTS[stream.name], **given)  # type: ignore[arg-type]


def like(stream: StreamConnector, **changes: object) -> StreamConnector:
    changed: StreamConnector = replace(stream, **changes)  # type: ignore[type-var]
    return changed


LASTING = like(COINBASE, silence_seconds=1e9)
"""Whose connections don't end by silence, which a fast clock reaches while the machine does something else."""


def sent(*ids: int, stream: StreamConnector = COINBASE) -> list[str]:
    return messages(stream, PRODUCTS[stream.name][0], [Trade(each) for each in ids])


def ids_heard(listener: Listener, count: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []

    def take() -> bool:
        found.extend((run.low, run.high) for run in listener.take(0.02))
        return sum(high - low for low, high in found) >= count

    wait_until(take)
    return found


def fast(speed: float) -> Callable[[], float]:
    return lambda: time.monotonic() * speed


def error_of(listener: Listener) -> SchemaHubError:
    wait_until(lambda: listener.is_over)
    with pytest.raises(SchemaHubError) as raised:
        listener.take(0)
    return raised.value


@pytest.mark.parametrize(
    ("status", "kind", "said", "connections"),
    [
        (429, RateLimited, "HTTP 429", 4),
        (503, ExchangeUnavailable, "HTTP 503", 4),
        (403, BadRequest, "HTTP 403; SCHEMAHUB_COINBASE_STREAM_URL can name another address", 1),
        (451, BadRequest, "HTTP 451", 1),
        (301, BadRequest, "HTTP 301, a redirect; redirects are not followed", 1),
        (200, BadRequest, "HTTP 200", 1),
    ],
)
def test_an_exchange_that_refuses_the_connection_is_given_up_in_one_line(
    server: StreamServer, status: int, kind: type[SchemaHubError], said: str, connections: int
) -> None:
    server.refuse_with = status
    with listening(server, clock=fast(20)) as listener:
        error = error_of(listener)
    assert type(error) is kind
    assert said in str(error)
    assert str(error).isprintable()
    assert server.handshakes == connections


def test_once_it_has_worked_it_is_tried_for_ever_and_a_person_can_see_why(server: StreamServer) -> None:
    heard: set[tuple[int, int]] = set()

    def is_heard() -> bool:
        server.clients[-1].push(*sent(5))  # at this speed a connection may be given up before it is acknowledged
        heard.update((run.low, run.high) for run in listener.take(0.02))
        return bool(heard)

    with listening(server, LASTING, clock=fast(40)) as listener:
        wait_until(lambda: bool(listener.state.connections) and listener.state.connections[0].is_ready)
        server.refuse_with = 403
        server.clients[-1].cut()
        wait_until(lambda: server.handshakes > 8)
        assert not listener.is_over
        assert any("HTTP 403" in line and line.endswith("connecting again") for line in listener.state.warnings)
        server.refuse_with = None
        wait_until(is_heard)
    assert heard == {(5, 6)}


def test_pauses_between_attempts_grow_with_jitter_and_are_bounded(server: StreamServer) -> None:
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(time.monotonic())
        return 1.0

    generous = like(LASTING, limits=replace(COINBASE.limits, connections=Budget(1e6, 1, 1e6)))
    with listening(server, generous, clock=fast(100), random=draw) as listener:
        wait_until(lambda: bool(listener.state.connections) and listener.state.connections[0].is_ready)
        server.refuse_with = 503
        drawn.clear()
        server.clients[-1].cut()
        wait_until(lambda: len(drawn) >= 10)
    pauses = [100 * (later - earlier) for earlier, later in pairwise(drawn)]
    for number, pause in enumerate(pauses[:9]):
        assert pause >= min(60.0, 0.5 * 2**number)
    assert max(pauses) < 120  # without a bound the last would be 128


def test_connections_are_opened_within_the_exchanges_rate(server: StreamServer) -> None:
    slow = like(COINBASE, limits=replace(COINBASE.limits, connections=Budget(units=1, seconds=0.3, burst=1)))
    with listening(server, slow, random=lambda: 0.0) as listener:
        began = time.monotonic()
        for number in range(4):
            server.client(number)
            wait_until(lambda: listener.state.connections[0].is_ready)
            server.clients[number].cut()
        assert time.monotonic() - began > 0.85


def test_products_are_split_over_connections(server: StreamServer) -> None:
    narrow = like(COINBASE, limits=replace(COINBASE.limits, products=1))
    with listening(server, narrow) as listener:
        assert {*subscribed(server.client(0)), *subscribed(server.client(1))} == {"BTC-USD", "ETH-USD"}
        assert len(listener.state.connections) == 2
        server.clients[0].cut()
        server.client(2)
        assert len(server.clients) == 3


def test_one_connection_that_works_is_reason_to_go_on_trying_the_others(server: StreamServer) -> None:
    limits = replace(COINBASE.limits, products=1, connections=Budget(units=1, seconds=1.5, burst=1))
    with listening(server, like(LASTING, limits=limits), clock=fast(3)) as listener:
        server.client()
        wait_until(lambda: any(connection.is_ready for connection in listener.state.connections))
        server.refuse_with = 403
        wait_until(lambda: server.handshakes > 4)
        server.refuse_with = None
        wait_until(lambda: all(connection.is_ready for connection in listener.state.connections))
        assert len(subscribed(server.client(1))) == 1


def test_subscriptions_are_sent_at_the_exchanges_rate(server: StreamServer) -> None:
    products = [ListedProduct(f"P{number}-USD", f"P{number}", "USD") for number in range(160)]
    slow = like(COINBASE, limits=replace(COINBASE.limits, messages=Budget(units=5, seconds=1, burst=1)))
    with Listener(slow, products, url=server.url) as listener:
        began = time.monotonic()
        wait_until(lambda: listener.state.connections[0].is_ready)
        assert 0.5 < time.monotonic() - began < 5
    assert subscribed(server.clients[0]) == [product.symbol for product in products]


def test_what_must_be_sent_regularly_is_sent(server: StreamServer) -> None:
    with listening(server, like(COINBASE, regular=Regular('{"id":"ping"}', 0.1))):
        wait_until(lambda: server.client().texts.count('{"id":"ping"}') >= 3)


def test_a_connection_is_replaced_before_its_time_is_up_and_nothing_is_missed() -> None:
    number = iter(range(10**6))
    late = threading.Event()

    def answer(client: Client, text: str) -> list[str]:
        if len(server.clients) > 1:
            late.wait(5)
        return acknowledge(client, text)

    with serving(answer=answer) as server, listening(server, like(BINANCE, longest_seconds=0.5)) as listener:
        first = server.client()
        wait_until(lambda: len(server.clients) == 2)
        first.push(*sent(*(next(number) for _ in range(5)), stream=BINANCE))
        time.sleep(0.1)
        assert first.is_open  # until the new one is ready
        late.set()
        second = server.client(1)
        wait_until(lambda: not first.is_open)
        second.push(*sent(3, 4, *(next(number) for _ in range(5)), stream=BINANCE))
        assert ids_heard(listener, 10)[-1][1] == 10
        assert (listener.state.holes, listener.state.repeated) == (0, 2)
        assert listener.state.connections[0].reconnects == 0


def test_an_announced_end_opens_another_connection_first(server: StreamServer) -> None:
    with listening(server, BINANCE) as listener:
        first = server.client()
        first.push(*sent(1, 2, stream=BINANCE), '{"e":"serverShutdown","E":1767571200000}')
        second = server.client(1)
        wait_until(lambda: not first.is_open)
        second.push(*sent(2, 3, stream=BINANCE))
        assert ids_heard(listener, 3)[-1] == (3, 4) or listener.state.repeated == 1
        assert listener.state.holes == 0
        assert listener.state.connections[0].reconnects == 0


def test_a_replacement_that_fails_leaves_the_old_connection(server: StreamServer) -> None:
    with listening(server, like(BINANCE, longest_seconds=0.3)) as listener:
        first = server.client()
        server.refuse_with = 503
        wait_until(lambda: server.handshakes >= 3)
        first.push(*sent(1, stream=BINANCE))
        assert ids_heard(listener, 1) == [(1, 2)]
        server.refuse_with = None
        wait_until(lambda: not first.is_open)
        assert len(server.clients) >= 2


def test_a_replacement_that_breaks_before_it_is_ready_is_tried_again() -> None:
    def answer(client: Client, text: str) -> list[str]:
        if len(server.clients) == 2:
            client.end(1013)
            return []
        return acknowledge(client, text)

    with serving(answer=answer) as server, listening(server, BINANCE) as listener:
        first = server.client()
        first.push('{"e":"serverShutdown","E":1767571200000}', *sent(1, stream=BINANCE))
        server.client(2).push(*sent(2, stream=BINANCE))
        assert ids_heard(listener, 2)[-1][1] == 3
        wait_until(lambda: not first.is_open)
        assert listener.state.connections[0].reconnects == 0


def test_a_connection_that_never_opens_is_given_up(server: StreamServer) -> None:
    server.is_deaf = True
    with listening(server, clock=fast(200)) as listener:
        assert str(error_of(listener)) == "coinbase: no connection within 30 s"
    server.is_deaf = False


def test_pings_are_answered(server: StreamServer) -> None:
    with listening(server, BINANCE):
        client = server.client()
        client.ping()
        wait_until(lambda: client.pongs == [b"20 s"])


def test_the_subscription_is_sent_at_once(server: StreamServer) -> None:
    with listening(server):
        wait_until(lambda: len(server.clients) == 1)
        opened = time.monotonic()
        server.client()
        assert time.monotonic() - opened < 2  # Coinbase waits 5 seconds


def test_a_message_in_fragments_is_one_message(server: StreamServer) -> None:
    with listening(server) as listener:
        client = server.client()
        (text,) = sent(5)
        client.push_in_fragments(text[:20], text[20:50], text[50:])
        assert ids_heard(listener, 1) == [(5, 6)]


def test_a_message_that_is_too_large_ends_the_connection_and_not_the_listener(server: StreamServer) -> None:
    with listening(server, largest_message=10_000) as listener:
        wait_until(lambda: bool(listener.state.connections) and listener.state.connections[0].is_ready)
        server.client().push(*sent(1), '{"type":"' + "x" * 20_000 + '"}')
        server.client(1).push(*sent(2))
        assert ids_heard(listener, 2)[-1][1] == 3
        assert "was refused" in str(listener.state.connections[0].trouble)


def test_bytes_that_are_not_websocket_end_the_connection_and_not_the_listener(server: StreamServer) -> None:
    with listening(server) as listener:
        wait_until(lambda: bool(listener.state.connections) and listener.state.connections[0].is_ready)
        server.client().connected.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n" * 100)
        server.client(1).push(*sent(2))
        assert ids_heard(listener, 1) == [(2, 3)]


def test_a_refusal_that_names_no_product_is_given_up_at_the_start() -> None:
    def refuse(client: Client, text: str) -> list[str]:
        return ['{"type":"error","message":"Failed to subscribe","reason":"No channels provided"}']

    with serving(answer=refuse) as server, listening(server, clock=fast(10)) as listener:
        assert str(error_of(listener)) == "coinbase: Failed to subscribe: No channels provided"


def test_when_every_product_is_refused_listening_is_over() -> None:
    def refuse(client: Client, text: str) -> list[str]:
        (name, *_) = json.loads(text)["product_ids"]
        return [f'{{"type":"error","message":"Failed to subscribe","reason":"{name} is not a valid product"}}']

    with serving(answer=refuse) as server, listening(server) as listener:
        wait_until(lambda: listener.is_over)
        assert listener.take(0) == []
    assert list(listener.failures) == ["BTC-USD", "ETH-USD"]
    assert listener.error is None


def test_closing_takes_less_than_a_second_and_leaves_what_was_heard(server: StreamServer) -> None:
    with listening(server) as listener:
        client = server.client()
        client.push(*sent(1, 2, 4))
        wait_until(lambda: listener.state.messages >= 4)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert [(run.low, run.high) for run in listener.take(60)] == [(1, 3), (4, 5)]  # which doesn't wait
    assert listener.take(60) == []
    wait_until(lambda: not client.is_open)


@pytest.mark.parametrize("is_deaf", [True, False])
def test_closing_while_connecting_takes_less_than_a_second(is_deaf: bool) -> None:
    with serving(answer=never) as server:
        server.is_deaf = is_deaf
        with listening(server):
            time.sleep(0.1)
            began = time.monotonic()
        assert time.monotonic() - began < 1
        server.is_deaf = False


@pytest.mark.parametrize(("shift", "said"), [(120, "0:02:00 ahead of"), (-120, "0:02:00 behind")])
def test_a_wrong_clock_is_warned_of_once(server: StreamServer, shift: int, said: str) -> None:
    moment = datetime(2026, 1, 5)
    with listening(server, now=lambda: moment + timedelta(seconds=shift)) as listener:
        client = server.client()
        for number in range(4):
            client.push(heartbeat(COINBASE, PRODUCTS["coinbase"][0], number))
            time.sleep(0.12)
        wait_until(lambda: listener.state.skew is not None)
        assert listener.state.skew == timedelta(seconds=shift)
        (warning,) = listener.state.warnings
        assert said in warning


def test_a_clock_that_is_right_is_not_warned_of(server: StreamServer) -> None:
    with listening(server, now=lambda: datetime(2026, 1, 5, 0, 0, 3)) as listener:
        for _ in range(4):
            server.client().push(heartbeat(COINBASE, PRODUCTS["coinbase"][0], 1))
            time.sleep(0.12)
        wait_until(lambda: listener.state.skew is not None)
        assert listener.state.warnings == ()


def test_quotes_are_the_newest_ones_and_changes_are_announced(server: StreamServer) -> None:
    changes: list[Quote] = []
    with listening(server, BINANCE, quotes_wanted=True, on_quote=changes.append) as listener:
        client = server.client()
        for bid in ("1.5", "1.5", "1.75"):
            client.push(f'{{"u":1,"s":"BTCUSDT","b":"{bid}","B":"10","a":"2","A":"20"}}')
        wait_until(lambda: len(changes) == 2)
        assert dict(listener.quotes) == {"BTCUSDT": Quote("BTCUSDT", 1.75, 10.0, 2.0, 20.0, None)}
        assert [quote.bid for quote in changes] == [1.5, 1.75]
        server.refuse_with = 503
        client.cut()
        wait_until(lambda: not listener.quotes)  # nobody knows what it is now


def test_a_product_whose_subscription_isnt_acknowledged_is_no_reason_to_lose_the_others() -> None:
    def answer(client: Client, text: str) -> list[str]:
        return [reply.replace(', "ETH-USD"', "") for reply in acknowledge(client, text)]

    with serving(answer=answer) as server, listening(server, LASTING, clock=fast(50)) as listener:
        wait_until(lambda: listener.state.connections[0].is_ready)
        (warning,) = listener.state.warnings
        assert warning == "coinbase didn't acknowledge the subscription of ETH-USD within 15 s"
        assert len(server.clients) == 1


def test_what_arrives_right_before_the_end_of_a_connection_is_heard(server: StreamServer) -> None:
    with listening(server) as listener:
        wait_until(lambda: bool(listener.state.connections) and listener.state.connections[0].is_ready)
        client = server.client()
        with client.lock:
            for text in sent(*range(1, 2_001)):
                client.protocol.send_text(text.encode())
            client.flush()
            client.connected.shutdown(2)
        assert ids_heard(listener, 2_000)[-1][1] == 2_001
        server.client(1)
        assert "ended without a word" in str(listener.state.connections[0].trouble)
