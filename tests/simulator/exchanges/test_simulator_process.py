import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

import simulator.exchanges
from simulator.exchanges import application, settings
from simulator.exchanges.simulated import simulated_exchanges


def test_the_served_pages_are_those_of_the_seed(running, get):
    opened = settings.open_exchanges(settings.Settings(trades=20_000, seed=7))
    tape = next(tape for one in opened for tape in one.tapes if tape.product == "XETHZUSD")
    body = get("kraken", "/0/public/Trades", pair="XETHZUSD", since=0).content
    assert body.startswith(b'{"error":[],"result":{"XETHZUSD":[' + b",".join(tape.rows.between(0, 800)))
    assert running.market() == application.describe_market(opened)


def test_environment_points_clients_at_each_exchange(running):
    assert running.environment["SCHEMAHUB_BINANCE_URL"] == f"{running.base_url}/binance"
    assert running.environment == {
        f"SCHEMAHUB_{name.upper()}_URL": f"{running.base_url}/{name}" for name in simulated_exchanges()
    }


def test_market_counts_the_trades(running, market):
    described = running.market()
    assert sum(product["trades"] for products in described.values() for product in products.values()) == 20_000
    trades = market.trades_of("binance", "BTC-USDT")
    assert described["binance"]["BTCUSDT"] == {
        "symbol": "BTC-USDT",
        "trades": len(trades),
        "first_id": trades[0].id,
        "last_id": trades[len(trades) - 1].id,
        "first_time_ns": trades[0].time_ns,
        "last_time_ns": trades[len(trades) - 1].time_ns,
    }


def test_a_market_grows_as_more_of_it_is_shown(client):
    with simulator.exchanges.running(trades=1_000) as running:
        whole = running.market()["coinbase"]["BTC-USD"]
        running.show(0.5)
        half = running.market()["coinbase"]["BTC-USD"]
        assert half["trades"] == whole["trades"] // 2
        page = client.get(running.urls["coinbase"] + "/products/BTC-USD/trades").json()
        assert page[0]["trade_id"] == half["last_id"] < whole["last_id"]
        running.show(1)
        assert running.market()["coinbase"]["BTC-USD"] == whole
        with pytest.raises(ValueError, match="expected a number from 0 to 1"):
            running.show(1.5)


HANDSHAKE = (
    b"GET /binance/stream?streams=btcusdt@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_a_client_that_goes_amid_many_messages_causes_no_warning(capfd):
    with simulator.exchanges.running(trades=20_000, exchanges=["binance"]) as running:
        for _ in range(3):  # a client isn't always gone before the last message
            running.show(0.01)
            with socket.create_connection(("127.0.0.1", urlsplit(running.base_url).port), timeout=10) as client:
                client.sendall(HANDSHAKE)
                assert client.recv(1_000).startswith(b"HTTP/1.1 101 ")
                showing = threading.Thread(target=running.show, args=(1,))
                showing.start()
                assert client.recv(100)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
            showing.join()
            deadline_s = time.monotonic() + 10
            while running.streams()["binance"]["open"]:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
    assert capfd.readouterr().err == ""


def test_stats_count_requests_by_path_and_responses_by_status(client):
    with simulator.exchanges.running(trades=100) as running:
        for path in ("/products/BTC-USD/trades", "/products/BTC-USD/trades", "/products/NOPE/trades"):
            client.get(running.urls["coinbase"] + path)
        assert running.stats() == {
            "requests": {"coinbase": {"/products/BTC-USD/trades": 2, "/products/NOPE/trades": 1}},
            "responses": {"coinbase": {"200": 2, "404": 1}},
        }


def test_it_listens_on_loopback_only_and_ends_with_the_block():
    with simulator.exchanges.running(trades=100) as running:
        address = urlsplit(running.base_url)
        assert address.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError), socket.create_connection((address.hostname, address.port)):
        pass


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(stop):
    with start_by_hand() as process:
        lines = [process.stdout.readline() for _ in range(1 + len(simulated_exchanges()))]
        process.send_signal(stop)
        assert process.wait(5) == 0
    assert lines[0].startswith("Simulator ready on http://127.0.0.1:")
    assert [line.split("=")[0] for line in lines[1:]] == [
        f"export SCHEMAHUB_{exchange.upper()}_URL" for exchange in simulated_exchanges()
    ]


def test_it_ends_when_its_parent_closes_stdin():
    with start_by_hand("--until-stdin-closes") as process:
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(5) == 0


def start_by_hand(*options):
    command = [sys.executable, "-m", "simulator", "--trades=100", *options]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_bad_option_says_what_was_expected(capfd):
    with pytest.raises(RuntimeError, match="ended with status 2"), simulator.exchanges.running(faults=["429"]):
        pass
    assert "expected NAME[=VALUE]:WHEN[@EXCHANGE]" in capfd.readouterr().err


def test_a_client_that_goes_away_does_no_harm(running, get):
    address = urlsplit(running.base_url)
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"GET /coinbase/products/BTC-USD/trades HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n\r\n")
    assert get("coinbase", "/products/BTC-USD/trades").status_code == 200
