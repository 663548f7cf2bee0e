"""The price of an asset between events: a seeded random walk.

Everything is an integer, so that a seed draws the same path on every machine: prices are in units of 1e-8 of the
quote currency, times in nanoseconds, and a step of the walk counts the ones among random bits (a binomial draw is
close to a normal one and needs no floating point). A step, one per 100 ms, has a standard deviation of about 2.7e-5,
which is a yearly volatility near 50 %.
"""

from array import array
from dataclasses import dataclass
from random import Random

from simulator.exchanges.events import Arrivals

PRICE_DECIMALS = 8
STEP_NS = 100_000_000
_MOST_STEPS = 250_000
"""A longer market has longer steps, so that a market of weeks is drawn as quickly as one of hours."""

_MILLION = 1_000_000
_STEP_DIVISOR = 150_000


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


def draw_path(random: Random, *, first_price: int, start_ns: int, duration_ns: int) -> PricePath:
    """Draw the walk of one asset."""
    price = first_price
    prices = array("q")
    step_ns = STEP_NS * max(1, -(-duration_ns // (STEP_NS * _MOST_STEPS)))
    for _ in range(duration_ns // step_ns + 2):
        prices.append(price)
        price += price * (random.getrandbits(64).bit_count() - 32) // _STEP_DIVISOR
    return PricePath(start_ns, step_ns, prices)


def scaled(path: PricePath, ppm: int) -> PricePath:
    """The same path, `ppm` millionths higher: another quote currency of the same asset."""
    if not ppm:
        return path
    return PricePath(
        path.start_ns, path.step_ns, array("q", (price + price * ppm // _MILLION for price in path.prices))
    )


@dataclass(frozen=True)
class FollowedPrice:
    """The price as an exchange shows it: the walk some time late, and each move of an event after its own delay."""

    walk: PricePath
    walk_delay_ns: int
    arrivals: Arrivals

    def at(self, time_ns: int) -> int:
        """The price that the exchange shows at a time."""
        price = self.walk.at(time_ns - self.walk_delay_ns)
        return price + price * self.arrivals.level_ppm(time_ns) // _MILLION
