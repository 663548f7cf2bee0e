"""The true price of an asset over time: a seeded random walk with one spike.

Everything is an integer, so that a seed draws the same path on every machine: prices are in units of 1e-8 of the
quote currency, times in nanoseconds, and a step of the walk counts the ones among random bits (a binomial draw is
close to a normal one and needs no floating point). A step, one per 100 ms, has a standard deviation of about 2.7e-5,
which is a yearly volatility near 50 %.
"""

from array import array
from dataclasses import dataclass
from random import Random

PRICE_DECIMALS = 8
STEP_NS = 100_000_000
_MOST_STEPS = 250_000
"""A longer market has longer steps, so that a market of weeks is drawn as quickly as one of hours."""
SECOND_NS = 1_000_000_000

_MILLION = 1_000_000
_STEP_DIVISOR = 150_000
_RISE_NS = 4 * SECOND_NS
_RETREAT_NS = 600 * SECOND_NS


@dataclass(frozen=True)
class Spike:
    """A jump of the whole market by `move_ppm` within `rise_ns`; six tenths of it are lost again in ten minutes."""

    start_ns: int
    rise_ns: int
    move_ppm: int

    def offset_ppm(self, time_ns: int) -> int:
        """The part of the price, in millionths, that the spike adds at a time."""
        elapsed_ns = time_ns - self.start_ns
        if elapsed_ns <= 0:
            return 0
        if elapsed_ns < self.rise_ns:
            return self.move_ppm * elapsed_ns // self.rise_ns
        retreat_ns = min(elapsed_ns - self.rise_ns, _RETREAT_NS)
        return self.move_ppm - self.move_ppm * 6 * retreat_ns // (10 * _RETREAT_NS)


@dataclass(frozen=True)
class PricePath:
    """Prices every `step_ns` from `start_ns` on, with straight lines between them."""

    start_ns: int
    step_ns: int
    prices: "array[int]"

    def at(self, time_ns: int) -> int:
        """The price at a time; times outside the path get its first or last price."""
        step, rest_ns = divmod(time_ns - self.start_ns, self.step_ns)
        if step < 0:
            return self.prices[0]
        if step >= len(self.prices) - 1:
            return self.prices[-1]
        price = self.prices[step]
        return price + (self.prices[step + 1] - price) * rest_ns // self.step_ns


def draw_spike(random: Random, start_ns: int, duration_ns: int) -> Spike:
    """Place the spike near three fifths of the market: 2 to 4 % up or down within four seconds."""
    rise_ns = min(_RISE_NS, duration_ns // 20)
    jitter_ns = random.randrange(max(1, duration_ns // 20))
    move_ppm = random.randrange(20_000, 40_000) * random.choice((-1, 1))
    return Spike(start_ns + duration_ns * 3 // 5 + jitter_ns, rise_ns, move_ppm)


def draw_path(random: Random, *, first_price: int, start_ns: int, duration_ns: int, spike: Spike) -> PricePath:
    """Draw the walk of one asset and lift it by the spike."""
    price = first_price
    prices = array("q")
    step_ns = STEP_NS * max(1, -(-duration_ns // (STEP_NS * _MOST_STEPS)))
    first_lifted = (spike.start_ns - start_ns) // step_ns
    for step in range(duration_ns // step_ns + 2):
        offset_ppm = spike.offset_ppm(start_ns + step * step_ns) if step >= first_lifted else 0
        prices.append(price + price * offset_ppm // _MILLION)
        price += price * (random.getrandbits(64).bit_count() - 32) // _STEP_DIVISOR
    return PricePath(start_ns, step_ns, prices)


def scaled(path: PricePath, ppm: int) -> PricePath:
    """The same path, `ppm` millionths higher: another quote currency of the same asset."""
    if not ppm:
        return path
    return PricePath(
        path.start_ns, path.step_ns, array("q", (price + price * ppm // _MILLION for price in path.prices))
    )
