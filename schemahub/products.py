"""The product lists in `config/products/`, and how an exchange's response changes a list.

A list never loses a product: one that is no longer traded stays, marked `delisted: true`, so that its landed trades
keep their canonical symbol. A response can be wrong, or have all products in maintenance. So it isn't accepted if it
lists less than half of the products listed before, or gives a product other assets, unless it is forced.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from lakehouse.errors import Misconfigured
from loaders.connector import ListedProduct
from macros_gen.config_schemas import editor_line
from registry.problems import RegistryError, one_line
from registry.products import ProductEntry, ProductList
from registry.read_config import read_config
from registry.yaml_file import yaml_text

_FORCE = "if that is right, run it again with --force"
_MOST_NAMES = 5
"""The maximum number of names in one line."""


@dataclass(frozen=True)
class ProductUpdate:
    """A product list to write, and remarks on it, one line each."""

    entries: tuple[ProductEntry, ...]
    remarks: tuple[str, ...]

    @property
    def listed(self) -> int:
        """The number of entries that are traded now."""
        return sum(not entry.delisted for entry in self.entries)


def read_products(path: Path, shown_as: str) -> list[ProductEntry]:
    """The existing list, empty if there is no file; raises Misconfigured if it can't be read."""
    if not path.exists():
        return []
    try:
        return read_config(path, ProductList, shown_as=shown_as).products
    except RegistryError as error:
        lines = (f"{problem}; correct the file or delete it" for problem in error.problems)
        raise Misconfigured("\n".join(lines)) from error


def updated(
    exchange: str, before: Sequence[ProductEntry], response: Iterable[ListedProduct], *, force: bool
) -> ProductUpdate:
    """The list after an exchange's response; raises Misconfigured if the list should be kept unchanged."""
    found, unusable = usable(response)
    known = {entry.symbol: entry for entry in before}
    listed = [entry.symbol for entry in before if not entry.delisted]
    gone = [symbol for symbol in listed if symbol not in found]
    if not found and not (force and known):
        raise Misconfigured(
            f"{exchange} lists no product that can be used, so its list is kept unchanged; try again later"
        )
    if len(gone) * 2 > len(listed) and not force:
        raise Misconfigured(
            f"{exchange} lists {len(listed) - len(gone):,} of the {len(listed):,} products that it listed before, so "
            f"its list is kept unchanged; {_FORCE}"
        )
    changed = [
        symbol for symbol, entry in found.items() if symbol in known and _meaning(known[symbol]) != _meaning(entry)
    ]
    kept = {} if force else {symbol: known[symbol].model_copy(update={"delisted": False}) for symbol in changed}
    delisted = {symbol: entry.model_copy(update={"delisted": True}) for symbol, entry in known.items()}
    entries = {**delisted, **found, **kept}
    remarks = (
        remark("new", [symbol for symbol in found if symbol not in known]),
        remark("no longer listed, and kept for the trades landed", gone),
        remark("with a name that can't be used", unusable),
        remark(
            f"listed with other assets than before, {'now accepted' if force else f'not accepted; {_FORCE}'}",
            changed,
        ),
    )
    return ProductUpdate(tuple(entries[symbol] for symbol in sorted(entries)), tuple(filter(None, remarks)))


def usable(response: Iterable[ListedProduct]) -> tuple[dict[str, ProductEntry], list[str]]:
    """The products by symbol, the first of each, and the symbols of those whose names can't be used."""
    found: dict[str, ProductEntry] = {}
    unusable: list[str] = []
    for product in response:
        try:
            entry = ProductEntry(symbol=product.symbol, base=product.base, quote=product.quote)
        except ValidationError:
            unusable.append(product.symbol)
        else:
            found.setdefault(entry.symbol, entry)
    return found, unusable


def _meaning(entry: ProductEntry) -> tuple[str, str]:
    return entry.base, entry.quote


def remark(what: str, symbols: Sequence[str]) -> str:
    """How many symbols there are, and the first of them; empty if there is none. Symbols may contain anything."""
    if not symbols:
        return ""
    named = ", ".join(one_line(repr(symbol)[1:-1])[:60] for symbol in symbols[:_MOST_NAMES])
    more = f" and {len(symbols) - _MOST_NAMES:,} more" if len(symbols) > _MOST_NAMES else ""
    return f"{len(symbols):,} {what}: {named}{more}"


def product_list(exchange: str, entries: Iterable[ProductEntry]) -> str:
    """The text of `config/products/<exchange>.yaml`."""
    products: list[Mapping[str, object]] = [entry.model_dump(exclude_defaults=True) for entry in entries]
    return editor_line("products") + yaml_text({"exchange": exchange.upper(), "products": products})


def write_whole(path: Path, text: str) -> None:
    """Replace a file atomically, so that a crash leaves, and a reader sees, either the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # hidden, so that it isn't read as a list
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise Misconfigured(f"{path}: can't be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
