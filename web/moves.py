"""Who moved first, and how long the others took: the leader's price moves, and each follower's delay. Pure.

Prices are followed on a grid of 2 ms, as the middle between the last price that a taker sold at and the last that one
bought at, so that the bounce between bid and ask is no move. A move is a change within 50 ms that is large against the
venue's usual one. A venue's delay is the time from when the leader has made half of a move until it has made half of it
too. Moves are at least 130 ms apart, because a follower that is still busy with one can't be timed on the next.

Times are by the exchanges' own clocks; nothing here can tell a delay from a clock that is behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_US = 2_000
REACH_US = 50_000
APART_US = 130_000
LONGEST_DELAY_US = 400_000
FOLLOWER_GAP_US = 100_000
"""A follower is timed only if it had traded so shortly before the trade in which it followed: only then is it known
when it did, and not merely when it was next heard of."""
LEADER_GAP_US = 1_000_000
"""The same for the leader, which may have been quiet until it moved. If it moved earlier in that gap, delays are longer
than they are said to be, and never shorter."""

LEAST_BPS = 3.0
TIMES_USUAL = 6.0
"""A move is at least this many times the median absolute change within `REACH_US`."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Trading:
    """The trades of one venue in a span, in time order."""

    us: Integers
    """Microseconds since the span began."""
    price: Floats
    side: NDArray[np.uint8]
    """0 where the taker sold, 1 where it bought, 2 where the exchange doesn't say."""


@dataclass(frozen=True)
class Move:
    us: int
    """When the leader had made half of the move, since the span began."""
    bps: float
    price: float
    """The leader's price then."""
    delays_ms: Mapping[str, float]
    """The delay of each venue that followed; one that did not, or can't be timed, has none."""


@dataclass(frozen=True)
class Found:
    leader: str | None
    """The venue that moves first, or None if there is nothing to tell it by."""
    moves: Sequence[Move]


def find_moves(venues: Mapping[str, Trading], span_us: int) -> Found:
    """The leader and its moves within a span, in time order."""
    grids = {name: _on_grid(trading, span_us) for name, trading in venues.items() if len(trading.us) >= 2}
    if not grids:
        return Found(None, [])
    leader = _leader(grids, venues)
    return Found(leader, list(_moves(leader, grids, venues)))


def _on_grid(trading: Trading, span_us: int) -> Floats:
    """The middle price at every step of the grid; before the first trade, that of the first trade."""
    at = np.searchsorted(trading.us, np.arange(0, span_us, STEP_US), side="right") - 1
    return middles(trading)[np.maximum(at, 0)]


def middles(trading: Trading) -> Floats:
    """After each trade, the middle between the last price sold at and the last bought at; else the trade's price."""
    sold, bought = (_last(trading, side) for side in (0, 1))
    known = (sold > 0) & (bought > 0) & (bought >= sold)
    return np.where(known, (sold + bought) / 2, trading.price)


def _last(trading: Trading, side: int) -> Floats:
    """After each trade, the last price of a side; 0 before there was one."""
    index = np.where(trading.side == side, np.arange(len(trading.us)), -1)
    latest = np.maximum.accumulate(index)
    return np.where(latest >= 0, trading.price[np.maximum(latest, 0)], 0.0)


def _leader(grids: Mapping[str, Floats], venues: Mapping[str, Trading]) -> str:
    """The venue whose changes come before the others'; without a difference, the one with the most trades."""
    changes = {name: np.diff(np.log(grid[::5])) for name, grid in grids.items()}
    ahead = dict.fromkeys(grids, 0.0)
    names = list(grids)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            lead = _lead(changes[one], changes[other], LONGEST_DELAY_US // (5 * STEP_US))
            ahead[one] += lead
            ahead[other] -= lead
    return max(names, key=lambda name: (round(ahead[name], 6), len(venues[name].us)))


def _lead(one: Floats, other: Floats, reach: int) -> float:
    """How much more the other's changes look like the one's earlier ones than like its later ones, from -1 to 1."""
    scale = float(np.sqrt(np.dot(one, one) * np.dot(other, other)))
    if scale == 0 or len(one) <= reach:
        return 0.0
    after = sum(float(np.dot(one[:-k], other[k:])) ** 2 for k in range(1, reach))
    before = sum(float(np.dot(one[k:], other[:-k])) ** 2 for k in range(1, reach))
    return 0.0 if after + before == 0 else (after - before) / (after + before)


def _moves(leader: str, grids: Mapping[str, Floats], venues: Mapping[str, Trading]) -> "list[Move]":
    grid, reach = grids[leader], REACH_US // STEP_US
    if len(grid) <= 2 * reach:
        return []
    change = np.zeros_like(grid)
    change[reach:] = 1e4 * np.log(grid[reach:] / grid[:-reach])
    change[: 2 * reach] = 0  # what was before the span is unknown
    least = max(LEAST_BPS, TIMES_USUAL * float(np.median(np.abs(change[2 * reach :]))))
    found: list[Move] = []
    quiet_from = 0
    for k in np.flatnonzero(np.abs(change) >= least):
        if k < quiet_from:
            continue
        peak = int(k) + int(np.argmax(np.abs(change[k : k + reach])))
        start, size = max(peak - reach, 0), float(change[peak])
        quiet_from = peak + APART_US // STEP_US
        half = _half_made(grid, start, size)
        if half is None or not _is_heard(venues[leader], half, LEADER_GAP_US):
            continue
        delays = {
            name: delay
            for name, other in grids.items()
            if name != leader and (delay := _delay_ms(other, venues[name], start, size, half)) is not None
        }
        found.append(Move(half * STEP_US, round(size, 2), float(grid[half]), delays))
    return found


def _delay_ms(grid: Floats, trading: Trading, start: int, size_bps: float, leader_half: int) -> float | None:
    half = _half_made(grid, start, size_bps)
    if half is None or not 0 <= (half - leader_half) * STEP_US < LONGEST_DELAY_US:
        return None
    if not _is_heard(trading, half, FOLLOWER_GAP_US):
        return None
    return (half - leader_half) * STEP_US / 1000


def _half_made(grid: Floats, start: int, size_bps: float) -> int | None:
    """The first step after `start` at which a venue has made half of a move; None if it takes too long."""
    ahead = 1e4 * np.log(grid[start : start + (LONGEST_DELAY_US + 2 * REACH_US) // STEP_US] / grid[start])
    made = np.flatnonzero(ahead * np.sign(size_bps) >= abs(size_bps) / 2)
    return None if len(made) == 0 else start + int(made[0])


def _is_heard(trading: Trading, step: int, gap_us: int) -> bool:
    """Whether the trade that made the price of a step came soon after the one before it."""
    k = int(np.searchsorted(trading.us, step * STEP_US, side="right")) - 1
    return k >= 1 and int(trading.us[k] - trading.us[k - 1]) <= gap_us
