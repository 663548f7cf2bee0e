import time
from decimal import Decimal
from itertools import pairwise

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import simulator.exchanges

SHARES = (0.5, 0.51)


@pytest.fixture(scope="module")
def trades(streamed_market):
    return list(streamed_market.trades_of("coinbase", "BTC-USD"))


@pytest.fixture(scope="module")
def new_trades(trades):
    start, stop = (int(len(trades) * share) for share in SHARES)
    return trades[start:stop]


@pytest.fixture
def socket(open_socket):
    return open_socket("coinbase")


def subscribe(socket, *channels, products=("BTC-USD",), kind="subscribe"):
    socket.send({"type": kind, "product_ids": list(products), "channels": list(channels)})


def as_truth(message):
    takers = {"buy": "SELL", "sell": "BUY"}
    return (message["trade_id"], message["price"], message["size"], takers[message["side"]])


def test_matches_begin_with_an_older_trade_and_continue_with_the_new_ones(streaming, socket, trades, new_trades):
    subscribe(socket, "matches")
    assert socket.receive() == {
        "type": "subscriptions",
        "channels": [{"name": "matches", "product_ids": ["BTC-USD"]}],
    }
    last = socket.receive()
    older = trades[int(len(trades) * SHARES[0]) - 1]
    assert (last["type"], *as_truth(last)) == ("last_match", older.id, older.price, older.quantity, older.taker_side)
    streaming.show(SHARES[1])
    messages = [socket.receive() for _ in new_trades]
    assert {message["type"] for message in messages} == {"match"}
    assert [as_truth(message) for message in messages] == [
        (t.id, t.price, t.quantity, t.taker_side) for t in new_trades
    ]
    assert list(messages[0]) == [
        "type",
        "trade_id",
        "maker_order_id",
        "taker_order_id",
        "side",
        "size",
        "price",
        "product_id",
        "sequence",
        "time",
    ]


def test_matches_have_the_times_of_rest(streaming, socket, new_trades, client):
    subscribe(socket, "matches")
    streaming.show(SHARES[1])
    times = {m["trade_id"]: m["time"] for m in (socket.receive() for _ in range(2 + len(new_trades))) if "time" in m}
    rows = client.get(streaming.urls["coinbase"] + "/products/BTC-USD/trades").json()
    assert times == {row["trade_id"]: row["time"] for row in rows if row["trade_id"] in times}


def test_sequences_ascend_with_gaps_and_a_takers_fills_share_its_order(streaming, socket, new_trades):
    subscribe(socket, "matches")
    streaming.show(SHARES[1])
    messages = [socket.receive() for _ in range(2 + len(new_trades))][2:]
    sequences = [message["sequence"] for message in messages]
    assert all(later - earlier > 1 for earlier, later in pairwise(sequences))
    assert len({message["maker_order_id"] for message in messages}) == len(messages)
    orders = {(message["time"], message["taker_order_id"]) for message in messages}
    assert len(orders) == len({message["time"] for message in messages}) < len(messages)


def test_heartbeats_come_every_second_with_the_last_trade(socket, trades):
    subscribe(socket, "heartbeat", products=["BTC-USD", "ETH-USD"])
    socket.receive()
    started = time.monotonic()
    beats = [socket.receive() for _ in range(4)]
    assert time.monotonic() - started > 0.5
    assert [beat["product_id"] for beat in beats] == ["BTC-USD", "ETH-USD"] * 2
    assert beats[0]["last_trade_id"] == trades[int(len(trades) * SHARES[0]) - 1].id
    assert list(beats[0]) == ["type", "last_trade_id", "product_id", "sequence", "time"]


def test_ticker_skips_trades_inside_a_sweep_and_quotes_around_the_price(streaming, socket, new_trades):
    subscribe(socket, "ticker")
    socket.receive()
    streaming.show(SHARES[1])
    messages = socket.receive_until(lambda message: message["trade_id"] == new_trades[-1].id)
    assert len(messages) < len(new_trades)
    by_id = {trade.id: trade for trade in new_trades}
    for message in messages[1:]:
        trade = by_id[message["trade_id"]]
        assert (message["price"], message["last_size"], message["side"]) == (
            trade.price,
            trade.quantity,
            trade.taker_side.lower(),
        )
        assert message["price"] == message["best_ask" if trade.taker_side == "BUY" else "best_bid"]
        assert Decimal(message["best_bid"]) < Decimal(message["best_ask"])


def test_quotes_are_the_same_each_time(streaming, open_socket):
    runs = []
    for _ in range(2):
        streaming.show(SHARES[0])
        socket = open_socket("coinbase")
        subscribe(socket, "ticker")
        socket.receive()
        streaming.show(SHARES[1])
        runs.append([socket.receive() for _ in range(10)])
    assert runs[0] == runs[1]


def test_a_channel_can_have_products_of_its_own_and_be_left(streaming, socket):
    subscribe(socket, {"name": "matches", "product_ids": ["ETH-USD"]}, "heartbeat")
    assert socket.receive()["channels"] == [
        {"name": "matches", "product_ids": ["BTC-USD", "ETH-USD"]},
        {"name": "heartbeat", "product_ids": ["BTC-USD"]},
    ]
    subscribe(socket, "heartbeat", {"name": "matches", "product_ids": ["ETH-USD"]}, products=[], kind="unsubscribe")
    left = socket.receive_until(lambda message: message["type"] == "subscriptions")[-1]
    assert left["channels"] == [{"name": "matches", "product_ids": ["BTC-USD"]}]
    streaming.show(SHARES[1])
    assert {socket.receive()["product_id"] for _ in range(10)} == {"BTC-USD"}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            {"type": "subscribe", "product_ids": ["NOPE-USD"], "channels": ["matches"]},
            "NOPE-USD is not a valid product",
        ),
        ({"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["level9"]}, "level9 is not a valid channel"),
        ({"type": "subscribe", "channels": ["matches"]}, "at least one product ID for channel matches"),
        ({"type": "subscribe", "product_ids": ["BTC-USD"]}, "channels is a required field"),
    ],
    ids=str,
)
def test_a_bad_subscription_gets_an_error_with_the_reason(socket, message, reason):
    socket.send(message)
    error = socket.receive()
    assert (error["type"], error["message"]) == ("error", "Failed to subscribe")
    assert reason in error["reason"]


def test_a_message_that_is_no_request_gets_an_error(socket):
    socket.connection.send("[")
    assert socket.receive()["type"] == "error"
    socket.send({"type": "shout"})
    assert socket.receive()["type"] == "error"


def test_a_client_that_does_not_subscribe_within_five_seconds_is_disconnected(open_socket):
    subscribed, silent = open_socket("coinbase"), open_socket("coinbase")
    started = time.monotonic()
    subscribe(subscribed, "matches")
    with pytest.raises(ConnectionClosed, match="1008"):
        silent.receive()
    assert time.monotonic() - started > 4.5
    subscribe(subscribed, "heartbeat")
    assert subscribed.receive()["type"] == "subscriptions"


def test_too_many_connections_at_once_are_refused(open_socket):
    with simulator.exchanges.running(trades=100) as running:
        with pytest.raises(InvalidStatus, match="429"):
            [open_socket("coinbase", "", running) for _ in range(60)]
        assert 20 <= running.streams()["coinbase"]["opened"] < 60
