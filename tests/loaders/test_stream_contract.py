"""What every stream must do, against a WebSocket server on loopback.

A new stream is covered as soon as tests/support/stream_dialects.py knows what its exchange sends.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import Misconfigured
from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from loaders.connector import ListedProduct
from loaders.connectors import load_connector, load_stream
from loaders.errors import ExchangeUnavailable, UnexpectedPayload
from loaders.stream import Heard, StreamConnector
from tests.support.connectors import COLUMNS, CONNECTORS
from tests.support.stream_dialects import (
    NOT_SENT,
    PRODUCTS,
    START,
    STREAMS,
    Trade,
    acknowledge,
    heartbeat,
    malformed,
    messages,
    refuse_nosuch,
    rest_body,
    subscribed,
)
from tests.support.stream_server import StreamServer, never, serving, wait_until

pytestmark = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)

OTHER = (
    '{"type":"new","channel":"new","e":"new","b":[[1]],"a":{},"message":{},"channels":1,"symbol":[],"error":{},'
    '"result":7,"time":[],"product_id":5,"E":{}}'
)
"""A message of an unknown kind whose fields have other types than those of the same name that are known."""

TRADES = [
    Trade(700, has_buying_taker=True),
    Trade(701, has_buying_taker=False, price="0.00000123", size="1200000.5"),
    Trade(702, time=START),
    Trade(703, price="12345678901234567890.123456789", size="0.00000001"),
]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


def listening(stream: StreamConnector, server: StreamServer, **options: object) -> Listener:
    return Listener(stream, PRODUCTS[stream.name], url=server.url, **options)  # type: ignore[arg-type]


def parsed(stream: StreamConnector, *texts: str | bytes) -> Heard:
    symbols = {stream.wire_name(product): product.symbol for product in PRODUCTS[stream.name]}
    return stream.parse([text.encode() if isinstance(text, str) else text for text in texts], symbols)


def sent(stream: StreamConnector, *ids: int, product: ListedProduct | None = None) -> list[str]:
    return messages(stream, product or PRODUCTS[stream.name][0], [Trade(each) for each in ids])


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


def test_the_rows_are_those_that_rest_lands(stream: StreamConnector) -> None:
    product = PRODUCTS[stream.name][0]
    heard = parsed(stream, *messages(stream, product, TRADES))
    rest = CONNECTORS[stream.name].parse(rest_body(stream, TRADES), symbol=product.symbol)
    assert heard.trades.schema == rest.schema == stream.raw.page_schema
    heard.trades.validate(full=True)
    for name in set(rest.schema.names) - NOT_SENT[stream.name] - {"_raw_payload"}:
        assert heard.trades[name].to_pylist() == rest[name].to_pylist(), name
    for name in NOT_SENT[stream.name]:
        assert heard.trades[name].null_count == len(TRADES)
    assert heard.ids == [trade.id for trade in TRADES]
    assert heard.problems == []


@given(
    st.lists(
        st.builds(
            Trade,
            id=st.integers(0, 2**63 - 1),
            price=st.decimals("0.00000001", "999999999", places=8).map(lambda number: f"{number:f}"),
            size=st.decimals("0.00000001", "999999999", places=8).map(lambda number: f"{number:f}"),
            has_buying_taker=st.booleans(),
            time=st.datetimes(datetime(2010, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        ),
        max_size=5,
        unique_by=lambda trade: trade.id,
    )
)
def test_any_row_is_the_one_that_rest_lands(stream: StreamConnector, trades: list[Trade]) -> None:
    trades = sorted(trades, key=lambda trade: trade.id)
    product = PRODUCTS[stream.name][0]
    unsent = [*NOT_SENT[stream.name], "_raw_payload"]
    heard = parsed(stream, *messages(stream, product, trades)).trades.drop_columns(unsent)
    assert heard == CONNECTORS[stream.name].parse(rest_body(stream, trades), symbol=product.symbol).drop_columns(unsent)


def test_the_raw_table_is_that_of_rest(stream: StreamConnector) -> None:
    connector = CONNECTORS[stream.name]
    assert stream.raw == connector.raw
    assert stream.name == connector.name


def test_a_payload_is_the_exchanges_own_text_of_one_trade(stream: StreamConnector) -> None:
    texts = messages(stream, PRODUCTS[stream.name][0], TRADES)
    payloads = parsed(stream, *texts).trades["_raw_payload"].to_pylist()
    for trade, payload in zip(TRADES, payloads, strict=True):
        assert payload in "\n".join(texts)
        assert trade.price in payload
        assert trade.size in payload
        assert isinstance(json.loads(payload), dict)


def test_a_price_that_is_null_is_landed_as_rest_lands_it(stream: StreamConnector) -> None:
    product = PRODUCTS[stream.name][0]
    null = "null" if stream.name == "kraken" else '"null"'
    (text,) = messages(stream, product, [Trade(1, price=null)])
    heard = parsed(stream, text.replace('""null""', "null"), *sent(stream, 2))
    price = heard.trades.schema.names[2]
    assert heard.trades[price].to_pylist() == [None, 93519.65]
    assert heard.problems == []


@pytest.mark.parametrize("fault", malformed(STREAMS["kraken"], PRODUCTS["kraken"][0]))
def test_a_malformed_message_ends_alone_in_one_line(stream: StreamConnector, fault: str) -> None:
    text = malformed(stream, PRODUCTS[stream.name][0])[fault]
    heard = parsed(stream, *sent(stream, 1), text, *sent(stream, 2))
    assert heard.ids == [1, 2]
    assert heard.trades.num_rows == 2
    (problem,) = heard.problems
    assert isinstance(problem, UnexpectedPayload)
    assert str(problem).startswith(f"{stream.name}: ")
    assert str(problem).isprintable()
    assert len(str(problem)) < 400


def test_new_fields_and_other_messages_mean_nothing(stream: StreamConnector) -> None:
    (text,) = sent(stream, 1)
    new = text.replace('"93519.65"', '"93519.65","fee":{"a":[1,{"b":2}]}').replace("93519.65,", '93519.65,"x":[{},{}],')
    assert new != text
    heard = parsed(stream, new, '{"type":"status","channel":"status","e":"status","data":[{}]}', "{}", OTHER)
    assert heard.ids == [1]
    assert heard.problems == []
    assert heard.trades["_raw_payload"][0].as_py() in new


def test_white_space_changes_nothing(stream: StreamConnector) -> None:
    (text,) = sent(stream, 1)
    indented = json.dumps(json.loads(text), indent=2)
    heard = parsed(stream, indented, *sent(stream, 2), f" {text}\n")
    assert heard.ids == [1, 2, 1] or sorted(heard.ids) == [1, 1, 2]
    assert heard.problems == []
    assert len(set(heard.trades[stream.raw.time_column].to_pylist())) == 1


@given(place=st.integers(0, 400), inserted=st.text(max_size=6), removed=st.integers(0, 12))
def test_no_message_raises(stream: StreamConnector, place: int, inserted: str, removed: int) -> None:
    (text,) = sent(stream, 7)
    spoilt = text[:place] + inserted + text[place + removed :]
    heard = parsed(stream, *sent(stream, 1), spoilt, *sent(stream, 2))
    assert heard.trades.num_rows == len(heard.ids)
    assert [heard.ids[0], heard.ids[-1]] == [1, 2]
    assert heard.trades[stream.raw.id_column].to_pylist() == [str(each) for each in heard.ids]


def test_without_columns_a_stream_can_be_subscribed(stream: StreamConnector) -> None:
    bare = load_stream(stream.name)
    assert bare is not None
    assert len(bare.subscriptions(PRODUCTS[stream.name], quotes=True, first_request=1)) >= 1
    with pytest.raises(Misconfigured, match="no mapping declares the columns"):
        load_stream(stream.name, {})


def test_a_subscription_is_split_and_names_every_product_once(stream: StreamConnector) -> None:
    products = [ListedProduct(f"P{number}USD", f"P{number}", "USD") for number in range(120)]
    subscriptions = stream.subscriptions(products, quotes=False, first_request=5)
    assert [symbol for each in subscriptions for symbol in each.symbols] == [product.symbol for product in products]
    assert [each.request for each in subscriptions] == list(range(5, 5 + len(subscriptions)))
    assert len(subscriptions) > 1
    assert all(json.loads(each.text) for each in subscriptions)


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
    assert (run.first_time, run.last_time) == (START.replace(tzinfo=None), late.replace(tzinfo=None))


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


def test_a_frozen_connection_is_closed_and_opened_again(stream: StreamConnector, server: StreamServer) -> None:
    impatient = replace(stream, silence_seconds=0.6)  # type: ignore[type-var]
    with listening(impatient, server, random=lambda: 0.1) as listener:
        server.client().is_frozen = True
        server.client(1).push(*sent(stream, 10))
        assert ranges(taken_until(listener, has(1))) == [(10, 11)]
        assert "fell silent" in str(listener.state.connections[0].trouble)


def test_signs_of_life_keep_a_quiet_connection(stream: StreamConnector, server: StreamServer) -> None:
    impatient = replace(stream, silence_seconds=0.8)  # type: ignore[type-var]
    with listening(impatient, server) as listener:
        client = server.client()
        if stream.has_heartbeats:
            for _ in range(12):
                client.push(heartbeat(stream, PRODUCTS[stream.name][0], 0))
                listener.take(0.15)
        else:
            listener.take(2)
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


def clock_at(speed: float) -> Callable[[], float]:
    import time

    return lambda: time.monotonic() * speed


def test_a_stream_of_an_unknown_exchange_is_refused_with_near_matches(stream: StreamConnector) -> None:
    with pytest.raises(Misconfigured, match=f"did you mean.*{stream.name}"):
        load_stream(f"{stream.name}x")


def test_every_stream_belongs_to_a_connector(stream: StreamConnector) -> None:
    assert load_connector(stream.name, COLUMNS).raw == stream.raw
