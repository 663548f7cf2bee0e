"""From canonical symbols (BTC-USD) to each venue's own (XBTUSD), by the product lists in `config/products/`."""

import difflib
from collections.abc import Mapping, Sequence

import yaml

from loaders.connector import Product as VenueProduct
from loaders.exceptions import Misconfigured
from macros_gen.registry import Product


def venue_symbols(
    symbols: Sequence[str], exchanges: Sequence[str], products: Sequence[Product]
) -> Mapping[str, list[str]]:
    """For each exchange the symbols it lists, as it writes them; an exchange may list none.

    Raises Misconfigured for a symbol that no exchange at all lists, naming near matches on those that were asked for.
    """
    listed = {exchange: _by_canonical(exchange, products) for exchange in exchanges}
    known = {product.canonical_symbol for product in products}
    if unknown := [symbol for symbol in symbols if symbol not in known]:
        raise Misconfigured(_explain(unknown, sorted({symbol for names in listed.values() for symbol in names})))
    return {
        exchange: [venue_symbol for symbol in symbols for venue_symbol in names.get(symbol, [])]
        for exchange, names in listed.items()
    }


def _by_canonical(exchange: str, products: Sequence[Product]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for product in products:
        if product.exchange.lower() == exchange:
            names.setdefault(product.canonical_symbol, []).append(product.symbol)
    return names


def _explain(unknown: list[str], choices: list[str]) -> str:
    near = list(
        dict.fromkeys(match for symbol in unknown for match in difflib.get_close_matches(symbol, choices, cutoff=0.7))
    )
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return (
        f"unknown symbol {', '.join(f'`{symbol}`' for symbol in unknown)}: {hint}symbols are written BASE-QUOTE and "
        "listed in config/products/, which `schemahub update-products` brings up to date"
    )


def product_list(exchange: str, products: Sequence[VenueProduct]) -> str:
    """The text of `config/products/<exchange>.yaml`."""
    listed = [{"symbol": item.symbol, "base": item.base, "quote": item.quote} for item in products]
    return yaml.safe_dump({"exchange": exchange.upper(), "products": listed}, sort_keys=False, default_flow_style=None)
