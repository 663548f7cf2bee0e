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
    listed = [product for product in products if product.exchange.lower() == connector.name]
    spellings = {spelling: each.symbol for each in listed for spelling in (_plain(each.symbol), each.canonical_symbol)}
    for name in names:
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            raise Misconfigured(
                f"{connector.name}: {printable(name, 60)!r} can't be the name of a product; expected 1 to "
                f"{LONGEST_NAME} printable characters, such as BTC-USD"
            )
        usual = connector.usual_name(name) if isinstance(connector, KnowsAliases) else name
        found = spellings.get(_plain(usual)) or spellings.get(name.upper())
        if found is not None and not any(each.symbol == name for each in listed):
            raise Misconfigured(
                f"{connector.name} lists {printable(name, 60)} as {found}; name it so, because under two names each of "
                "its trades would be landed twice"
            )


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).casefold()
