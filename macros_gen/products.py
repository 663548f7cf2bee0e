"""The product lists as a dbt seed: what the symbols of the exchanges mean."""

import csv
import io
from collections.abc import Sequence

from registry.products import Product

from .fill import fill


def products_seed(products: Sequence[Product]) -> dict[str, str]:
    """Return the text of the seed's files by their names; empty if no product is listed."""
    return {"products.csv": _csv(products), "_products.yml": fill("products.yml")} if products else {}


def _csv(products: Sequence[Product]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["exchange", "symbol", "base_asset", "quote_asset", "canonical_symbol"])
    for product in products:
        writer.writerow(
            [product.exchange, product.symbol, product.base_asset, product.quote_asset, product.canonical_symbol]
        )
    return text.getvalue()
