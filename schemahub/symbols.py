"""From canonical symbols (BTC-USD) to each venue's own (XBTUSD), by the product lists in `config/products/`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from loaders.exceptions import Misconfigured
from macros_gen.registry import Product


def venue_symbols(
    symbols: Sequence[str], exchanges: Iterable[str], products: Iterable[Product]
) -> Mapping[str, list[str]]:
    """For each exchange the symbols it lists, as it writes them; an exchange may list none.

    Raises Misconfigured where no exchange lists a symbol, naming near matches.
    """
    lists = {exchange: _by_canonical(exchange, products) for exchange in exchanges}
    _refuse_unknown(symbols, lists)
    return {
        exchange: [venue for symbol in symbols for venue in listed.get(symbol, [])]
        for exchange, listed in lists.items()
    }


def _by_canonical(exchange: str, products: Iterable[Product]) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for product in products:
        if product.exchange.lower() == exchange:
            listed.setdefault(product.canonical_symbol, []).append(product.symbol)
    return listed


def _refuse_unknown(symbols: Sequence[str], lists: Mapping[str, dict[str, list[str]]]) -> None:
    known = sorted({symbol for listed in lists.values() for symbol in listed})
    unknown = [symbol for symbol in symbols if symbol not in known]
    if not unknown:
        return
    near = list(dict.fromkeys(match for symbol in unknown for match in difflib.get_close_matches(symbol, known, n=3)))
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise Misconfigured(
        f"unknown symbol {', '.join(f'`{symbol}`' for symbol in unknown)} for {', '.join(lists)}: {hint}"
        f"symbols are written BASE-QUOTE and listed in config/products/, which `schemahub update-products` brings up to date"
    )
