"""Which venues trade a symbol, in the order in which pages show them, and how each is told from the others. Pure.

A symbol is a canonical one, such as BTC-USD: a base asset and the asset that it is priced in. A venue without trades of
exactly this symbol is represented by its product in another kind of dollar, if it has one: BTC-USD is shown with
Binance's BTCUSDT. Such a venue's prices lie above or below the others' by the price of its dollar, the basis.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from registry.products import Product

DOLLARS = ("USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI")
"""Kinds of dollars, those first that most trades are priced in."""

FIRST = ("BINANCE", "COINBASE", "KRAKEN")
"""These have the first three colours and shapes in every lake; others follow in alphabetical order."""

LOOKS = 8
"""How many colours and shapes theme.css has."""


@dataclass(frozen=True)
class Traded:
    """What a snapshot has of one symbol of an exchange; times are microseconds since 1970, UTC."""

    exchange: str
    symbol: str
    trades: int
    first_us: int
    last_us: int


@dataclass(frozen=True)
class Venue:
    """An exchange's product, as one of the venues of a canonical symbol."""

    exchange: str
    symbol: str
    """As the exchange writes it."""
    name: str
    """The exchange's name for people."""
    look: int
    """The number of its colour and its shape, from 1."""
    quote: str
    is_stand_in: bool
    """Whether its prices are in another kind of dollar than the symbol's."""
    trades: int
    first_us: int
    last_us: int


@dataclass(frozen=True)
class Symbol:
    """A canonical symbol, and the venues that trade it."""

    name: str
    venues: tuple[Venue, ...]

    @property
    def base_asset(self) -> str:
        return self.name.rpartition("-")[0]

    @property
    def trades(self) -> int:
        return sum(venue.trades for venue in self.venues)


def symbols_of(traded: Sequence[Traded], products: Iterable[Product], looks: Mapping[str, int]) -> dict[str, Symbol]:
    """Every canonical symbol that is traded, by name: first those of several venues, and of these the busiest."""
    known = {(product.exchange, product.symbol): product for product in products}
    by_name: dict[str, dict[str, Traded]] = defaultdict(dict)
    parts: dict[str, tuple[str, str]] = {}
    for each in traded:
        product = known.get((each.exchange, each.symbol))
        name = product.canonical_symbol if product else each.symbol
        parts[name] = (product.base_asset, product.quote_asset) if product else (each.symbol, "")
        before = by_name[name].get(each.exchange)
        if before is None or before.trades < each.trades:
            by_name[name][each.exchange] = each
    found = [Symbol(name, tuple(_venues(name, by_name, parts, looks))) for name in by_name]
    return {each.name: each for each in sorted(found, key=lambda each: (len(each.venues) < 2, -each.trades, each.name))}


def named(symbols: Mapping[str, Symbol], name: str) -> Symbol | None:
    """The symbol of exactly this name, otherwise the first that differs only in case; None if there is none."""
    folded = name.casefold()
    return symbols.get(name) or next((each for each in symbols.values() if each.name.casefold() == folded), None)


def _venues(
    name: str,
    by_name: Mapping[str, Mapping[str, Traded]],
    parts: Mapping[str, tuple[str, str]],
    looks: Mapping[str, int],
) -> Iterable[Venue]:
    base, quote = parts[name]
    chosen = {exchange: (each, quote) for exchange, each in by_name[name].items()}
    if quote in DOLLARS:
        for other in DOLLARS:
            for exchange, each in by_name.get(f"{base}-{other}", {}).items():
                chosen.setdefault(exchange, (each, other))
    for exchange, (each, own) in sorted(chosen.items(), key=lambda pair: (looks.get(pair[0], LOOKS), pair[0])):
        yield Venue(
            exchange,
            each.symbol,
            exchange.capitalize() if exchange.isalpha() and len(exchange) > 3 else exchange,
            looks.get(exchange, LOOKS),
            own,
            own != quote,
            each.trades,
            each.first_us,
            each.last_us,
        )


def looks_of(exchanges: Iterable[str]) -> dict[str, int]:
    """The number of each exchange's colour and shape; more exchanges than there are share the last one."""
    others = sorted(set(exchanges) - set(FIRST))
    return {exchange: min(number, LOOKS) for number, exchange in enumerate([*FIRST, *others], 1)}
