"""Translates canonical symbols (BTC-USD) to each exchange's own (XBTUSD), by the product lists in `config/products/`.

A symbol may be typed in upper or lower case; the spelling of the list is used (kBONK-USD).
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from lakehouse.errors import Misconfigured
from registry.products import Product

_Lists = Mapping[str, Mapping[str, list[Product]]]
"""Products by exchange and by canonical symbol in lower case."""


def exchange_symbols(
    symbols: Sequence[str], exchanges: Sequence[str], products: Sequence[Product]
) -> Mapping[str, list[str]]:
    """For each exchange, the symbols that it lists, as it writes them; an exchange may list none.

    Raises Misconfigured for a symbol that no exchange ever listed, naming near matches on the given exchanges, and for
    one that could be several products of an exchange.
    """
    lists = _lists(exchanges, products)
    known = {product.canonical_symbol.casefold() for product in products}
    if unknown := [symbol for symbol in symbols if symbol.casefold() not in known]:
        raise Misconfigured(_explain(unknown, _canonical(lists)))
    return {
        exchange: _each_once(
            product.symbol for symbol in symbols for product in _named(symbol, exchange, lists) if product.is_listed
        )
        for exchange in exchanges
    }


def no_longer_listed(
    symbols: Sequence[str], exchanges: Sequence[str], products: Sequence[Product]
) -> Mapping[str, list[str]]:
    """For each exchange, the symbols, as it writes them, that it no longer lists."""
    lists = _lists(exchanges, products)
    named = {exchange: [_named(symbol, exchange, lists) for symbol in symbols] for exchange in exchanges}
    return {
        exchange: _each_once(
            product.symbol for found in every if not any(each.is_listed for each in found) for product in found
        )
        for exchange, every in named.items()
    }


def _lists(exchanges: Sequence[str], products: Sequence[Product]) -> _Lists:
    lists: dict[str, dict[str, list[Product]]] = {exchange: {} for exchange in exchanges}
    for product in products:
        if (of_exchange := lists.get(product.exchange.lower())) is not None:
            of_exchange.setdefault(product.canonical_symbol.casefold(), []).append(product)
    return lists


def _named(symbol: str, exchange: str, lists: _Lists) -> list[Product]:
    """The products of an exchange that a symbol names: exact matches, otherwise those that differ only in case."""
    near = lists[exchange].get(symbol.casefold(), [])
    exact = [product for product in near if product.canonical_symbol == symbol]
    if not exact and len(spellings := _each_once(product.canonical_symbol for product in near)) > 1:
        raise Misconfigured(f"`{symbol}` can be {' or '.join(spellings)} of {exchange}; write it as one of them")
    return exact or near


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _canonical(lists: _Lists) -> list[str]:
    return sorted({each.canonical_symbol for names in lists.values() for found in names.values() for each in found})


def _explain(unknown: list[str], choices: list[str]) -> str:
    spelled = {choice.casefold(): choice for choice in choices}
    near = _each_once(
        spelled[match]
        for symbol in unknown
        for match in difflib.get_close_matches(symbol.casefold()[:100], spelled, cutoff=0.7)
    )
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return (
        f"unknown symbol {', '.join(f'`{symbol}`' for symbol in unknown)}: {hint}symbols are written BASE-QUOTE and "
        "listed in config/products/, which `schemahub update-products` brings up to date"
    )
