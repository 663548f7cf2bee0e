"""Commands that write the project's own files: `schemahub generate`, `update-products` and `update-seed`."""

from pathlib import Path
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


@app.command("update-seed")
def update_seed_command(
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Request the products, and show what would be written; --write implies it."),
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write what was fetched.")] = False,
    path: Annotated[
        Path | None,
        typer.Option(
            "--path",
            help="The seed file; by default config/mappings/product_ids_seed.yaml, and for exchanges other than "
            "coinbase product_ids_seed_EXCHANGE.yaml there.",
        ),
    ] = None,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Keep every product that is in the file, and mark those no longer listed."),
    ] = False,
    filter_regex: Annotated[
        str | None,
        typer.Option("--filter-regex", help="Take only products whose whole name matches, for example '.*-USD'."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fetch, show what would be written, and write nothing.")
    ] = False,
    exchange: Annotated[str, typer.Option("--exchange", help="The exchange whose products to list.")] = "coinbase",
) -> None:
    """Write the seed file, which lists the products to load.

    Nothing is written without --write, or with --dry-run. With none of --fetch, --write and --dry-run, no request is
    sent, and the command shows what the file holds.
    """
    from ..seeds import seed_path

    default = Path(shown(seed_path(exchange)))
    file = default if path is None else path
    if fetch or write or dry_run:
        _update_seed(exchange, file, merge=merge, regex=filter_regex, write=write and not dry_run)
    elif merge or filter_regex is not None:
        given = "--merge" if merge else "--filter-regex"
        raise SchemaHubError(f"{given} concerns products that are fetched; add --fetch, and --write to keep them")
    else:
        from ..seeds import load_seed
        from ..show.seed import seed_lines

        say(seed_lines(load_seed(file), shown(file)))


def _update_seed(exchange: str, file: Path, *, merge: bool, regex: str | None, write: bool) -> None:
    from ..runs.context import RunContext
    from ..runs.update_seed import update_seed
    from ..settings import load_settings
    from ..show.seed import update_lines

    update = update_seed(RunContext(load_settings()), exchange, file, merge=merge, regex=regex, write=write)
    say(update_lines(exchange, update, shown(file), is_written=write))
    if not write:
        say(["nothing was written; add --write, without --dry-run, to write it"])
