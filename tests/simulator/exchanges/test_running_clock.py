import time
from datetime import UTC, datetime, timedelta

import pytest

import simulator.exchanges
from simulator.exchanges.clock import RunningClock
from simulator.exchanges.tape import Rows, Tape

START = datetime(2026, 1, 5, tzinfo=UTC)
START_NS = int(START.timestamp()) * 10**9
SPEED = 600


@pytest.fixture(scope="module")
def running_all_module():
    with simulator.exchanges.running(trades=20_000, seed=7, enforce_limits=False, speed=SPEED) as running:
        yield running


@pytest.fixture
def running_on(running_all_module):
    """Three hours that pass in 18 seconds; ten minutes have passed when the test begins."""
    running_all_module.show(1 / 18)
    return running_all_module


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
    socket = open_socket("binance", "/ws/btcusdt@trade", running_on)
    before = client.get(url + "trades", params={"symbol": "BTCUSDT", "limit": 1}).json()[-1]
    streamed = [socket.receive() for _ in range(200)]
    after = client.get(url + "trades", params={"symbol": "BTCUSDT", "limit": 1}).json()[-1]
    now_ms = client.get(url + "time").json()["serverTime"]
    ids = [message["t"] for message in streamed]
    assert ids == list(range(ids[0], ids[0] + 200))
    assert ids[0] <= before["id"] + 1 <= ids[-1] <= after["id"]
    # A trade is sent no earlier than it happens, and soon after that.
    assert all(0 <= message["E"] - message["T"] < 10_000 * SPEED for message in streamed)
    assert START_NS // 10**6 + 600_000 <= after["time"] <= now_ms


def test_aggregate_trades_grow_with_the_trades(running_on, client):
    url = running_on.urls["binance"] + "/api/v3/aggTrades"
    first = client.get(url, params={"symbol": "BTCUSDT", "limit": 1}).json()[0]
    time.sleep(0.3)
    second = client.get(url, params={"symbol": "BTCUSDT", "limit": 1}).json()[0]
    assert second["a"] > first["a"]
    assert second["T"] > first["T"]


def test_show_sets_the_clock_of_a_market_that_goes_on(running_on, client):
    def newest():
        page = client.get(running_on.urls["coinbase"] + "/products/BTC-USD/trades", params={"limit": 1}).json()
        return datetime.fromisoformat(page[0]["time"])

    assert newest() < START + timedelta(hours=1.4)
    running_on.show(0.5)
    assert newest() > START + timedelta(hours=1.4)


def test_by_default_a_market_that_goes_on_begins_empty(client):
    with simulator.exchanges.running(trades=2_000, speed=0.001) as running:
        assert client.get(running.urls["coinbase"] + "/products/BTC-USD/trades").json() == []
        assert client.get(running.urls["kraken"] + "/0/public/Trades?pair=XBTUSD").json()["result"]["XXBTZUSD"] == []
        assert client.get(running.urls["binance"] + "/api/v3/aggTrades?symbol=BTCUSDT").json() == []


def test_the_length_of_the_market_can_be_chosen():
    with simulator.exchanges.running(trades=2_000, duration=timedelta(hours=1.5)) as running:
        last_ns = max(product["last_time_ns"] for product in running.market()["binance"].values())
    assert START_NS + 80 * 60 * 10**9 < last_ns < START_NS + 90 * 60 * 10**9
