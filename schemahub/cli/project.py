"""Commands that write the project's own files: `schemahub generate` and `update-products`."""

from typing import Annotated

import typer

from lakehouse.errors import SchemaHubError

from ..show.paths import shown
from .app import app, fail_with, say


@app.command("generate")
def generate_command(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Write the generated dbt files from `config/`."""
    from ..runs.generate import check_generated, generate

    if check:
        say([f"{check_generated()} generated files are up to date"])
    else:
        say([f"wrote {generate()} files"])


@app.command("update-products")
def update_products_command(
    exchanges: Annotated[list[str], typer.Argument(help="The exchanges, for example binance coinbase kraken.")],
    force: Annotated[
        bool, typer.Option("--force", help="Accept fewer than half of the known products, or other assets.")
    ] = False,
) -> None:
    """Request exchanges' lists of products, and write them to `config/products/`."""
    from ..runs.context import RunContext
    from ..runs.update_products import update_products
    from ..settings import load_settings

    context = RunContext(load_settings())
    problems: list[str] = []
    for exchange in exchanges:
        try:
            path, update = update_products(context, exchange, force=force)
        except SchemaHubError as error:
            problems.append(str(error))
            continue
        say([f"{exchange}: {update.listed:,} products in {shown(path)}; now run `schemahub generate`"])
        say(f"  {remark}" for remark in update.remarks)
    fail_with(problems)
