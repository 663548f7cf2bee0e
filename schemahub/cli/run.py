"""`schemahub run …`: commands that write to a lake."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .app import LakeCommand, TargetArgument, app, fail_with, out, run_context, say

run = typer.Typer(help="Run a part of the pipeline, or all of it.", no_args_is_help=True)
app.add_typer(run, name="run")

if TYPE_CHECKING:
    from ..runs.context import RunContext
    from ..runs.cost import Cost
    from ..runs.unify import Unified

SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", help="Symbols as BASE-QUOTE, separated by commas.  [SCHEMAHUB_SYMBOLS]")
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="When a symbol's first load begins: a UTC time, or how long ago: 90m, 6h, 2d.  [SCHEMAHUB_SINCE]",
    ),
]


@run.command("ingest", cls=LakeCommand)
def ingest_command(
    context: typer.Context,
    exchanges: Annotated[
        list[str] | None, typer.Argument(help="Exchanges, for example binance coinbase kraken. By default all.")
    ] = None,
    symbols: SymbolsOption = None,
    since: SinceOption = None,
) -> None:
    """Land the trades since the last run in the exchanges' raw tables."""
    from ..runs.ingest import mapped_exchanges

    ingesting = run_context(context, symbols=symbols, since=since)
    if not exchanges:
        exchanges = mapped_exchanges(ingesting)
        _say_unmapped(ingesting)
    fail_with(show_ingest(ingesting, exchanges))


@run.command("unify", cls=LakeCommand)
def unify_command(
    context: typer.Context,
    target: TargetArgument,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything again from the raw tables.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Allow a full refresh to lose rows that the raw tables no longer provide.")
    ] = False,
) -> None:
    """Insert the pending loads into the unified table, and update the tables that depend on it."""
    show_unify(run_context(context), target, full_refresh=full_refresh, force=force)


@run.command("events", cls=LakeCommand)
def events_command(context: typer.Context) -> None:
    """Find volatility events in the unified trades, and measure which exchange follows which."""
    show_events(run_context(context))


@run.command("pipeline", cls=LakeCommand)
def pipeline_command(
    context: typer.Context, target: TargetArgument, symbols: SymbolsOption = None, since: SinceOption = None
) -> None:
    """Ingest every exchange, then unify and find events; an exchange that fails does not stop the others."""
    from ..runs.pipeline import run_pipeline

    whole = run_context(context, symbols=symbols, since=since)
    _say_unmapped(whole)
    fail_with(run_pipeline(whole, target, ingest=show_ingest, unify=show_unify, find_events=show_events))


def _say_unmapped(context: "RunContext") -> None:
    from ..runs.ingest import unmapped_exchanges
    from ..show.progress import unmapped_lines

    say(unmapped_lines(unmapped_exchanges(context)))


def show_ingest(
    context: "RunContext", exchanges: Sequence[str], on_landed: Callable[[], None] = lambda: None
) -> list[str]:
    """Ingest with one line for each exchange, and return the problems, one line each; `on_landed` hears of loads."""
    from ..runs.ingest import ingest_symbols, no_longer_listed, symbols_of
    from ..show.progress import IngestProgress, left_out_lines

    symbols = symbols_of(context, exchanges)
    say(left_out_lines(symbols, no_longer_listed(context, exchanges), context.settings.symbols))
    problems: list[str] = []
    with IngestProgress(out) as progress:
        for outcome in ingest_symbols(context, symbols, progress=progress.of, on_wait=progress.wait):
            progress.end(outcome)
            if outcome.ingested.row_count:
                on_landed()
            problems += outcome.problems
            if context.settings.debug:
                problems += outcome.tracebacks
    return problems


def show_unify(context: "RunContext", target: str, *, full_refresh: bool = False, force: bool = False) -> None:
    """Unify with one line for each model, and the balance; on Athena also what was read and its price."""
    from ..runs.unify import unify
    from ..show.balance import balance_lines
    from ..show.progress import DbtLines

    context.check_target(target)
    if context.lake.engine == "athena":
        unified = _unify_with_bill(context, target, full_refresh=full_refresh, force=force)
    else:  # DuckDB costs nothing
        unified = unify(context, target, full_refresh=full_refresh, force=force, report=DbtLines(out))
    say(balance_lines(unified, target))


def show_events(context: "RunContext") -> None:
    """Find events with one line for each model; on Athena also what was read and its price."""
    from ..runs.events import find_events
    from ..show.progress import DbtLines

    if context.lake.engine == "athena":
        found = _find_events_with_bill(context)
    else:  # DuckDB costs nothing
        found = find_events(context, report=DbtLines(out))
    if not found:
        out.print("events        nothing has changed since they were last found")


def _unify_with_bill(context: "RunContext", target: str, *, full_refresh: bool, force: bool) -> "Unified":
    from ..runs.cost import Cost
    from ..runs.unify import unify
    from ..show.progress import DbtLines

    cost = Cost()

    def plan_run() -> None:
        say(cost.plan_run(context.lake, context.registry, full_refresh=full_refresh))

    try:
        return unify(
            context,
            target,
            full_refresh=full_refresh,
            force=force,
            before_dbt=plan_run,
            report=DbtLines(out),
            watch=cost.queries,
        )
    finally:  # a run that fails costs money too
        _show_bill(cost)


def _find_events_with_bill(context: "RunContext") -> bool:
    from ..runs.cost import Cost
    from ..runs.events import find_events
    from ..show.progress import DbtLines

    cost = Cost()
    try:
        return find_events(context, report=DbtLines(out), watch=cost.queries)
    finally:  # as above
        _show_bill(cost)


def _show_bill(cost: "Cost") -> None:
    from ..show.plan import cost_report

    for part in cost_report(cost.paid()):
        out.print(part, soft_wrap=isinstance(part, str), markup=False)
