"""Refuses names under which a product's trades would be landed a second time."""

from collections.abc import Iterable, Sequence

from lakehouse.errors import Misconfigured
from lakehouse.printable import printable
from loaders.connector import Connector, KnowsAliases
from registry.products import LONGEST_NAME, Product


def check_names(connector: Connector, names: Iterable[str], products: Sequence[Product]) -> None:
    """Raise Misconfigured for a name that no product can have, or that is another spelling of a listed product's.

    A stream is known by the name of its product. So one product under two names would be two streams, and in the raw
    table and the unified one each of its trades would be there twice.
    """
    for name in names:
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            raise Misconfigured(
                f"{connector.name}: {printable(name, 60)!r} can't be the name of a product; expected 1 to "
                f"{LONGEST_NAME} printable characters, such as BTC-USD"
            )
        if (found := listed_name(connector, name, products)) not in (None, name):
            raise Misconfigured(
                f"{connector.name} lists {printable(name, 60)} as {found}; name it so, because under two names each of "
                "its trades would be landed twice"
            )


def listed_name(connector: Connector, name: str, products: Sequence[Product]) -> str | None:
    """The name by which the exchange lists the product that `name` names in any spelling; None if it lists none."""
    listed = [product for product in products if product.exchange.lower() == connector.name]
    if any(each.symbol == name for each in listed):
        return name
    usual = connector.usual_name(name) if isinstance(connector, KnowsAliases) else name
    named = {_plain(usual), _plain(name)}
    same = (each.symbol for each in listed if named & {_plain(each.symbol), _plain(each.canonical_symbol)})
    return next(same, None)


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).casefold()
