"""The market without an end, exchanges whose clocks are off, and a connection that pauses."""

import json
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from websockets.sync.client import connect

import simulator.exchanges
from simulator.exchanges.endless import CYCLE_NS, PREMIUM_PPM, SYMBOLS, EndlessTape, Repeated, endless_tapes
from simulator.exchanges.faults import parse_fault
from simulator.exchanges.settings import Settings, draw_market, open_exchanges
from simulator.exchanges.simulated import simulated_exchanges

START_NS = 1_700_000_000 * 10**9


def tapes(name: str, *, offset_ns: int = 0) -> dict[str, EndlessTape]:
    kind = simulated_exchanges()[name]
    return {tape.symbol: tape for tape in endless_tapes(kind, seed=7, start_ns=START_NS, offset_ns=offset_ns)}


def price(row: bytes, name: str) -> float:
    decoded = json.loads(row)
    return float(decoded[0] if name == "kraken" else decoded["price"])


def test_repeated_numbers_rise_with_every_round():
    numbers = Repeated([1, 4, 6], rise=10, first=100)
    assert [numbers[index] for index in range(7)] == [101, 104, 106, 111, 114, 116, 121]
    assert [numbers.count_below(number, or_equal=False) for number in (0, 101, 102, 106, 111, 117)] == [
        0,
        0,
        1,
        2,
        3,
        6,
    ]
    assert [numbers.count_below(number, or_equal=True) for number in (101, 111, 110)] == [1, 4, 3]


def test_a_tape_goes_on_after_its_first_round():
    tape = tapes("kraken")["BTC-USD"]
    each = tape.after_time(START_NS + CYCLE_NS - 1)
    assert tape.times_ns[each + 3] == tape.times_ns[3] + CYCLE_NS
    assert price(tape.rows[each + 3], "kraken") == price(tape.rows[3], "kraken")
    assert tape.ids[each + 3] == tape.ids[3] + each
    now = [START_NS + 3 * CYCLE_NS]
    growing = tape.until(lambda: now[0])
    assert len(growing) == 3 * each
    assert growing.from_time(START_NS + 9 * CYCLE_NS) == len(growing)


def test_no_two_trades_of_a_product_share_a_time():
    tape = tapes("kraken")["ATOM-USD"]
    times = [tape.times_ns[index] for index in range(tape.after_time(START_NS + CYCLE_NS))]
    assert sorted(set(times)) == times


def test_all_exchanges_trade_the_same_price_apart_from_the_premium_of_a_stablecoin():
    at = START_NS + 10 * 10**9  # before the first event
    found = {}
    for name, symbol in (("binance", "ETH-USDT"), ("coinbase", "ETH-USD"), ("kraken", "ETH-USD")):
        tape = tapes(name)[symbol]
        found[name] = price(tape.rows[tape.after_time(at)], name)
    assert found["kraken"] == pytest.approx(found["coinbase"], rel=2e-4)
    assert found["binance"] == pytest.approx(found["coinbase"] * (1 + PREMIUM_PPM / 1e6), rel=2e-4)


def test_a_jump_reaches_kraken_later_than_binance():
    # in the first minute, every third asset falls from second 20 on
    def moved_at(name: str, symbol: str) -> int:
        tape = tapes(name)[symbol]
        start = tape.after_time(START_NS + 20 * 10**9)
        before = price(tape.rows[start - 1], name)
        index = next(n for n in range(start, start + 10_000) if price(tape.rows[n], name) < before * 0.992)
        return tape.times_ns[index] - START_NS

    leader, follower = moved_at("binance", "BTC-USDT"), moved_at("kraken", "BTC-USD")
    assert 20 * 10**9 < leader < 21 * 10**9
    assert 30 * 10**6 < follower - leader < 400 * 10**6


def test_the_other_exchanges_have_no_endless_market():
    assert [name for name in simulated_exchanges() if tapes(name)] == ["binance", "coinbase", "kraken"]
    assert {symbol for name in simulated_exchanges() for symbol in tapes(name)} == set(SYMBOLS)


def test_a_clock_that_is_ahead_shifts_times_and_not_prices():
    right, wrong = tapes("kraken")["BTC-USD"], tapes("kraken", offset_ns=2 * 10**9)["BTC-USD"]
    assert wrong.times_ns[5] == right.times_ns[5] + 2 * 10**9
    assert price(wrong.rows[5], "kraken") == price(right.rows[5], "kraken")


def test_the_clock_of_an_exchange_can_be_off_in_any_market():
    def first_time(*offsets: str) -> int:
        opened = open_exchanges(Settings(trades=2_000, clock_offsets=offsets))
        (kraken,) = (each for each in opened if each.exchange.name == "kraken")
        return kraken.tapes[0].times_ns[0]

    assert first_time("kraken=-2.5") == first_time() - 2_500_000_000
    assert (
        first_time("coinbase=3") == first_time() == draw_market(trades=2_000).trades_of("kraken", "BTC-USD").times_ns[0]
    )


@pytest.mark.parametrize("text", ["kraken", "kraken=", "kraken=soon", "mtgox=1", "kraken=99999999"])
def test_an_offset_that_means_nothing_is_refused(text: str):
    with pytest.raises(ValueError, match=r"expected EXCHANGE=SECONDS, such as kraken=2\.5"):
        open_exchanges(Settings(trades=100, clock_offsets=(text,)))


def test_trades_happen_now_on_exchanges_with_different_clocks():
    with simulator.exchanges.running(
        endless=True, enforce_limits=False, clock_offsets=["kraken=5"], faults=["pause=1:1/40x1@coinbase"]
    ) as running:
        ages = {}
        for name, path, said in (
            ("kraken", "/v2", {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD"]}}),
            ("coinbase", "", {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["ticker", "matches"]}),
        ):
            with connect(f"{running.stream_urls[name]}{path}", proxy=None) as socket:
                socket.send(json.dumps(said))
                ages[name] = min(_age(json.loads(socket.recv(5)), name) for _ in range(12))
        assert -5.1 < ages["kraken"] < -3.5
        assert -0.1 < ages["coinbase"] < 1.5


def test_a_connection_that_pauses_goes_on_afterwards():
    with (
        simulator.exchanges.running(endless=True, enforce_limits=False, faults=["pause=1.5:1@coinbase"]) as running,
        connect(running.stream_urls["coinbase"], proxy=None) as socket,
    ):
        socket.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches"]}))
        times = []
        for _ in range(12):
            socket.recv(5)
            times.append(time.monotonic())
        assert max(after - before for before, after in pairwise(times)) > 1.2


def test_a_pause_takes_a_number_of_seconds():
    assert parse_fault("pause:1/3", ["kraken"]).seconds == 10
    with pytest.raises(ValueError, match="expected a number of seconds"):
        parse_fault("pause=long:1/3", ["kraken"])


def _age(message: dict, name: str) -> float:
    data = message.get("data", [{}])[0] if name == "kraken" else message
    text = data.get("timestamp") or data.get("time")
    return 99.0 if text is None else (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()
