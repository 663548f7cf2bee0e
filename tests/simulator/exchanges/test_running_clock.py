import time
from datetime import UTC, datetime, timedelta

import pytest

import simulator.exchanges
from simulator.exchanges.clock import RunningClock
from simulator.exchanges.tape import Rows, Tape

START = datetime(2026, 1, 5, tzinfo=UTC)
START_NS = int(START.timestamp()) * 10**9
SPEED = 1200


@pytest.fixture(scope="module")
def running_on():
    """Three hours that pass in nine seconds, ten minutes of which have passed when the simulator starts."""
    with simulator.exchanges.running(trades=20_000, seed=7, enforce_limits=False, speed=SPEED, shown=1 / 18) as running:
        yield running


def test_the_clock_multiplies_real_time_and_moves_in_whole_milliseconds():
    real_ns = [0]
    clock = RunningClock(START_NS, speed=2.5, monotonic_ns=lambda: real_ns[0])
    assert clock.now_ns() == START_NS - 1
    real_ns[0] = 1_000_000
    assert clock.now_ns() == START_NS + 2_000_000 - 1
    clock.set(START_NS)
    real_ns[0] += 400_000
    assert clock.now_ns() == START_NS + 1_000_000 - 1


def test_a_clock_must_move():
    with pytest.raises(ValueError, match="expected a number above 0"):
        RunningClock(START_NS, speed=0)


def test_a_growing_tape_shows_what_has_happened():
    now = [0]
    rows = Rows(4, lambda index: b"%d" % index)
    tape = Tape("X", "X-Y", range(10, 14), [1, 3, 3, 8], rows).until(lambda: now[0])
    doubled = tape.derived(
        lambda whole: Tape("X", "X-Y", whole.ids, whole.times_ns, rows.rewritten(lambda row: row * 2))
    )
    shown = []
    for now[0] in (0, 1, 3, 9):
        shown.append(len(tape))
        assert len(doubled) == len(tape) == len(tape.ids) == len(tape.times_ns)
        assert doubled.rows.between(0, 9) == [row * 2 for row in tape.rows.between(0, 9)]
    assert shown == [0, 1, 3, 4]
    now[0] = 3
    assert (tape.ids[-1], tape.times_ns[-1], list(tape.ids[1:]), tape.from_id(99)) == (12, 3, [11, 12], 3)
    assert tape.rows.between(2, 4) == [b"2"]
    with pytest.raises(IndexError):
        tape.ids[3]


def test_trades_happen_on_rest_and_on_the_stream_as_time_passes(running_on, open_socket, client):
    url = running_on.urls["binance"] + "/api/v3/"
    started_s = time.monotonic()
    socket = open_socket("binance", "/ws/btcusdt@trade", running_on)
    before = client.get(url + "trades", params={"symbol": "BTCUSDT", "limit": 1}).json()[-1]
    streamed = [socket.receive() for _ in range(200)]
    after = client.get(url + "trades", params={"symbol": "BTCUSDT", "limit": 1}).json()[-1]
    now_ms = client.get(url + "time").json()["serverTime"]
    ids = [message["t"] for message in streamed]
    assert ids == list(range(ids[0], ids[0] + 200))
    assert ids[0] <= before["id"] + 1 <= ids[-1] <= after["id"]
    # A trade is sent no earlier than it happens, and soon after that: a hundredth of a second is twelve.
    assert all(0 <= message["E"] - message["T"] < 300 * SPEED for message in streamed)
    assert after["time"] <= now_ms <= START_NS // 10**6 + (600 + 1000 * SPEED) * 1000
    assert time.monotonic() - started_s < 8


def test_aggregate_trades_grow_with_the_trades(running_on, client):
    url = running_on.urls["binance"] + "/api/v3/aggTrades"
    first = client.get(url, params={"symbol": "BTCUSDT", "limit": 1}).json()[0]
    time.sleep(0.3)
    second = client.get(url, params={"symbol": "BTCUSDT", "limit": 1}).json()[0]
    assert second["a"] > first["a"]
    assert second["T"] > first["T"]


def test_show_sets_the_clock_of_a_market_that_goes_on(running_on, client):
    running_on.show(0.5)
    page = client.get(running_on.urls["coinbase"] + "/products/BTC-USD/trades", params={"limit": 1}).json()
    newest = datetime.fromisoformat(page[0]["time"])
    assert START + timedelta(hours=1.4) < newest < START + timedelta(hours=1.7)


def test_by_default_a_market_that_goes_on_begins_empty(client):
    with simulator.exchanges.running(trades=2_000, speed=0.001) as running:
        assert client.get(running.urls["coinbase"] + "/products/BTC-USD/trades").json() == []
        assert client.get(running.urls["kraken"] + "/0/public/Trades?pair=XBTUSD").json()["result"]["XXBTZUSD"] == []
        assert client.get(running.urls["binance"] + "/api/v3/aggTrades?symbol=BTCUSDT").json() == []


def test_the_length_of_the_market_can_be_chosen():
    with simulator.exchanges.running(trades=2_000, duration=timedelta(hours=1.5)) as running:
        last_ns = max(product["last_time_ns"] for product in running.market()["binance"].values())
    assert START_NS + 80 * 60 * 10**9 < last_ns < START_NS + 90 * 60 * 10**9
