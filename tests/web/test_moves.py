import numpy as np
import pytest

from web.moves import Trading, find_moves, middles

SECOND_US = 1_000_000
SPAN_US = 20 * SECOND_US
STEPS_BPS = (8.0, -6.0, 9.0, 7.0, -8.0, 10.0, -7.0, 6.0, -9.0, 8.0, 7.0, -6.0, 9.0, -8.0, 7.0)


def venue(delay_ms: float, *, per_second: int = 400, seed: int = 1, bounce_bps: float = 0.5) -> Trading:
    """Trades of a price that steps once a second, `delay_ms` later than at a venue with none."""
    random = np.random.default_rng(seed)
    us = np.sort(random.integers(0, SPAN_US, per_second * SPAN_US // SECOND_US))
    side = random.integers(0, 2, len(us)).astype("uint8")
    steps = np.array([(k + 2) * SECOND_US + delay_ms * 1000 for k in range(len(STEPS_BPS))])
    level = np.concatenate([[0], np.cumsum(STEPS_BPS)])[np.searchsorted(steps, us, side="right")]
    price = 40_000 * np.exp((level + np.where(side == 1, bounce_bps, -bounce_bps)) / 1e4)
    return Trading(us, price, side)


def test_the_venue_that_steps_first_leads_and_every_step_is_a_move() -> None:
    found = find_moves({"B": venue(60, seed=2), "A": venue(0), "C": venue(90, seed=3)}, SPAN_US)
    assert found.leader == "A"
    assert [round(move.bps) for move in found.moves] == pytest.approx(STEPS_BPS, abs=1)


@pytest.mark.parametrize("delay_ms", [20, 60, 150])
def test_a_planted_delay_is_found_to_a_few_milliseconds(delay_ms: float) -> None:
    found = find_moves({"A": venue(0), "B": venue(delay_ms, seed=2)}, SPAN_US)
    delays = [move.delays_ms["B"] for move in found.moves]
    assert len(delays) == len(STEPS_BPS)
    assert float(np.median(delays)) == pytest.approx(delay_ms, abs=8)
    assert max(abs(delay - delay_ms) for delay in delays) < 20


def test_a_follower_that_never_moves_has_no_delay() -> None:
    still = venue(0, seed=2)
    still = Trading(still.us, np.full(len(still.us), 40_000.0), still.side)
    found = find_moves({"A": venue(0), "B": still}, SPAN_US)
    assert {move.delays_ms.get("B") for move in found.moves} == {None}


def test_a_follower_that_seldom_trades_is_not_timed() -> None:
    found = find_moves({"A": venue(0), "B": venue(50, per_second=1, seed=2)}, SPAN_US)
    timed = sum("B" in move.delays_ms for move in found.moves)
    assert len(found.moves) == len(STEPS_BPS)
    assert timed < len(STEPS_BPS) / 2


def test_a_follower_that_was_quiet_before_and_is_heard_until_it_follows_is_timed() -> None:
    busy = venue(80, seed=2)
    wakes = (busy.us // 1000 % 1000 < 300) & (busy.us > 2 * SECOND_US)  # it trades only just after each step
    quiet = Trading(busy.us[wakes], busy.price[wakes], busy.side[wakes])
    delays = [move.delays_ms["B"] for move in find_moves({"A": venue(0), "B": quiet}, SPAN_US).moves[1:]]
    assert len(delays) == len(STEPS_BPS) - 1
    assert float(np.median(delays)) == pytest.approx(80, abs=8)


def test_the_bounce_between_bid_and_ask_is_no_move() -> None:
    random = np.random.default_rng(4)
    us = np.sort(random.integers(0, SPAN_US, 8000))
    side = random.integers(0, 2, len(us)).astype("uint8")
    price = np.where(side == 1, 40_020.0, 40_000.0)  # 5 bps apart
    calm = Trading(us, price, side)
    assert find_moves({"A": calm, "B": calm}, SPAN_US).moves == []


def test_before_both_sides_have_traded_the_middle_is_the_price() -> None:
    trading = Trading(np.array([0, 1, 2, 3]), np.array([10.0, 9.0, 11.0, 8.0]), np.array([1, 0, 1, 2], dtype="uint8"))
    assert middles(trading).tolist() == [10.0, 9.5, 10.0, 10.0]


def test_without_trades_nobody_leads() -> None:
    assert find_moves({}, SPAN_US).leader is None
    one = Trading(np.array([5]), np.array([1.0]), np.array([1], dtype="uint8"))
    assert find_moves({"A": one}, SPAN_US).moves == []


def test_a_span_shorter_than_a_move_has_none() -> None:
    few = Trading(np.array([5, 9]), np.array([1.0, 2.0]), np.array([1, 1], dtype="uint8"))
    assert find_moves({"A": few, "B": few}, 10).moves == []
