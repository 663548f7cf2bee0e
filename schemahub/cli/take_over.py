"""`schemahub import`: files of trades that people have."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.errors import Misconfigured

from .app import LakeCommand, app, fail_with, out, run_context, say


@app.command("import", cls=LakeCommand)
def import_command(
    context: typer.Context,
    path: Annotated[str, typer.Argument(help="A file, a folder, or s3://bucket/prefix.", metavar="PATH")],
    exchange: Annotated[
        str | None, typer.Option("--exchange", help="Take over only files of this exchange, for example binance.")
    ] = None,
    product: Annotated[
        str | None,
        typer.Option("--product", help="Take over only this product; files that say none are of this one."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="The format of the files, for example binance-trades.")
    ] = None,
    checksum: Annotated[
        Path | None,
        typer.Option("--checksum", help="A file with the SHA-256 of PATH. By default PATH.CHECKSUM, if it is there."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read files that were taken over before, too.")] = False,
) -> None:
    """Land the trades of downloaded files that the raw tables lack.

    Binance's archives of a day or a month, Kraken's time and sales, and JSON lines of Coinbase trades are recognised by
    their names and contents. Whether a trade is held already shows, so files, `run ingest` and several imports may
    overlap.
    """
    if not path:
        raise Misconfigured("PATH is empty; name a file, a folder or s3://bucket/prefix")
    importing = run_context(context)

    from rich.text import Text

    from ..runs.import_files import Wanted, import_files
    from ..show.imports import ImportLines

    lines = ImportLines()
    read = 0

    def on_rows(name: str, rows: int) -> None:
        nonlocal read
        read += rows
        status.update(Text(f"{name}: {read:,} rows read"))

    with out.status("reading") as status:
        wanted = Wanted(path, exchange, product, file_format, checksum, again=again)
        for outcome in import_files(importing, wanted, on_rows=on_rows):
            say(lines.of(outcome))
            read = 0
    say(lines.end())
    fail_with(lines.problems)
