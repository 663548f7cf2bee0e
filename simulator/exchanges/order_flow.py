"""Taker orders and their fills: their times, sizes, and the number of price levels that they take.

All numbers are integers, see `price_path.py`. These properties are those of real trades: most orders have one fill and
a few have hundreds. The fills of one order rise in price for a BUY and fall for a SELL. Orders cluster within a
millisecond, and sizes have a heavy tail. An event multiplies the number of orders and makes them one-sided: the first
ones come within milliseconds of each move, so that its delay can be measured.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from simulator.exchanges.events import MILLISECOND_NS, RISE_NS, SECOND_NS, Event, Move
from simulator.exchanges.price_path import PRICE_DECIMALS, FollowedPrice

_BURST_NS = 300_000
_SPIKE_ORDERS_LAST_NS = 40 * SECOND_NS
_FIRST_REACTION_NS = 2 * MILLISECOND_NS
_LAST_REACTION_NS = 200 * MILLISECOND_NS
_MOVE_EXCITES_NS = SECOND_NS
# 735 trades of BTCUSDT once shared a millisecond: more than a default page of Binance.
_LARGEST_SWEEP = 735
# The value of a small order in the quote currency; the largest fills are worth a thousand times as much.
_SMALL_ORDER = 150
_SWEEP_TICKS = (0, 0, 1, 2)

Columns: TypeAlias = tuple["array[int]", "array[int]", "array[int]", bytearray]


@dataclass(frozen=True)
class OrderFlow:
    """What the orders of one listing depend on; `tick` is in units of the path's prices."""

    price: FollowedPrice
    spike: Event
    """The largest event."""
    start_ns: int
    duration_ns: int
    tick: int
    lots_per_unit: int
    time_step_ns: int


def draw_fills(random: Random, count: int, flow: OrderFlow) -> Columns:
    """Draw exactly `count` fills: their times, prices in ticks, quantities in lots, and whether the taker bought."""
    times_ns, prices, quantities, taker_buys = array("q"), array("q"), array("q"), bytearray()
    bits = random.getrandbits
    for order_ns, fills in _draw_orders(random, count, flow):
        mid = flow.price.at(order_ns)
        is_buy = bits(4) < _buyers_of_16(flow.price.arrivals.last_move(order_ns), order_ns)
        direction = 1 if is_buy else -1
        price = _best_price(mid, is_buy=is_buy, noise=bits(8).bit_count() - 4, tick=flow.tick)
        small_lots = _SMALL_ORDER * flow.lots_per_unit * 10**PRICE_DECIMALS // mid
        taker_buys.extend(is_buy for _ in range(fills))
        for _ in range(fills):
            prices.append(price)
            # One over a uniform number: a Pareto tail, cut off at 1024 times the smallest.
            quantities.append(1 + (small_lots << 30) // (bits(30) + (1 << 20)) // 4)
            price += direction * _SWEEP_TICKS[bits(2)]
        _append_times(times_ns, order_ns, fills, random, flow.time_step_ns)
    return times_ns, prices, quantities, taker_buys


def _draw_orders(random: Random, count: int, flow: OrderFlow) -> Iterator[tuple[int, int]]:
    fills = _draw_fill_counts(random, count)
    times_ns = _draw_order_times(random, len(fills), flow)
    if fills:
        spike_ns = next(ns for ns in flow.price.arrivals.times_ns if ns >= flow.spike.start_ns) + RISE_NS
        at_spike = min(bisect_left(times_ns, spike_ns), len(fills) - 1)
        fills[0], fills[at_spike] = fills[at_spike], fills[0]
    return zip(times_ns, fills, strict=True)


def _draw_fill_counts(random: Random, count: int) -> list[int]:
    """The number of fills of each order; the largest sweep comes first."""
    fills = [min(_LARGEST_SWEEP, count // 20)] if count >= 20 else []
    rest = count - sum(fills)
    while rest > 0:
        fills.append(min(rest, _draw_fill_count(random)))
        rest -= fills[-1]
    return fills


def _draw_fill_count(random: Random) -> int:
    lot = random.getrandbits(12)
    if lot < 2600:
        return 1
    if lot < 4060:
        return 2 + random.getrandbits(2)
    return 6 + random.getrandbits(5) if lot < 4090 else 60 + random.getrandbits(7)


def _draw_order_times(random: Random, count: int, flow: OrderFlow) -> list[int]:
    # Sorted uniform draws are the arrival times of a Poisson process with a known number of arrivals.
    excited, reacting = count // 12, count // 8
    last_ns = min(_SPIKE_ORDERS_LAST_NS, flow.start_ns + flow.duration_ns - flow.spike.start_ns)
    times_ns = [flow.start_ns + random.randrange(flow.duration_ns) for _ in range(count - excited - reacting)]
    times_ns += [
        flow.spike.start_ns + min(random.randrange(last_ns), random.randrange(last_ns)) for _ in range(excited)
    ]
    times_ns.sort()
    for index in range(1, len(times_ns)):
        if not random.getrandbits(4):
            times_ns[index] = min(times_ns[index], times_ns[index - 1] + random.randrange(_BURST_NS))
    return sorted([*times_ns, *_draw_reactions(random, reacting, flow)])


def _draw_reactions(random: Random, count: int, flow: OrderFlow) -> Iterator[int]:
    """The times of orders that react to moves; each move has its first order before any has its second one."""
    largest_first = sorted(flow.price.arrivals.moves, key=lambda move: -abs(move.ppm))
    for index in range(count):
        already, position = divmod(index, len(largest_first))
        after_ns = random.randrange(_LAST_REACTION_NS if already else _FIRST_REACTION_NS)
        yield largest_first[position].at_ns + RISE_NS + min(after_ns, random.randrange(_LAST_REACTION_NS))


def _buyers_of_16(last_move: Move | None, time_ns: int) -> int:
    if last_move is None or time_ns - last_move.at_ns >= _MOVE_EXCITES_NS:
        return 8
    return 13 if last_move.ppm > 0 else 3


def _best_price(mid: int, *, is_buy: bool, noise: int, tick: int) -> int:
    """The first price, in ticks, for a taker: half a spread from the exchange's noisy version of the true price."""
    exchange_mid = mid + noise * mid // 400_000
    half_spread = mid // 200_000
    return (exchange_mid + half_spread) // tick + 1 if is_buy else (exchange_mid - half_spread) // tick


def _append_times(times_ns: "array[int]", order_ns: int, fills: int, random: Random, time_step_ns: int) -> None:
    if time_step_ns > 1:
        times_ns.extend([order_ns - order_ns % time_step_ns] * fills)
        return
    for _ in range(fills):
        order_ns = max(order_ns, times_ns[-1] + 1 + random.getrandbits(3)) if times_ns else order_ns
        times_ns.append(order_ns)
