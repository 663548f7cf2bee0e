"""Why venues disagree, without a server."""

from math import exp, log

import pytest

from web.causes import BPS, CAUSES, NOTHING, Basis, Cause, Limits, Reading, Seen, distances, explain, read, words

LIMITS = Limits(threshold=10, fees=20)
NOW = 1_000.0
STALE, CURRENCY, FEES, SKEW, REAL = CAUSES


def seen(venue: str, bps: float, *, age: float = 0.1, currency: str = "USD", past: tuple = ()) -> Seen:
    """A venue that is `bps` above 100 dollars; `past` has pairs of seconds ago and bps."""
    earlier = [(NOW - ago, log(100) + each / BPS) for ago, each in past]
    newest = (NOW - age, log(100) + bps / BPS)
    return Seen(venue, currency, 100 * exp(bps / BPS), NOW - age, age, (*earlier, newest))


def judged(*venues: Seen, basis: dict[str, float] | None = None) -> tuple[Cause | None, Reading]:
    reading = read(venues, basis or {}, fees=LIMITS.fees, now=NOW)
    return explain(reading, LIMITS), reading


@pytest.mark.parametrize(
    ("venues", "basis", "expected", "said"),
    [
        ([seen("Binance", 0), seen("Kraken", 9)], {}, None, ""),
        ([seen("Binance", 0), seen("Coinbase", 2), seen("Kraken", 40, age=5)], {}, STALE, "Kraken"),
        ([seen("Binance", 12, currency="USDT"), seen("Kraken", 0)], {"USDT": 11.0}, CURRENCY, "USDT +11.0 bps"),
        (
            [seen("Binance", -12, currency="USDT"), seen("Kraken", 0)],
            {"USDT": -9.0},
            CURRENCY,
            "USDT \N{MINUS SIGN}9.0 bps",
        ),
        ([seen("Binance", 0), seen("Kraken", 18)], {}, FEES, "18.0 of 20 bps"),
        (
            [seen("Binance", 40, past=((0.4, 0), (0.12, 20))), seen("Kraken", 0, age=0.05)],
            {},
            SKEW,
            "Kraken 120 ms behind Binance",
        ),
        ([seen("Binance", 0), seen("Coinbase", 1), seen("Kraken", 35)], {}, REAL, "15.0 bps beyond fees"),
    ],
    ids=["near", "stale", "currency above", "currency below", "fees", "lag", "real"],
)
def test_each_cause_explains_what_only_it_can(
    venues: list[Seen], basis: dict[str, float], expected: Cause | None, said: str
) -> None:
    cause, reading = judged(*venues, basis=basis)
    assert cause is expected
    assert cause is None or words(cause, reading, LIMITS) == said


def test_a_price_that_the_leader_left_too_long_ago_is_not_late_but_different() -> None:
    cause, _ = judged(seen("Binance", 40, past=((2.0, 0), (0.6, 40))), seen("Kraken", 0, age=0.05))
    assert cause is REAL


def test_a_quiet_venue_is_compared_with_what_was_known_when_its_quote_came() -> None:
    # the leader left the price 600 ms ago, and Kraken's quote is a second old
    cause, reading = judged(seen("Binance", 40, past=((2.0, 0), (0.6, 20))), seen("Kraken", 0, age=1.0))
    assert (cause, reading.laggard, round(reading.lag)) == (SKEW, "Kraken", 600)


def test_nobody_can_follow_a_price_that_came_later() -> None:
    # Kraken had this price first, so it isn't late
    cause, _ = judged(seen("Binance", 40, past=((2.0, 40), (0.1, 0), (0.05, 40))), seen("Kraken", 0, age=1.0))
    assert cause is REAL


def test_a_late_venue_in_another_currency_is_recognised() -> None:
    leader = seen("Binance", 44, currency="USDT", past=((0.5, 4), (0.1, 24)))
    cause, reading = judged(leader, seen("Kraken", 0, age=0.05), basis={"USDT": 4.0})
    assert (cause, reading.leader) == (SKEW, "Binance")


@pytest.mark.parametrize("venues", [[], [seen("Binance", 3)]], ids=["none", "one"])
def test_fewer_than_two_venues_are_never_apart(venues: list[Seen]) -> None:
    assert judged(*venues) == (None, NOTHING)


def test_when_all_but_one_are_stale_the_feeds_explain_it() -> None:
    cause, reading = judged(seen("Binance", 0, age=9), seen("Coinbase", 50), seen("Kraken", 90, age=8))
    assert (cause, reading.stale, reading.fresh) == (STALE, "Binance, Kraken", 0.0)


def test_distances_are_from_the_venue_in_the_middle() -> None:
    found = distances([seen("Binance", 4), seen("Coinbase", 0), seen("Kraken", -7)])
    assert found == pytest.approx([4, 0, -7], abs=1e-6)


def test_what_is_over_the_threshold_stays_over_it_until_it_is_well_below() -> None:
    over = explain(Reading(12, fresh=12, adjusted=12, aligned=12), LIMITS)
    for apart, expected in ((8.0, FEES), (7.1, FEES), (6.9, None)):
        over = explain(Reading(apart, fresh=apart, adjusted=apart, aligned=apart), LIMITS, over or FEES)
        assert over is expected or (expected is FEES and over is STALE)
    assert explain(Reading(8.0, fresh=8.0), LIMITS) is None


def test_a_cause_near_its_limit_does_not_flicker() -> None:
    def at(bps: float, before: Cause | None) -> Cause | None:
        return explain(Reading(bps, fresh=bps, adjusted=bps, aligned=bps), LIMITS, before)

    assert at(21, None) is REAL
    assert at(21, FEES) is FEES
    assert at(24, FEES) is REAL
    assert at(19, REAL) is FEES


def test_what_is_called_real_is_beyond_fees_and_threshold() -> None:
    for threshold in (5.0, 30.0):
        limits = Limits(threshold, fees=20)
        for bps in range(1, 60):
            reading = Reading(60, fresh=60, adjusted=60, aligned=float(bps))
            assert (explain(reading, limits) is REAL) == (bps > max(threshold, 20))


def test_a_basis_begins_with_what_is_seen_and_then_follows_slowly() -> None:
    def market(above: float) -> list[list[Seen]]:
        return [[seen("Binance", above + n, currency="USDT"), seen("Kraken", n)] for n in range(3)]

    basis = Basis()
    basis.follow(market(5.0), 0.2)
    assert basis.of["USDT"] == pytest.approx(5)
    for _ in range(300):
        basis.follow(market(5.0), 0.2)
    basis.follow(market(50.0), 0.2)
    assert 5 < basis.of["USDT"] < 5.5


def test_one_symbol_that_differs_does_not_move_the_basis() -> None:
    market = [[seen("Binance", 4, currency="USDT"), seen("Kraken", 0)] for _ in range(4)]
    market.append([seen("Binance", 400, currency="USDT"), seen("Kraken", 0)])
    basis = Basis()
    basis.follow(market, 0.2)
    assert basis.of == {"USDT": pytest.approx(4)}


def test_stale_quotes_and_symbols_without_dollars_say_nothing_of_the_basis() -> None:
    basis = Basis()
    basis.follow([[seen("Binance", 90, currency="USDT", age=9), seen("Kraken", 0)]], 0.2)
    basis.follow([[seen("Binance", 90, currency="USDT"), seen("Kraken", 0, currency="EUR")]], 0.2)
    assert basis.of == {}
