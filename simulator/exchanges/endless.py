"""A market that goes on for as long as the simulator runs, so that quotes can be watched live.

Thirteen assets trade on three exchanges. Five minutes are drawn from the seed, and what happens in them happens again
and again: ids and times go on, and the price at the end is the one at the beginning. So memory is bounded, and any
trade can be computed from its id. All numbers are integers.

Every minute has the same events, which move other assets or other exchanges each time:

    second 20    one asset in three jumps by 1.6 %, and the others by a quarter of that, all within 0.8 seconds; the
                 exchanges follow as late as they always do, and the jump is over after ten seconds
    second 40    on one exchange alone, one asset in three is 0.45 % off for five seconds

Binance's prices are in USDT, which is worth a little more than a dollar here. Aggregated trades aren't served, because
they are made from all trades.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import cast, overload

from simulator.exchanges.market import Listing, Trades
from simulator.exchanges.simulated_exchange import SimulatedExchange
from simulator.exchanges.tape import ENDLESS, Tape

CYCLE_NS = 300 * 10**9
PREMIUM_PPM = 420
"""How much more a dollar costs in USDT, in millionths."""

_SECOND_NS = 10**9
_MINUTE_NS = 60 * _SECOND_NS
_STEP_NS = 20 * 10**6
_PRICE_DECIMALS = 8
_STEP_DIVISOR = 140_000
_JUMP_AT_NS, _JUMP_NS, _JUMP_ENDS_NS, _JUMP_PPM = 20 * _SECOND_NS, 800 * 10**6, 10 * _SECOND_NS, 16_000
_SMALL_JUMP = 4
_EXCURSION_AT_NS, _EXCURSION_NS, _EXCURSION_ENDS_NS = 40 * _SECOND_NS, 300 * 10**6, 5 * _SECOND_NS
_EXCURSION_PPM = 4_500
_SMALL_ORDER = 150
_MILLION = 10**6


@dataclass(frozen=True)
class _Asset:
    name: str
    ticks: int
    """Its first price, in units of the last decimal."""
    decimals: int
    """Of its prices."""


_ASSETS = (
    _Asset("BTC", 932_140, 1),
    _Asset("ETH", 322_450, 2),
    _Asset("SOL", 18_241, 2),
    _Asset("XRP", 21_243, 4),
    _Asset("ADA", 8_931, 4),
    _Asset("DOGE", 35_020, 5),
    _Asset("AVAX", 38_600, 3),
    _Asset("LINK", 22_420, 3),
    _Asset("DOT", 71_810, 4),
    _Asset("LTC", 10_490, 2),
    _Asset("BCH", 44_810, 2),
    _Asset("UNI", 13_350, 3),
    _Asset("ATOM", 68_420, 4),
)


@dataclass(frozen=True)
class _Venue:
    exchange: str
    quote: str
    lag_ms: int
    trades_per_minute: int
    """The number of trades of one asset."""


_VENUES = (
    _Venue("binance", "USDT", 0, 1_100),
    _Venue("coinbase", "USD", 80, 750),
    _Venue("kraken", "USD", 120, 500),
)
SYMBOLS = tuple(dict.fromkeys(f"{asset.name}-{venue.quote}" for asset in _ASSETS for venue in _VENUES))
"""The canonical symbols that are traded."""


class Repeated(Sequence[int]):
    """Numbers that are repeated without an end, each time `rise` higher; the first ones are `first` higher."""

    def __init__(self, numbers: Sequence[int], *, rise: int = 0, first: int = 0) -> None:
        self._numbers, self._rise, self._first = numbers, rise, first

    def __len__(self) -> int:
        return ENDLESS

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(ENDLESS))]
        rounds, place = divmod(index, len(self._numbers))
        return self._first + rounds * self._rise + self._numbers[place]

    def count_below(self, number: int, *, or_equal: bool) -> int:
        """How many are below `number`, or equal to it; for numbers that rise."""
        rounds, rest = divmod(number - self._first, self._rise)
        if rounds < 0:
            return 0
        bisect = bisect_right if or_equal else bisect_left
        return rounds * len(self._numbers) + bisect(self._numbers, rest)


@dataclass(frozen=True)
class EndlessTape(Tape):
    """A tape whose times are `Repeated`, so that a time is found at once."""

    def from_time(self, time_ns: int) -> int:
        return cast(Repeated, self.times_ns).count_below(time_ns, or_equal=False)

    def after_time(self, time_ns: int) -> int:
        return cast(Repeated, self.times_ns).count_below(time_ns, or_equal=True)


def endless_tapes(kind: type[SimulatedExchange], *, seed: int, start_ns: int, offset_ns: int) -> list[Tape]:
    """The tapes of one exchange, which begin at `start_ns`. Its clock is `offset_ns` ahead; most have none."""
    tapes: list[Tape] = []
    for turn, venue in enumerate(_VENUES):
        if venue.exchange != kind.name:
            continue
        for number, asset in enumerate(_ASSETS):
            trades = _draw_trades(seed, number, turn, start_ns + offset_ns)
            tape = kind.market_tape(trades)
            tapes.append(EndlessTape(**{field.name: getattr(tape, field.name) for field in fields(Tape)}))
            assert asset.name == tape.symbol.partition("-")[0]
    return tapes


def _draw_trades(seed: int, number: int, turn: int, start_ns: int) -> Trades:
    asset, venue = _ASSETS[number], _VENUES[turn]
    random = Random(f"{seed}/{venue.exchange}/{asset.name}")
    path = _draw_path(Random(f"{seed}/path/{asset.name}"), asset)
    tick = 10 ** (_PRICE_DECIMALS - asset.decimals)
    count = venue.trades_per_minute * CYCLE_NS // _MINUTE_NS
    # in microseconds, so that no two trades share a time
    times_ns = array("q", (time * 1000 for time in sorted(random.sample(range(CYCLE_NS // 1000), count))))
    prices, quantities, taker_buys = array("q"), array("q"), bytearray()
    for time_ns in times_ns:
        price = path[(time_ns - venue.lag_ms * _MILLION) // _STEP_NS % len(path)]
        ppm = _jump_ppm(time_ns - venue.lag_ms * _MILLION, number) + _excursion_ppm(time_ns, number, turn)
        ppm += PREMIUM_PPM if venue.quote == "USDT" else 0
        price += price * ppm // _MILLION
        is_buy = random.getrandbits(1)
        prices.append(-(-price // tick) if is_buy else price // tick)
        # one over a uniform number: a Pareto tail
        value = _SMALL_ORDER * (1 << 30) // (random.getrandbits(30) + (1 << 20))
        quantities.append(1 + value * 10 ** (2 * _PRICE_DECIMALS) // price)
        taker_buys.append(is_buy)
    listing = Listing(
        venue.exchange, f"{asset.name}-{venue.quote}", 0, (venue.lag_ms, venue.lag_ms), asset.decimals, _PRICE_DECIMALS
    )
    return Trades(
        listing,
        random.randrange(10**6, 10**8),
        cast("array[int]", Repeated(times_ns, rise=CYCLE_NS, first=start_ns)),
        cast("array[int]", Repeated(prices)),
        cast("array[int]", Repeated(quantities)),
        cast(bytearray, Repeated(taker_buys)),
    )


def _draw_path(random: Random, asset: _Asset) -> "array[int]":
    """A walk that ends where it began, in units of 1e-8, without the events."""
    price = begin = asset.ticks * 10 ** (_PRICE_DECIMALS - asset.decimals)
    walk = array("q")
    for _ in range(CYCLE_NS // _STEP_NS):
        walk.append(price)
        price += price * (random.getrandbits(32).bit_count() - 16) // _STEP_DIVISOR
    drift = price - begin
    return array("q", (each - drift * step // len(walk) for step, each in enumerate(walk)))


def _jump_ppm(time_ns: int, number: int) -> int:
    minute, passed_ns = divmod(time_ns % CYCLE_NS, _MINUTE_NS)
    size = _JUMP_PPM * (1 if minute % 2 else -1)
    if number % 3 != minute % 3:
        size //= _SMALL_JUMP
    return _pulse(passed_ns - _JUMP_AT_NS, _JUMP_NS, _JUMP_ENDS_NS, size)


def _excursion_ppm(time_ns: int, number: int, turn: int) -> int:
    minute, passed_ns = divmod(time_ns % CYCLE_NS, _MINUTE_NS)
    if minute % len(_VENUES) != turn or number % 3 != (minute + 1) % 3:
        return 0
    return _pulse(passed_ns - _EXCURSION_AT_NS, _EXCURSION_NS, _EXCURSION_ENDS_NS, _EXCURSION_PPM)


def _pulse(passed_ns: int, rise_ns: int, ends_ns: int, size: int) -> int:
    """What rises to `size` within `rise_ns`, and is back at zero at `ends_ns`."""
    if not 0 < passed_ns < ends_ns:
        return 0
    if passed_ns < rise_ns:
        return size * passed_ns // rise_ns
    return size * (ends_ns - passed_ns) // (ends_ns - rise_ns)
