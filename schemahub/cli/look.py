"""Commands that only read a lake: `schemahub status`, `plan` and `query`."""

from typing import Annotated

import typer

from .app import LakeCommand, TargetArgument, app, out, run_context, say


@app.command("status", cls=LakeCommand)
def status_command(context: typer.Context) -> None:
    """Show for each exchange and symbol the last trade, its lag, and the number of rows and pending loads."""
    looked = run_context(context)

    from lakehouse.pending import nothing_landed, read_landed

    from ..runs.attention import remarks
    from ..show.status import rejected_lines, status, status_table, warning_lines

    landed = read_landed(looked.lake, looked.registry.targets_by_raw_table)
    if not landed.rows:
        say([nothing_landed(looked.lake.location)])
        return
    out.print(status_table(status(landed, now=looked.now())))
    say(rejected_lines(landed))
    say(warning_lines(remarks(looked.lake, landed, looked.registry)))


@app.command("plan", cls=LakeCommand)
def plan_command(
    context: typer.Context,
    target: TargetArgument = "trades_unified",
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Plan a run that builds everything again.")
    ] = False,
) -> None:
    """Show what `run unify` would read, and what it would cost on Athena."""
    looked = run_context(context)

    from rich.text import Text

    from lakehouse.pending import read_landed

    from ..runs.attention import remarks
    from ..runs.cost import planned
    from ..show.plan import plan_report

    looked.check_target(target)
    plan = planned(looked.lake, looked.registry, full_refresh=full_refresh)
    for part in plan_report(plan, looked.lake.location, engine=looked.lake.engine):
        out.print(part, soft_wrap=isinstance(part, Text))
    landed = read_landed(looked.lake, looked.registry.targets_by_raw_table)
    say(f"warning  {remark}" for remark in remarks(looked.lake, landed, looked.registry))


@app.command("query", cls=LakeCommand)
def query_command(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help="A SELECT on the lake's tables, for example trades_unified.")],
) -> None:
    """Run a SELECT with DuckDB on a lake in a folder, and print the result."""
    from ..runs.query import run_query
    from ..show.rows import show_rows

    run_query(run_context(context).lake, sql, show=show_rows)
