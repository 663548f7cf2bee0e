"""One deterministic market that all exchanges trade: what the simulator would be without HTTP.

A base asset has one true price: a walk (`price_path.py`) and the moves of events (`events.py`). Each exchange follows
it some milliseconds late, with its own tick size and a little noise, at random times, in orders that often take several
price levels at once (`order_flow.py`). The same seed and number of trades give the same trades on any machine, because
neither a clock nor floating-point numbers are used here.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from simulator.exchanges.events import MILLISECOND_NS, Event, arrivals, draw_delays, draw_events
from simulator.exchanges.order_flow import OrderFlow, draw_fills
from simulator.exchanges.price_path import PRICE_DECIMALS, FollowedPrice, PricePath, draw_path, scaled

DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)
DEFAULT_DURATION = timedelta(hours=3)
DEFAULT_TRADES = 160_000
DEFAULT_SEED = 7

_FIRST_PRICES = {"BTC": 93_000, "ETH": 3_200, "SOL": 180, "DOGE": 1}
_QUOTE_PREMIUM_PPM = {"USDT": 250, "USDC": 50}


@dataclass(frozen=True)
class Listing:
    """One product of one exchange, with what the market needs to know of it."""

    exchange: str
    symbol: str
    """The canonical symbol, for example `BTC-USDT`, whatever the exchange calls it."""
    weight: int
    """The share of all trades, relative to the other listings."""
    delay_ms: tuple[int, int]
    """The shortest and the longest delay with which the exchange follows a move, in milliseconds. Between the events it
    follows the true price with the middle of the two."""
    price_decimals: int
    quantity_decimals: int
    time_step_ns: int = 1000
    """The resolution of the exchange's times in nanoseconds. At 1, no two trades of the product share a time."""


@dataclass(frozen=True)
class Trade:
    """One trade as text; `price` and `quantity` are exact decimal text, `taker_side` is BUY or SELL."""

    id: int
    time_ns: int
    price: str
    quantity: str
    taker_side: str


@dataclass(frozen=True)
class Trades:
    """The trades of one listing, ids and times ascending, as columns in the listing's smallest units."""

    listing: Listing
    first_id: int
    times_ns: "array[int]"
    prices: "array[int]"
    quantities: "array[int]"
    taker_buys: bytearray

    def __len__(self) -> int:
        return len(self.times_ns)

    def __getitem__(self, index: int) -> Trade:
        return Trade(
            id=self.first_id + index,
            time_ns=self.times_ns[index],
            price=decimal_text(self.prices[index], self.listing.price_decimals),
            quantity=decimal_text(self.quantities[index], self.listing.quantity_decimals),
            taker_side="BUY" if self.taker_buys[index] else "SELL",
        )

    def __iter__(self) -> Iterator[Trade]:
        return (self[index] for index in range(len(self)))

    def part(self, start: int, stop: int) -> "Trades":
        """The trades `start <= index < stop`, with the ids that they have here."""
        columns = (self.times_ns, self.prices, self.quantities)
        times_ns, prices, quantities = (column[start:stop] for column in columns)
        return Trades(self.listing, self.first_id + start, times_ns, prices, quantities, self.taker_buys[start:stop])


