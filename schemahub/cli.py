"""The command line: `schemahub …`, or `python -m schemahub.cli …`.

Says what was done in a few lines, and what went wrong in one, with exit code 1.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from loaders.connectors import load_connectors
from loaders.exceptions import Misconfigured, SchemaHubError
from macros_gen.registry import RegistryError

from .coordinator import Coordinator, Outcome, utc_now
from .progress import DbtLines, IngestProgress
from .settings import load_settings
from .status import SymbolStatus, status

app = typer.Typer(
    name="schemahub",
    help="Land the public trades of crypto exchanges in Iceberg tables, and unify them in `trades_unified`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
run = typer.Typer(help="Run a part of the pipeline, or all of it.", no_args_is_help=True)
app.add_typer(run, name="run")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

LakeOption = Annotated[str | None, typer.Option("--lake", help="Folder of the lake.  [SCHEMAHUB_LAKE; ./lake]")]
SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", help="BASE-QUOTE, separated by commas.  [SCHEMAHUB_SYMBOLS]")
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="Where a symbol that was never landed begins: a UTC time, or 90m, 6h, 2d ago.  [SCHEMAHUB_SINCE]",
    ),
]
TargetArgument = Annotated[str, typer.Argument(help="The unified table, for example trades_unified.")]


@run.command("ingest")
def run_ingest(
    exchanges: Annotated[list[str], typer.Argument(help="For example: binance coinbase kraken")],
    symbols: SymbolsOption = None,
    since: SinceOption = None,
    lake: LakeOption = None,
) -> None:
    """Land the trades that came since the last run in the exchanges' raw tables."""
    coordinator = Coordinator(load_settings(lake=lake, symbols=symbols, since=since))
    problems = ingest(coordinator, exchanges)
    _fail_with(problems)


@run.command("unify")
def run_unify(
    target: TargetArgument,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything anew from the raw tables.")
    ] = False,
    lake: LakeOption = None,
) -> None:
    """Insert what was landed into the unified table, and bring the marts up to date."""
    unify(Coordinator(load_settings(lake=lake)), target, full_refresh=full_refresh)


@run.command("pipeline")
def run_pipeline(
    target: TargetArgument,
    symbols: SymbolsOption = None,
    since: SinceOption = None,
    lake: LakeOption = None,
) -> None:
    """Ingest every exchange, then unify; an exchange that fails does not stop the others."""
    coordinator = Coordinator(load_settings(lake=lake, symbols=symbols, since=since))
    problems = ingest(coordinator, sorted(load_connectors()))
    unify(coordinator, target)
    _fail_with(problems)


@app.command("status")
def show_status(lake: LakeOption = None) -> None:
    """Show what the lake holds: per exchange and symbol the last trade, its lag, rows and pending loads."""
    coordinator = Coordinator(load_settings(lake=lake))
    rows = status(coordinator.lake, now=utc_now())
    if not rows:
        out.print(f"nothing was landed in {coordinator.lake.location} yet; try `schemahub run ingest`")
        return
    out.print(_status_table(rows))


@app.command("query")
def query(
    sql: Annotated[str, typer.Argument(help="A SELECT on the lake's tables, for example trades_unified.")],
    lake: LakeOption = None,
) -> None:
    """Print what a SELECT gives, read with DuckDB from the local lake."""
    from .query import run_query

    run_query(Coordinator(load_settings(lake=lake)).lake, sql)


@app.command(
    "dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def dbt(context: typer.Context) -> None:
    """Run any dbt command on the lake of SCHEMAHUB_LAKE, for example `schemahub dbt test`."""
    Coordinator(load_settings()).dbt(context.args)


def ingest(coordinator: Coordinator, exchanges: list[str]) -> list[str]:
    """Ingest with progress on the terminal; gives the problems, a line each."""
    plan = coordinator.plan(exchanges)
    if not any(plan.values()):
        raise Misconfigured(f"{', '.join(plan)} lists none of {', '.join(coordinator.settings.symbols)}; try --symbols")
    problems: list[str] = []
    with IngestProgress(out) as progress:
        for outcome in coordinator.ingest(plan, progress=progress.of):
            progress.end(outcome.exchange, _landed(outcome))
            problems += outcome.problems
    return problems


def unify(coordinator: Coordinator, target: str, *, full_refresh: bool = False) -> None:
    """Unify with a line for every model on the terminal."""
    coordinator.unify(target, full_refresh=full_refresh, report=DbtLines(out))


def _landed(outcome: Outcome) -> str:
    if outcome.error is not None:
        return "nothing landed"
    count = outcome.ingested.row_count
    if not count:
        return "nothing landed" if outcome.problems else "nothing new"
    return f"{count:,} trades landed"


def _status_table(rows: list[SymbolStatus]) -> Table:
    table = Table("exchange", "symbol", "last trade (UTC)", box=None, pad_edge=False)
    for name in ("lag", "rows", "pending loads"):
        table.add_column(name, justify="right")
    for row in rows:
        lag = str(row.lag).split(".")[0]
        table.add_row(
            row.exchange, row.symbol, _time(row.last_trade_at), lag, f"{row.row_count:,}", str(row.pending_loads)
        )
    return table


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _fail_with(problems: list[str]) -> None:
    if problems:
        raise SchemaHubError("\n".join(problems))


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (SchemaHubError, RegistryError) as error:
        for line in str(error).splitlines():
            err.print(f"error: {line}", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("stopped; what was landed by then is whole, and the next run goes on from there", markup=False)
        sys.exit(130)


def main() -> None:
    """Run the command line."""
    with _errors_in_one_line():
        app()


if __name__ == "__main__":
    main()
