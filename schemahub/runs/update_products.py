"""Requests an exchange's products, and writes its list in `config/products/`."""

from pathlib import Path

from loaders.channels.rest import Fetcher
from loaders.connector import ListedProduct
from loaders.connectors import load_connector

from ..products import ProductUpdate, product_list, read_products, updated, write_whole
from ..settings import PROJECT, base_url
from .context import RunContext


def update_products(context: RunContext, exchange: str, *, force: bool = False) -> tuple[Path, ProductUpdate]:
    """Write the list of an exchange's products, and return its path and its changes.

    Raises Misconfigured if the list should be kept unchanged; `force` writes it all the same.
    """
    load_connector(exchange)  # names near matches of an unknown one, before its name becomes a path
    path = PROJECT / "config" / "products" / f"{exchange}.yaml"
    before = read_products(path, shown_as=path.relative_to(PROJECT).as_posix())
    update = updated(exchange, before, listed_products(context, exchange), force=force)
    write_whole(path, product_list(exchange, update.entries))
    return path, update


def listed_products(context: RunContext, exchange: str) -> list[ListedProduct]:
    """Request the products that an exchange lists, at the address that the settings name."""
    connector = load_connector(exchange)
    with Fetcher(connector, base_url(connector, context.settings.urls)) as fetcher:
        return fetcher.answer(connector.products())
