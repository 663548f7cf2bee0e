import time
from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosed

import simulator.exchanges

SHARES = (0.5, 0.51)


@pytest.fixture(scope="module")
def new_trades(streamed_market):
    """The trades of a product that happen between the two shares: `new_trades("BTC-USDT")`."""

    def new_trades(symbol):
        trades = list(streamed_market.trades_of("binance", symbol))
        start, stop = (int(len(trades) * share) for share in SHARES)
        return trades[start:stop]

    return new_trades


def receive_trades(socket, count):
    """As many trades, and every other message that comes before the last of them."""
    messages = []
    while sum(message.get("e") == "trade" for message in messages) < count:
        messages.append(socket.receive())
    return messages


def test_a_raw_stream_reports_the_trades_that_happen_and_none_before(streaming, open_socket, new_trades):
    truth = new_trades("BTC-USDT")
    socket = open_socket("binance", "/ws/btcusdt@trade")
    streaming.show(SHARES[1])
    messages = receive_trades(socket, len(truth))
    assert [(m["t"], m["T"], Decimal(m["p"]), Decimal(m["q"]), m["m"], m["s"], m["M"], list(m)) for m in messages] == [
        (
            t.id,
            t.time_ns // 10**6,
            Decimal(t.price),
            Decimal(t.quantity),
            t.taker_side == "SELL",
            "BTCUSDT",
            True,
            ["e", "E", "s", "t", "p", "q", "T", "m", "M"],
        )
        for t in truth
    ]
    assert all(m["E"] >= m["T"] for m in messages)


def test_the_trades_of_a_stream_have_the_rows_of_rest(streaming, open_socket, client):
    socket = open_socket("binance", "/ws/ethusdt@trade?timeUnit=MICROSECOND")
    streaming.show(SHARES[1])
    first = socket.receive()
    row = client.get(
        streaming.urls["binance"] + "/api/v3/historicalTrades",
        params={"symbol": "ETHUSDT", "fromId": first["t"], "limit": 1},
        headers={"X-MBX-TIME-UNIT": "MICROSECOND"},
    ).json()[0]
    assert [first[key] for key in ("t", "p", "q", "T", "m")] == [
        row[key] for key in ("id", "price", "qty", "time", "isBuyerMaker")
    ]


def test_an_unknown_time_unit_is_refused(streaming, client):
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    response = client.get(streaming.urls["binance"] + "/ws/btcusdt@trade?timeUnit=HOUR", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, -1194)


def test_combined_streams_are_wrapped_and_in_the_order_of_time(streaming, open_socket, new_trades):
    count = len(new_trades("BTC-USDT")) + len(new_trades("ETH-USDT"))
    socket = open_socket("binance", "/stream?streams=btcusdt@trade/ethusdt@trade")
    streaming.show(SHARES[1])
    messages = [socket.receive() for _ in range(count)]
    assert {(m["stream"], m["data"]["s"]) for m in messages} == {
        ("btcusdt@trade", "BTCUSDT"),
        ("ethusdt@trade", "ETHUSDT"),
    }
    times = [m["data"]["T"] for m in messages]
    assert times == sorted(times)


def test_streams_can_be_subscribed_to_and_left(streaming, open_socket):
    socket = open_socket("binance", "/ws")
    socket.send({"method": "SUBSCRIBE", "params": ["btcusdt@trade", "ethusdt@trade", "nope@trade"], "id": 1})
    assert socket.receive() == {"result": None, "id": 1}
    socket.send({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": "two"})
    assert socket.receive() == {"result": None, "id": "two"}
    socket.send({"method": "LIST_SUBSCRIPTIONS", "id": None})
    assert socket.receive() == {"result": ["ethusdt@trade", "nope@trade"], "id": None}
    streaming.show(SHARES[1])
    assert {socket.receive()["s"] for _ in range(20)} == {"ETHUSDT"}


def test_a_connection_can_be_changed_to_combined(streaming, open_socket):
    socket = open_socket("binance", "/ws/btcusdt@trade")
    socket.send({"method": "SET_PROPERTY", "params": ["combined", True], "id": 5})
    assert socket.receive() == {"result": None, "id": 5}
    socket.send({"method": "GET_PROPERTY", "params": ["combined"], "id": 6})
    assert socket.receive() == {"result": True, "id": 6}
    streaming.show(SHARES[1])
    assert socket.receive()["stream"] == "btcusdt@trade"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"method": "JOIN", "id": 1}, 2),
        ({"params": ["btcusdt@trade"], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"]}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1.5}, 2),
        ({"method": "SUBSCRIBE", "params": [1], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [f"{number}@trade" for number in range(1025)], "id": 1}, 2),
        ({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}, 1),
        ({"method": "SET_PROPERTY", "params": ["colour", True], "id": 1}, 0),
    ],
    ids=str,
)
def test_a_bad_message_gets_an_error_and_the_connection_stays(open_socket, request_, code):
    socket = open_socket("binance", "/ws")
    socket.send(request_)
    assert socket.receive()["code"] == code
    socket.connection.send("{")
    assert socket.receive()["code"] == 3


def test_book_ticker_has_the_last_price_on_the_side_that_was_taken(streaming, open_socket, new_trades):
    truth = new_trades("BTC-USDT")
    socket = open_socket("binance", "/ws/btcusdt@trade/btcusdt@bookTicker")
    streaming.show(SHARES[1])
    last, updates = None, []
    for message in [*receive_trades(socket, len(truth)), socket.receive()]:
        if "e" in message:
            last = message
        else:
            assert list(message) == ["u", "s", "b", "B", "a", "A"]
            assert last["p"] == (message["b"] if last["m"] else message["a"])
            assert 0 < Decimal(message["b"]) < Decimal(message["a"])
            assert min(Decimal(message["B"]), Decimal(message["A"])) > 0
            updates.append(message["u"])
    assert len(updates) > 5
    assert updates == sorted(set(updates))


def test_a_client_that_sends_too_many_messages_is_disconnected(open_socket):
    with simulator.exchanges.running(trades=100) as running:
        socket = open_socket("binance", "/ws", running)
        for number in range(6):
            socket.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
        with pytest.raises(ConnectionClosed, match="1008"):
            socket.receive_until(lambda message: message["id"] == 5)


def test_a_connection_ends_at_its_age_after_an_announcement(open_socket):
    with simulator.exchanges.running(trades=100, connection_age_s=1) as running:
        started = time.monotonic()
        socket = open_socket("binance", "/ws/btcusdt@trade", running)
        message = socket.receive()
        assert (message["e"], list(message)) == ("serverShutdown", ["e", "E"])
        assert time.monotonic() - started > 0.4
        with pytest.raises(ConnectionClosed, match="1001"):
            socket.receive()
        assert time.monotonic() - started >= 0.9


def test_pings_come_at_their_interval(open_socket):
    with simulator.exchanges.running(trades=100, ping_interval_s=0.1) as running:
        socket = open_socket("binance", "/ws/btcusdt@trade", running)
        pings = []
        protocol = socket.connection.protocol
        receive_frame = protocol.recv_frame

        def note_pings(frame):
            pings.append(frame.opcode.name)
            receive_frame(frame)

        protocol.recv_frame = note_pings
        time.sleep(0.6)
        assert pings.count("PING") >= 3
        # The client's library answered them, so the connection is still open.
        socket.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert socket.receive()["result"] == ["btcusdt@trade"]
