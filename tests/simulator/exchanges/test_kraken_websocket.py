import json
from decimal import Decimal

import pytest

SHARES = (0.5, 0.52)


@pytest.fixture(scope="module")
def trades(streamed_market):
    return list(streamed_market.trades_of("kraken", "BTC-USD"))


@pytest.fixture(scope="module")
def new_trades(trades):
    start, stop = (int(len(trades) * share) for share in SHARES)
    return trades[start:stop]


@pytest.fixture
def socket(open_socket):
    socket = open_socket("kraken", "/v2")
    assert socket.receive()["channel"] == "status"
    return socket


def subscribe(socket, channel="trade", symbols=("BTC/USD",), method="subscribe", **parameters):
    socket.send({"method": method, "params": {"channel": channel, "symbol": list(symbols), **parameters}, "req_id": 7})
    return [socket.receive() for _ in symbols]


def receive_channel(socket, channel):
    return socket.receive_until(lambda message: message.get("channel") == channel)[-1]


def test_the_acknowledgement_repeats_the_request(socket):
    (answer,) = subscribe(socket, snapshot=False)
    assert (answer.pop("time_in"), answer.pop("time_out")) != (None, None)
    assert answer == {
        "method": "subscribe",
        "result": {"channel": "trade", "snapshot": False, "symbol": "BTC/USD"},
        "success": True,
        "req_id": 7,
    }


def test_a_snapshot_has_the_last_fifty_trades(socket, trades):
    subscribe(socket, snapshot=True)
    message = receive_channel(socket, "trade")
    count = int(len(trades) * SHARES[0])
    assert message["type"] == "snapshot"
    assert [row["trade_id"] for row in message["data"]] == [t.id for t in trades[count - 50 : count]]


def test_updates_hold_the_trades_that_happen_with_their_exact_numbers(streaming, socket, new_trades):
    subscribe(socket)
    streaming.show(SHARES[1])
    rows, sizes = [], []
    while len(rows) < len(new_trades):
        text = socket.connection.recv(timeout=10)
        message = json.loads(text, parse_float=str)
        if message["channel"] == "trade":
            assert message["type"] == "update"
            rows += message["data"]
            sizes.append(len(message["data"]))
    assert [(row["trade_id"], row["price"], row["qty"], row["side"].upper(), row["symbol"]) for row in rows] == [
        (t.id, t.price, t.quantity, t.taker_side, "BTC/USD") for t in new_trades
    ]
    assert max(sizes) > 1


def test_updates_have_the_times_of_rest_in_microseconds(streaming, socket, new_trades):
    subscribe(socket)
    streaming.show(SHARES[1])
    rows = receive_channel(socket, "trade")["data"]
    for row, trade in zip(rows, new_trades, strict=False):
        digits = row["timestamp"].partition(".")[2]
        assert digits == f"{trade.time_ns % 10**9 // 1000:06d}Z"


def test_ticker_quotes_around_the_last_price(streaming, socket, new_trades):
    subscribe(socket, "ticker")
    first = receive_channel(socket, "ticker")
    assert first["type"] == "snapshot"
    streaming.show(SHARES[1])
    message = receive_channel(socket, "ticker")
    (row,) = message["data"]
    assert message["type"] == "update"
    assert row["last"] in (row["bid"], row["ask"])
    assert row["bid"] < row["ask"]
    assert row["last"] in {float(trade.price) for trade in new_trades}


def test_an_idle_connection_gets_heartbeats(socket):
    subscribe(socket)
    assert socket.receive() == {"channel": "heartbeat"}


def test_ping_is_answered(socket):
    socket.send({"method": "ping", "req_id": 101})
    answer = socket.receive()
    assert (answer["method"], answer["req_id"]) == ("pong", 101)


@pytest.mark.parametrize("symbol", ["XBT/USD", "NOPE/USD", "BTCUSD"])
def test_an_unknown_symbol_is_refused_and_the_others_are_subscribed(socket, symbol):
    refused, accepted = subscribe(socket, symbols=[symbol, "ETH/USD"])
    assert (refused["success"], refused["error"]) == (False, f"Currency pair not supported {symbol}")
    assert (refused["method"], refused["symbol"], refused["req_id"]) == ("subscribe", symbol, 7)
    assert accepted["success"]


def test_a_symbol_can_be_left(streaming, socket):
    subscribe(socket, symbols=["BTC/USD", "ETH/USD"])
    (answer,) = subscribe(socket, symbols=["BTC/USD"], method="unsubscribe")
    assert answer["success"]
    (again,) = subscribe(socket, symbols=["BTC/USD"], method="unsubscribe")
    assert again["error"] == "Subscription not found"
    streaming.show(SHARES[1])
    assert {receive_channel(socket, "trade")["data"][0]["symbol"] for _ in range(3)} == {"ETH/USD"}


def test_a_second_subscription_is_refused(socket):
    subscribe(socket)
    assert subscribe(socket)[0]["error"] == "Already subscribed"


@pytest.mark.parametrize(
    "message",
    [{"method": "dance"}, {"method": "subscribe"}, {"method": "subscribe", "params": {"channel": "trade"}}, ["ping"]],
    ids=str,
)
def test_a_bad_request_gets_an_error(socket, message):
    socket.send(message)
    answer = socket.receive()
    assert (answer["success"], bool(answer["error"])) == (False, True)


def test_prices_and_quantities_are_numbers_with_the_pairs_digits(socket, trades):
    subscribe(socket, snapshot=True)
    while (text := socket.connection.recv(timeout=10)).find('"snapshot","data"') < 0:
        pass
    rows = json.loads(text, parse_float=Decimal)["data"]
    count = int(len(trades) * SHARES[0])
    assert [str(row["qty"]) for row in rows] == [str(Decimal(t.quantity)) for t in trades[count - 50 : count]]
    assert f'"price":{trades[count - 1].price},"qty":{trades[count - 1].quantity},' in text
