import json
import time

import pytest
from websockets.exceptions import ConnectionClosedError

from simulator.exchanges.faults import Faults, parse_fault

EXCHANGES = ("binance", "coinbase", "kraken")
SHARES = (0.5, 0.51)
PATHS = {"binance": "/ws/btcusdt@trade", "coinbase": "", "kraken": "/v2"}
REQUESTS = {
    "coinbase": {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches"]},
    "kraken": {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}},
}
PROBES = {
    "binance": {"method": "LIST_SUBSCRIPTIONS", "id": 1},
    "coinbase": {"type": "shout"},
    "kraken": {"method": "ping"},
}


@pytest.fixture
def sockets(streaming, open_socket):
    """A subscribed socket of each exchange, which has had every message before the first new trade."""

    def subscribed(exchange):
        socket = open_socket(exchange, PATHS[exchange])
        if exchange in REQUESTS:
            socket.send(REQUESTS[exchange])
            done = {"coinbase": ("type", "last_match"), "kraken": ("method", "subscribe")}[exchange]
            socket.receive_until(lambda message: message.get(done[0]) == done[1])
        return socket

    return {exchange: subscribed(exchange) for exchange in EXCHANGES}


def trade_ids(message):
    if message.get("channel") == "trade":
        return tuple(row["trade_id"] for row in message["data"])
    key = "t" if message.get("e") == "trade" else "trade_id" if message.get("type") == "match" else None
    return (message[key],) if key else ()


@pytest.fixture
def receive_all(streaming, sockets, streamed_market):
    """Let trades happen, and return the ids in each message with trades up to the last trade."""

    def receive_all(exchange):
        streaming.show(SHARES[1])
        last_id = new_ids(streamed_market, exchange)[-1]
        messages = sockets[exchange].receive_until(lambda message: last_id in trade_ids(message))
        return [ids for message in messages if (ids := trade_ids(message))]

    return receive_all


def new_ids(streamed_market, exchange):
    symbol = "BTC-USDT" if exchange == "binance" else "BTC-USD"
    trades = list(streamed_market.trades_of(exchange, symbol))
    start, stop = (int(len(trades) * share) for share in SHARES)
    return [trade.id for trade in trades[start:stop]]


def wait_until(condition):
    deadline_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def flat(messages):
    return [trade_id for ids in messages for trade_id in ids]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_without_a_fault_every_trade_arrives_once_and_in_order(streamed_market, receive_all, exchange):
    assert flat(receive_all(exchange)) == new_ids(streamed_market, exchange)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_dropped_message_is_lost(streaming, streamed_market, receive_all, exchange):
    streaming.set_faults(f"drop:1@{exchange}")
    truth = new_ids(streamed_market, exchange)
    arrived = flat(receive_all(exchange))
    assert arrived == truth[-len(arrived) :]
    assert 0 < len(arrived) < len(truth)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_repeated_message_comes_twice(streaming, streamed_market, receive_all, exchange):
    streaming.set_faults(f"repeat:2@{exchange}")
    messages = receive_all(exchange)
    assert messages[0] == messages[1] != messages[2] == messages[3]
    assert flat([*messages[1:3], *messages[4:]]) == new_ids(streamed_market, exchange)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_reordered_message_comes_after_the_next_one(streaming, streamed_market, receive_all, exchange):
    streaming.set_faults(f"reorder:1@{exchange}")
    messages = receive_all(exchange)
    assert flat([messages[1], messages[0], *messages[2:]]) == new_ids(streamed_market, exchange)


def test_a_reordered_message_that_has_no_next_one_comes_within_a_second(streaming, sockets, streamed_market):
    streaming.set_faults("reorder:1/1@binance")
    streaming.show(SHARES[1])
    truth = new_ids(streamed_market, "binance")
    last = sockets["binance"].receive_until(lambda message: message["t"] == truth[-1])
    assert [message["t"] for message in last] == truth


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_frozen_connection_stays_open_and_sends_nothing(streaming, sockets, exchange):
    streaming.set_faults(f"freeze:1@{exchange}")
    streaming.show(SHARES[1])
    wait_until(lambda: streaming.faults()[0]["struck"])
    socket = sockets[exchange]
    socket.send(PROBES[exchange])
    with pytest.raises(TimeoutError):
        socket.connection.recv(timeout=1.3)
    assert streaming.streams()[exchange]["open"] >= 1


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_disconnected_client_gets_no_close_frame_and_can_return(streaming, sockets, open_socket, exchange):
    streaming.set_faults(f"disconnect:1@{exchange}")
    streaming.show(SHARES[1])
    with pytest.raises(ConnectionClosedError, match="no close frame received"):
        sockets[exchange].receive_until(lambda message: trade_ids(message))
    again = open_socket(exchange, PATHS[exchange])
    again.send(PROBES[exchange])
    assert again.receive()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_garbage_is_the_beginning_of_a_message(streaming, sockets, exchange):
    streaming.set_faults(f"garbage:1@{exchange}")
    streaming.show(SHARES[1])
    with pytest.raises(json.JSONDecodeError):
        sockets[exchange].receive_until(lambda message: trade_ids(message))
    assert sockets[exchange].receive_until(lambda message: trade_ids(message))


def test_a_fault_strikes_the_same_messages_each_time_and_no_more_than_it_may(streaming, sockets, receive_all):
    arrived = []
    for _ in range(2):
        streaming.show(SHARES[0])
        time.sleep(0.2)  # until the connection has seen that the trades haven't happened yet
        streaming.set_faults("drop:1/10x3@binance")
        arrived.append(flat(receive_all("binance")))
        (fault,) = streaming.faults()
        assert (fault["fault"], fault["struck"]) == ("drop", 3)
    assert arrived[0] == arrived[1]


def test_faults_of_streams_and_of_requests_do_not_count_each_others_targets(streaming, receive_all, client):
    streaming.set_faults("503:1", "drop:1@coinbase")
    receive_all("coinbase")
    assert client.get(streaming.urls["coinbase"] + "/products").status_code == 503
    assert [(fault["seen"] > 1, fault["struck"]) for fault in streaming.faults()] == [(False, 1), (True, 1)]


def strikes(text, seed, messages=1000):
    faults = Faults([parse_fault(text, EXCHANGES)], seed=seed)
    return [number for number in range(messages) if faults.strike_message("kraken")]


def test_the_seed_draws_one_of_every_n_messages():
    struck = strikes("drop:1/10", seed=7)
    assert [number // 10 for number in struck] == list(range(100))
    assert len({number % 10 for number in struck}) > 5
    assert struck == strikes("drop:1/10", seed=7) != strikes("drop:1/10", seed=8)
    assert strikes("drop:1/10x4", seed=7) == struck[:4]


def test_a_limit_holds_for_requests_too():
    faults = Faults([parse_fault("500:1/2x2", EXCHANGES)])
    assert [bool(faults.strike("kraken", can_duplicate=False)) for _ in range(8)] == [0, 1, 0, 1, 0, 0, 0, 0]


def test_a_fault_that_takes_no_value_says_so():
    with pytest.raises(ValueError, match="takes no value"):
        parse_fault("drop=3:1", EXCHANGES)