@dataclass(frozen=True)
class Market:
    """The trades of all listings between `start` and `start + duration`; `trades` is their total number."""

    listings: tuple[Listing, ...]
    trades: int = DEFAULT_TRADES
    seed: int = DEFAULT_SEED
    start: datetime = DEFAULT_START
    duration: timedelta = DEFAULT_DURATION

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError(f"the market's start {self.start} has no time zone; expected one, e.g. UTC")
        if not self.listings or self.trades < 0 or self.duration < timedelta(seconds=20):
            raise ValueError("a market needs listings, trades >= 0 and a duration of at least 20 seconds")

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events, which move all assets alike, in the order of their times."""
        return draw_events(self._random("events"), self.start_ns, self.duration_ns)

    @property
    def spike(self) -> Event:
        """The largest event."""
        return max(self.events, key=lambda event: abs(event.move_ppm))

    @property
    def start_ns(self) -> int:
        return (self.start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000

    @property
    def duration_ns(self) -> int:
        return self.duration // timedelta(microseconds=1) * 1000

    def path(self, symbol: str) -> PricePath:
        """The true price of a symbol without the events' moves, which every exchange follows with a delay."""
        return self._paths[symbol]

    def delays_ns(self, exchange: str, symbol: str) -> list[tuple[int, ...]]:
        """How late a listing follows each move, in nanoseconds: for each event one number per move.

        This is the truth that a measurement of the listing's trades should find. Raises KeyError if there is no such
        listing.
        """
        listing, _ = self._shares[exchange, symbol]
        least_ms, most_ms = listing.delay_ms
        bounds_ns = least_ms * MILLISECOND_NS, most_ms * MILLISECOND_NS
        return draw_delays(self._random("delays", exchange, symbol), self.events, bounds_ns)

    def price(self, exchange: str, symbol: str) -> FollowedPrice:
        """The price that a listing's trades follow; raises KeyError if there is no such listing."""
        listing, _ = self._shares[exchange, symbol]
        middle_ns = sum(listing.delay_ms) * MILLISECOND_NS // 2
        return FollowedPrice(self.path(symbol), middle_ns, arrivals(self.events, self.delays_ns(exchange, symbol)))

    def trades_of(self, exchange: str, symbol: str) -> Trades:
        """Draw the trades of one listing; raises KeyError if there is no such listing."""
        listing, count = self._shares[exchange, symbol]
        random = self._random(exchange, symbol)
        flow = OrderFlow(
            price=self.price(exchange, symbol),
            spike=self.spike,
            start_ns=self.start_ns,
            duration_ns=self.duration_ns,
            tick=10 ** (PRICE_DECIMALS - listing.price_decimals),
            lots_per_unit=10**listing.quantity_decimals,
            time_step_ns=listing.time_step_ns,
        )
        first_id = random.randrange(10**6, 10**9)
        return Trades(listing, first_id, *draw_fills(random, count, flow))

    @cached_property
    def _paths(self) -> dict[str, PricePath]:
        symbols = {listing.symbol: listing.symbol.split("-") for listing in self.listings}
        paths = {base: self._draw_path(base) for base in {base for base, _ in symbols.values()}}
        return {
            symbol: scaled(paths[base], _QUOTE_PREMIUM_PPM.get(quote, 0)) for symbol, (base, quote) in symbols.items()
        }

    def _draw_path(self, base: str) -> PricePath:
        random = self._random("path", base)
        first_price = _FIRST_PRICES.get(base, 10) * 10**PRICE_DECIMALS
        return draw_path(
            random,
            first_price=first_price + random.randrange(first_price // 100),
            start_ns=self.start_ns,
            duration_ns=self.duration_ns,
        )

    @cached_property
    def _shares(self) -> dict[tuple[str, str], tuple[Listing, int]]:
        # The differences of a running quotient add up to the total exactly.
        total_weight = sum(listing.weight for listing in self.listings)
        shares, weight_before = {}, 0
        for listing in self.listings:
            weight_after = weight_before + listing.weight
            count = self.trades * weight_after // total_weight - self.trades * weight_before // total_weight
            shares[listing.exchange, listing.symbol] = (listing, count)
            weight_before = weight_after
        return shares

    def _random(self, *purpose: str) -> Random:
        # One generator for each purpose, so that an exchange's trades don't depend on which other exchanges there are.
        return Random("/".join((str(self.seed), *purpose)))


def decimal_text(units: int, decimals: int, *, digits: int | None = None) -> str:
    """Write `units * 10**-decimals` exactly, with `digits` (default: `decimals`) digits after the point."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}{'0' * ((digits or decimals) - decimals)}"
