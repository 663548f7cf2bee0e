import re
from bisect import bisect_right
from collections import Counter
from itertools import pairwise

import pytest

from simulator.exchanges import DEFAULT_EXCHANGES, Market, Trade, draw_market
from simulator.exchanges.market import DEFAULT_TRADES
from simulator.exchanges.simulated import simulated_exchanges

OURS = ("binance", "coinbase", "kraken")
"""The exchanges of which more is known than what all of them have in common."""


@pytest.fixture(scope="module")
def large_market() -> Market:
    return draw_market(trades=DEFAULT_TRADES)


def all_trades(market: Market) -> list[Trade]:
    return [trade for listing in market.listings for trade in market.trades_of(listing.exchange, listing.symbol)]


def test_the_same_seed_draws_the_same_trades():
    assert all_trades(draw_market(trades=3_000, seed=5)) == all_trades(draw_market(trades=3_000, seed=5))


def test_another_seed_draws_other_trades():
    assert all_trades(draw_market(trades=3_000, seed=5)) != all_trades(draw_market(trades=3_000, seed=6))


def test_a_seed_means_the_same_trades_on_every_machine():
    listings = [listing for name in OURS for listing in simulated_exchanges()[name].listings]
    trades = Market(tuple(listings), trades=3_000, seed=5).trades_of("kraken", "BTC-USD")
    assert list(trades)[::179] == [
        Trade(466388420, 1767571294131837237, "93295.1", "0.00214463", "BUY"),
        Trade(466388599, 1767581985131942660, "94165.5", "0.00559796", "SELL"),
    ]


def test_there_are_as_many_trades_as_requested():
    assert len(all_trades(draw_market(trades=12_345))) == 12_345


@pytest.mark.parametrize("exchanges", [("kraken",), DEFAULT_EXCHANGES, tuple(simulated_exchanges())])
def test_a_market_trades_on_the_exchanges_that_are_named(exchanges):
    market = draw_market(trades=3_000, exchanges=exchanges)
    traded = {each.exchange for each in market.listings if market.trades_of(each.exchange, each.symbol)}
    assert traded == set(exchanges)
    assert len(all_trades(market)) == 3_000
    assert {listing.exchange for listing in market.listings} == set(simulated_exchanges())


def test_an_exchange_that_is_not_simulated_is_refused():
    with pytest.raises(ValueError, match="unknown exchange mtgox: expected some of binance, "):
        draw_market(exchanges=["kraken", "mtgox"])


def test_a_market_without_trades_is_possible():
    assert all_trades(draw_market(trades=0)) == []


def test_kraken_gets_few_enough_trades_for_its_limit(large_market):
    assert all(
        len(large_market.trades_of(listing.exchange, listing.symbol)) <= 12_000
        for listing in large_market.listings
        if listing.exchange == "kraken"
    )


def test_every_exchange_trades_the_common_pairs():
    for exchange in simulated_exchanges().values():
        assert {"BTC-USDT", "ETH-USDT"} <= {listing.symbol for listing in exchange.listings}


def test_the_spike_moves_every_exchange_by_a_few_percent_within_seconds(large_market):
    spike = large_market.spike
    for listing in (each for each in large_market.listings if each.exchange in DEFAULT_EXCHANGES):
        trades = large_market.trades_of(listing.exchange, listing.symbol)
        before = last_price(trades, spike.start_ns)
        after = last_price(trades, spike.end_ns + 10**9)
        assert after / before - 1 == pytest.approx(spike.move_ppm / 1e6, abs=0.005)
        assert 0.02 <= abs(spike.move_ppm) / 1e6 <= 0.04


def last_price(trades, time_ns: int) -> float:
    return float(trades[bisect_right(trades.times_ns, time_ns) - 1].price)


def test_trading_is_more_intense_in_the_spike(large_market):
    times = large_market.trades_of("binance", "BTC-USDT").times_ns
    spike = large_market.spike
    in_spike = sum(spike.start_ns <= time < spike.start_ns + 20 * 10**9 for time in times)
    assert in_spike / 20 > 20 * len(times) / (large_market.duration_ns / 10**9)


@pytest.mark.parametrize("exchange", OURS)
def test_sweeps_climb_for_buys_and_fall_for_sells(large_market, exchange):
    agreeing, contrary = 0, 0
    for earlier, later in pairwise(large_market.trades_of(exchange, "BTC-USDT")):
        if later.time_ns - earlier.time_ns > 10 or later.taker_side != earlier.taker_side:
            continue
        step = (float(later.price) - float(earlier.price)) * (1 if later.taker_side == "BUY" else -1)
        agreeing += step > 0
        contrary += step < 0
    # Steps in the other direction come from two orders with the same time.
    assert agreeing > 200 * max(1, contrary)


def test_more_trades_than_a_default_page_can_share_a_millisecond(large_market):
    at_once = Counter(time // 1_000_000 for time in large_market.trades_of("binance", "BTC-USDT").times_ns)
    assert max(at_once.values()) > 500


def test_times_have_the_resolution_of_their_exchange(large_market):
    binance, coinbase, kraken = (large_market.trades_of(name, "BTC-USDT").times_ns for name in OURS)
    assert not any(time % 1000 for time in [*binance, *coinbase])
    assert any(time % 100 for time in kraken)
    assert all(earlier < later for earlier, later in pairwise(kraken))
    assert sum(round(time, -2) == round(other, -2) for time, other in pairwise(kraken)) > 100


def test_prices_and_quantities_are_exact_text(market):
    assert all(re.fullmatch(r"\d+\.\d{2}", t.price) for t in market.trades_of("binance", "BTC-USDT"))
    assert all(re.fullmatch(r"\d+\.\d{8}", t.quantity) for t in market.trades_of("coinbase", "BTC-USD"))
    assert all(float(t.quantity) > 0 and float(t.price) > 0 for t in all_trades(market))


def test_sizes_have_a_heavy_tail(large_market):
    sizes = sorted(large_market.trades_of("binance", "BTC-USDT").quantities)
    assert sizes[-1] > 100 * sizes[len(sizes) // 2]
