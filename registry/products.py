"""The product lists, `config/products/*.yaml`: what the symbols of the exchanges mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from .declarations import Declaration, checked
from .problems import shown

LONGEST_NAME = 100


def _name_problem(text: str) -> str | None:
    if text.isprintable() and text == text.strip() and 0 < len(text) <= LONGEST_NAME and text[0] not in "=+-@":
        return None
    return (
        f"{shown(text)} is no name; use up to {LONGEST_NAME} visible characters, without blanks around them and "
        "not beginning with = + - or @"
    )


Name = Annotated[str, checked(_name_problem)]
"""The name of a product or an asset, as an exchange writes it; spreadsheets would run what begins with =."""


class ProductEntry(Declaration):
    symbol: Name
    """The product's name as its exchange writes it."""
    base: Name
    """The asset that is bought and sold."""
    quote: Name
    """The asset that the price is in."""
    delisted: bool = False
    """True for a product that is no longer traded; its landed rows keep their meaning, and no more are loaded."""


class ProductList(Declaration):
    exchange: Name
    """The exchange, as the unified table spells it."""
    products: list[ProductEntry] = Field(min_length=1)
    """Its products; each symbol once."""


@dataclass(frozen=True)
class Product:
    """What an exchange's symbol means; `exchange` and `symbol` are as in trades_unified."""

    exchange: str
    symbol: str
    base_asset: str
    quote_asset: str
    is_listed: bool = True
    """Whether it is traded there still; what was landed before keeps its meaning."""

    @property
    def canonical_symbol(self) -> str:
        return f"{self.base_asset}-{self.quote_asset}"


def products_of(lists: Mapping[str, ProductList]) -> tuple[Product, ...]:
    return tuple(
        Product(listed.exchange, entry.symbol, entry.base, entry.quote, is_listed=not entry.delisted)
        for listed in lists.values()
        for entry in listed.products
    )


def product_problems(lists: Mapping[str, ProductList]) -> Iterator[str]:
    """Which products are listed twice; `lists` are by the path of their file."""
    seen: dict[tuple[str, str], str] = {}
    for file, listed in lists.items():
        for entry in listed.products:
            if (other := seen.get((listed.exchange, entry.symbol))) is not None:
                yield f"{file}: products: `{entry.symbol}` of {listed.exchange} is already in {other}"
            seen[listed.exchange, entry.symbol] = file
