"""The events of a market, and the delays with which exchanges follow them: what measurements are compared with."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest

from schemahub.runs.demo import LARGE_EVENT, MARKET_START
from simulator.exchanges import Market, draw_market
from simulator.exchanges.events import MILLISECOND_NS, RISE_NS, SECOND_NS, Move
from simulator.exchanges.market import DEFAULT_TRADES
from simulator.exchanges.simulated import simulated_exchanges


@pytest.fixture(scope="module")
def demo_market() -> Market:
    return draw_market(trades=DEFAULT_TRADES, start=MARKET_START)


def all_moves(market: Market) -> list[Move]:
    return [move for event in market.events for move in event.moves]


def all_delays_ms(market: Market, exchange: str, symbol: str) -> list[float]:
    return [delay / MILLISECOND_NS for of_event in market.delays_ns(exchange, symbol) for delay in of_event]


def test_the_large_event_of_the_demo_begins_when_it_is_said_to_and_lasts_twelve_seconds(demo_market):
    spike = demo_market.spike
    assert spike.start_ns == int(LARGE_EVENT.timestamp()) * SECOND_NS
    assert spike.end_ns - spike.start_ns == 12 * SECOND_NS
    assert 0.02 <= abs(spike.move_ppm) / 1e6 <= 0.05
    assert len(spike.moves) > 20


def test_the_large_event_is_larger_than_the_four_others(demo_market):
    spike, *others = sorted(demo_market.events, key=lambda event: -abs(event.move_ppm))
    assert spike == demo_market.spike
    assert len(others) == 4
    assert all(600 <= abs(event.move_ppm) < abs(spike.move_ppm) / 3 for event in others)


@pytest.mark.parametrize("seed", range(20))
def test_moves_are_further_apart_than_delays_differ(seed):
    market = draw_market(seed=seed)
    for event in market.events:
        apart_ns = [later.at_ns - earlier.at_ns for earlier, later in pairwise(event.moves)]
        assert min(apart_ns) >= 250 * MILLISECOND_NS
        assert all(150 <= abs(move.ppm) < 2500 for move in event.moves)
        assert sum(abs(move.ppm) >= 300 for move in event.moves) >= len(event.moves) / 2
    widest_ns = max(most - least for least, most in (each.delay_ms for each in market.listings)) * MILLISECOND_NS
    assert widest_ns + RISE_NS < 250 * MILLISECOND_NS


@pytest.mark.parametrize("duration", [timedelta(seconds=20), timedelta(minutes=10), timedelta(days=30)], ids=str)
@pytest.mark.parametrize("start", [datetime(2013, 11, 30, 23, 59, tzinfo=UTC), datetime(2030, 6, 1, tzinfo=UTC)])
def test_markets_of_any_length_and_start_have_five_events_within_them(start, duration):
    market = draw_market(trades=500, start=start, duration=duration)
    assert len(market.events) == 5
    assert market.start_ns < market.events[0].start_ns
    assert market.events[-1].end_ns < market.start_ns + market.duration_ns
    assert all(earlier.end_ns < later.start_ns for earlier, later in pairwise(market.events))
    assert {len(delays) for delays in market.delays_ns("kraken", "BTC-USD")} <= {len(e.moves) for e in market.events}


def test_the_same_seed_has_the_same_events_and_delays():
    one, same, other = draw_market(seed=5), draw_market(seed=5, trades=1), draw_market(seed=6)
    assert one.events == same.events
    assert one.delays_ns("kraken", "BTC-USD") == same.delays_ns("kraken", "BTC-USD")
    assert one.events != other.events
    assert one.delays_ns("kraken", "BTC-USD") != one.delays_ns("kraken", "BTC-USDT")


@pytest.mark.parametrize("exchange", simulated_exchanges())
def test_every_delay_lies_within_the_bounds_of_its_listing(demo_market, exchange):
    for listing in simulated_exchanges()[exchange].listings:
        delays_ms = all_delays_ms(demo_market, exchange, listing.symbol)
        least_ms, most_ms = listing.delay_ms
        assert len(delays_ms) == len(all_moves(demo_market))
        assert least_ms <= min(delays_ms)
        assert max(delays_ms) <= most_ms
        assert max(delays_ms) - min(delays_ms) >= (most_ms - least_ms) * 0.8


def test_binance_leads_and_the_others_follow_within_the_documented_bounds():
    bounds = {name: simulated_exchanges()[name].listings[0].delay_ms for name in ("binance", "coinbase", "kraken")}
    assert bounds == {"binance": (0, 0), "coinbase": (40, 120), "kraken": (70, 190)}


@pytest.mark.parametrize(("exchange", "symbol"), [("binance", "BTC-USDT"), ("kraken", "ETH-USD")])
def test_a_price_moves_exactly_after_the_delay(demo_market, exchange, symbol):
    level_ppm = demo_market.price(exchange, symbol).arrivals.level_ppm
    for event, delays in zip(demo_market.events, demo_market.delays_ns(exchange, symbol), strict=True):
        for move, delay in zip(event.moves, delays, strict=True):
            begins = move.at_ns + delay
            assert level_ppm(begins + RISE_NS) - level_ppm(begins) == move.ppm
            assert abs(level_ppm(begins + RISE_NS // 2) - level_ppm(begins) - move.ppm / 2) <= 1


def test_six_tenths_of_an_event_are_lost_again_within_ten_minutes(demo_market):
    spike, level_ppm = demo_market.spike, demo_market.price("binance", "BTC-USDT").arrivals.level_ppm
    before, top = level_ppm(spike.start_ns), level_ppm(spike.end_ns)
    assert top - before == spike.move_ppm
    assert level_ppm(spike.end_ns + 300 * SECOND_NS) - before == pytest.approx(0.7 * spike.move_ppm, abs=2)
    assert level_ppm(spike.end_ns + 600 * SECOND_NS) - before == pytest.approx(0.4 * spike.move_ppm, abs=2)


def test_between_events_an_exchange_is_late_by_the_middle_of_its_bounds(demo_market):
    leader, follower = demo_market.price("binance", "BTC-USDT"), demo_market.price("kraken", "BTC-USDT")
    calm_ns = demo_market.start_ns + 300 * SECOND_NS
    for time_ns in range(calm_ns, calm_ns + 60 * SECOND_NS, 777_777_777):
        assert follower.at(time_ns) == leader.at(time_ns - 130 * MILLISECOND_NS)


@pytest.mark.parametrize(
    ("exchange", "symbol"),
    [("binance", "BTC-USDT"), ("coinbase", "BTC-USDT"), ("coinbase", "BTC-USD"), ("kraken", "ETH-USDT")],
)
def test_the_delays_can_be_measured_from_the_trades(demo_market, exchange, symbol):
    trades = demo_market.trades_of(exchange, symbol)
    walk, undelayed = demo_market.path(symbol), demo_market.price("binance", "BTC-USDT").arrivals
    tick = 10 ** (8 - trades.listing.price_decimals)
    errors_ms = []
    for move, planted_ms in zip(all_moves(demo_market), all_delays_ms(demo_market, exchange, symbol), strict=True):
        half_ppm = (undelayed.level_ppm(move.at_ns) + undelayed.level_ppm(move.at_ns + RISE_NS)) // 2
        half = walk.at(move.at_ns) * (10**6 + half_ppm) // 10**6
        index = bisect_left(trades.times_ns, move.at_ns)
        while (trades.prices[index] * tick > half) != (move.ppm > 0):
            index += 1
        errors_ms.append((trades.times_ns[index] - move.at_ns) / MILLISECOND_NS - planted_ms)
    assert abs(median(errors_ms)) <= 6
    assert sum(abs(error) <= 10 for error in errors_ms) >= 0.8 * len(errors_ms)


def test_every_listing_has_trades_within_milliseconds_of_each_move(demo_market):
    for listing in (each for each in demo_market.listings if each.weight):
        times_ns = demo_market.trades_of(listing.exchange, listing.symbol).times_ns
        for move in demo_market.price(listing.exchange, listing.symbol).arrivals.moves:
            first = bisect_left(times_ns, move.at_ns + RISE_NS)
            assert times_ns[first] - move.at_ns <= 6 * MILLISECOND_NS
