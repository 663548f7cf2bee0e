"""Requests an exchange's products, and writes its list in `config/products/`."""

from pathlib import Path

from loaders.channels.rest import Fetcher
from loaders.connectors import load_connector

from ..products import ProductUpdate, product_list, read_products, updated, write_whole
from ..settings import PROJECT, base_url
from .context import RunContext


def update_products(context: RunContext, exchange: str, *, force: bool = False) -> tuple[Path, ProductUpdate]:
    """Write the list of an exchange's products, and return its path and its changes.

    Raises Misconfigured if the list should be kept unchanged; `force` writes it all the same.
    """
    connector = load_connector(exchange)
    path = PROJECT / "config" / "products" / f"{exchange}.yaml"
    before = read_products(path, shown_as=path.relative_to(PROJECT).as_posix())
    with Fetcher(connector, base_url(connector, context.settings.urls)) as fetcher:
        response = fetcher.answer(connector.products())
    update = updated(exchange, before, response, force=force)
    write_whole(path, product_list(connector.name, update.entries))
    return path, update
