"""The product lists, `config/products/*.yaml`, which say what the exchanges' symbols mean."""

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
        f"{shown(text)} is not a valid name; use up to {LONGEST_NAME} visible characters, without spaces around them, "
        "and don't begin with = + - or @"
    )


Name = Annotated[str, checked(_name_problem)]
"""The name of a product or an asset as its exchange writes it. It can't begin with =, which spreadsheets execute."""


class ProductEntry(Declaration):
    symbol: Name
    """The product's name as its exchange writes it."""
    base: Name
    """The asset that is bought and sold."""
    quote: Name
    """The asset in which the price is given."""
    delisted: bool = False
    """True for a product that is no longer traded: its landed rows keep their meaning, but no more are loaded."""


class ProductList(Declaration):
    exchange: Name
    """The exchange's name, as the unified table spells it."""
    products: list[ProductEntry] = Field(min_length=1)
    """The exchange's products; each symbol occurs once."""


@dataclass(frozen=True)
class Product:
    """What an exchange's symbol means; `exchange` and `symbol` are spelt as in trades_unified."""

    exchange: str
    symbol: str
    base_asset: str
    quote_asset: str
    is_listed: bool = True
    """Whether the product is still traded; rows landed earlier keep their meaning."""

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
    """Which products are listed twice; the keys of `lists` are the paths of their files."""
    seen: dict[tuple[str, str], str] = {}
    for file, listed in lists.items():
        for entry in listed.products:
            if (other := seen.get((listed.exchange, entry.symbol))) is not None:
                yield f"{file}: products: `{entry.symbol}` of {listed.exchange} is already in {other}"
            seen[listed.exchange, entry.symbol] = file
