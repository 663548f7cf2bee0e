"""Commands that run dbt: `schemahub dbt …`, which passes everything on to dbt, and `schemahub docs`."""

from typing import Annotated

import typer

from ..show.paths import shown
from .app import LakeCommand, app, run_context, say

_EVERYTHING_TO_DBT = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("dbt", cls=LakeCommand, context_settings=_EVERYTHING_TO_DBT)
def dbt_command(context: typer.Context) -> None:
    """Run any dbt command on the lake, for example `schemahub dbt test --lake ./lake`."""
    from ..runs.any_dbt import run_any_dbt

    run_any_dbt(run_context(context), context.args)


@app.command("docs", cls=LakeCommand)
def docs_command(
    context: typer.Context,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the site; build it first if it is missing.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1 for --serve.")] = 8080,
) -> None:
    """Build the dbt docs site of the lake."""
    from ..runs.docs import build_docs, serve_docs

    documented = run_context(context)
    folder = build_docs(documented, only_if_missing=serve)
    say([f"the dbt docs are in {shown(folder)}"])
    if serve:
        serve_docs(folder, port, ready=lambda url: say([f"serving them on {url}; press Ctrl-C to stop"]))
