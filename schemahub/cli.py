"""The command line: `schemahub …`, or `python -m schemahub.cli …`.

Says what was done in a few lines, and what went wrong in one, with exit code 1.
"""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse.errors import SchemaHubError, is_interruption
from lakehouse.pending import Landed, check_is_there, nothing_landed, read_landed
from lakehouse.printable import printable
from loaders.connectors import connector_names
from registry.registry import RegistryError
from simulator.exchanges.command import simulate
from simulator.exchanges.market import DEFAULT_START

from .aws_refusals import refusals_in_one_line
from .runs.balance import balances, rejections
from .runs.coordinator import Coordinator, utc_now
from .runs.cost_of_a_run import planned
from .runs.demo import TARGET, Demo, shown
from .runs.repair import run_repair
from .runs.unify import remarks
from .settings import lake_of, load_settings
from .show.client_settings import Aws, aws_in_use, spark_conf, trino_conf
from .show.plan import plan_report
from .show.progress import ingest, unify
from .show.status import StreamStatus, status

INTERRUPTED = 130
"""The exit code that typer gives to Ctrl-C."""

_LONGEST_LINE = 20_000
"""Of an error, which may be the help of a dbt command; what others say may be megabytes."""

_STOPPED = "stopped; what was landed by then is whole, and the next run goes on from there"

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

LakeOption = Annotated[
    str | None, typer.Option("--lake", help="A folder, or s3://bucket/prefix.  [SCHEMAHUB_LAKE; ./lake]")
]
BucketOption = Annotated[str | None, typer.Option("--s3-bucket", help="The lake's bucket, in place of --lake.")]
PrefixOption = Annotated[str | None, typer.Option("--s3-prefix", help="The lake's prefix in that bucket.")]
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
    s3_bucket: BucketOption = None,
    s3_prefix: PrefixOption = None,
) -> None:
    """Land the trades that came since the last run in the exchanges' raw tables."""
    coordinator = _coordinator(lake, s3_bucket, s3_prefix, symbols=symbols, since=since)
    problems = ingest(coordinator, exchanges, out)
    _fail_with(problems)


@run.command("unify")
def run_unify(
    target: TargetArgument,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything anew from the raw tables.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let a full refresh lose rows that the raw tables no longer give.")
    ] = False,
    lake: LakeOption = None,
    s3_bucket: BucketOption = None,
    s3_prefix: PrefixOption = None,
) -> None:
    """Insert what was landed into the unified table, and bring what hangs on it up to date."""
    unify(_coordinator(lake, s3_bucket, s3_prefix), target, out, full_refresh=full_refresh, force=force)


@run.command("pipeline")
def run_pipeline(
    target: TargetArgument,
    symbols: SymbolsOption = None,
    since: SinceOption = None,
    lake: LakeOption = None,
    s3_bucket: BucketOption = None,
    s3_prefix: PrefixOption = None,
) -> None:
    """Ingest every exchange, then unify; an exchange that fails does not stop the others."""
    coordinator = _coordinator(lake, s3_bucket, s3_prefix, symbols=symbols, since=since)
    coordinator.check_target(target)
    problems = ingest(coordinator, connector_names(), out)
    try:
        with refusals_in_one_line():
            unify(coordinator, target, out)
    except SchemaHubError as error:
        problems.append(str(error))
    _fail_with(problems)


@app.command("status")
def show_status(lake: LakeOption = None, s3_bucket: BucketOption = None, s3_prefix: PrefixOption = None) -> None:
    """Show what the lake holds: per exchange and symbol the last trade, its lag, rows and pending loads."""
    coordinator = _coordinator(lake, s3_bucket, s3_prefix)
    landed = read_landed(coordinator.lake, coordinator.registry.targets_by_raw_table)
    if not landed.rows:
        out.print(nothing_landed(coordinator.lake.location), markup=False, soft_wrap=True)
        return
    out.print(_status_table(status(landed, now=utc_now())))
    for line in _below_status(landed, coordinator):
        out.print(line, markup=False, soft_wrap=True)


@app.command("plan")
def show_plan(
    target: TargetArgument = TARGET,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Of building everything anew.")] = False,
    lake: LakeOption = None,
    s3_bucket: BucketOption = None,
    s3_prefix: PrefixOption = None,
) -> None:
    """Show what `run unify` would read, and cost on Athena, before it runs."""
    coordinator = _coordinator(lake, s3_bucket, s3_prefix)
    coordinator.check_target(target)
    plan = planned(coordinator.lake, coordinator.registry, full_refresh=full_refresh)
    for part in plan_report(plan, coordinator.lake.location):
        out.print(part, soft_wrap=isinstance(part, Text))
    landed = read_landed(coordinator.lake, coordinator.registry.targets_by_raw_table)
    for remark in remarks(coordinator.lake, landed, coordinator.registry):
        out.print(f"warning  {remark}", markup=False, soft_wrap=True)


@app.command("query")
def query(
    sql: Annotated[str, typer.Argument(help="A SELECT on the lake's tables, for example trades_unified.")],
    lake: LakeOption = None,
) -> None:
    """Print what a SELECT gives, read with DuckDB from the local lake."""
    from .runs.query import run_query

    run_query(Coordinator(load_settings(lake=lake)).lake, sql)


@app.command("repair")
def repair(
    apply: Annotated[bool, typer.Option("--apply", help="Do it; otherwise it is only told.")] = False,
    lake: LakeOption = None,
) -> None:
    """Show what is damaged in a lake in a folder, for example by a power cut, and how it is brought back."""
    coordinator = Coordinator(load_settings(lake=lake))
    for line in run_repair(coordinator.lake, coordinator.registry, apply=apply):
        out.print(line, markup=False, soft_wrap=True)


@app.command(
    "dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def dbt(context: typer.Context) -> None:
    """Run any dbt command on the lake of SCHEMAHUB_LAKE, for example `schemahub dbt test`."""
    Coordinator(load_settings()).dbt(context.args)


@app.command("spark-conf")
def show_spark_conf(lake: LakeOption = None, s3_bucket: BucketOption = None, s3_prefix: PrefixOption = None) -> None:
    """Print the settings with which Spark reads the lake, as lines of spark-defaults.conf."""
    _print_conf(spark_conf, _coordinator(lake, s3_bucket, s3_prefix))


@app.command("trino-conf")
def show_trino_conf(lake: LakeOption = None, s3_bucket: BucketOption = None, s3_prefix: PrefixOption = None) -> None:
    """Print the settings with which Trino reads the lake, as a catalog file."""
    _print_conf(trino_conf, _coordinator(lake, s3_bucket, s3_prefix))


@app.command("update-products")
def update_products(
    exchanges: Annotated[list[str], typer.Argument(help="For example: binance coinbase kraken")],
    force: Annotated[
        bool, typer.Option("--force", help="Believe an answer that lists less than half, or other meanings.")
    ] = False,
) -> None:
    """Ask exchanges which products they have, and write the lists in `config/products/`."""
    coordinator = Coordinator(load_settings())
    problems: list[str] = []
    for exchange in exchanges:
        try:
            path, update = coordinator.update_products(exchange, force=force)
        except SchemaHubError as error:
            problems.append(str(error))
            continue
        out.print(f"{exchange}: {update.listed:,} products in {shown(path)}; now run `python -m macros_gen`")
        for remark in update.remarks:
            out.print(f"  {remark}", markup=False, soft_wrap=True)
    _fail_with(problems)


app.command("simulate")(simulate)


@app.command("demo")
def demo(
    trades: Annotated[int, typer.Option(min=1, help="Simulated trades, all exchanges together.")] = 160_000,
    lake: LakeOption = None,
) -> None:
    """Run the whole pipeline twice against simulated exchanges, and show what came of it."""
    coordinator = Coordinator(load_settings(lake=lake, since=DEFAULT_START.isoformat()))
    Demo(coordinator, out).run(trades)


def _coordinator(lake: str | None, s3_bucket: str | None, s3_prefix: str | None, **settings: str | None) -> Coordinator:
    return Coordinator(load_settings(lake=lake_of(lake, s3_bucket, s3_prefix), **settings))


def _print_conf(conf: Callable[[str, Aws], str], coordinator: Coordinator) -> None:
    check_is_there(coordinator.lake)
    location = coordinator.lake.location
    typer.echo(conf(location, aws_in_use(location)), nl=False)


def _status_table(rows: list[StreamStatus]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("exchange", "symbol", "last trade (UTC)"):
        table.add_column(name, no_wrap=True)
    for name in ("lag", "rows", "pending loads"):
        table.add_column(name, justify="right", no_wrap=name != "pending loads")
    for row in rows:
        table.add_row(
            row.source,
            row.stream,
            _time(row.last_trade_at),
            _lag(row.lag),
            f"{row.row_count:,}",
            str(row.pending_loads),
        )
    return table


def _below_status(landed: Landed, coordinator: Coordinator) -> Iterator[str]:
    for balance in balances(landed.unified.values()):
        if balance.rejected:
            yield f"rejected  {balance.rejected:,} rows of {balance.raw_table}: {rejections(balance)}"
    for remark in remarks(coordinator.lake, landed, coordinator.registry):
        yield f"warning   {remark}"


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="seconds")


def _lag(lag: timedelta | None) -> str:
    return "unknown" if lag is None else str(lag).split(".")[0].replace(" days,", "d").replace(" day,", "d")


def _fail_with(problems: list[str]) -> None:
    if problems:
        raise SchemaHubError("\n".join(dict.fromkeys(problems)))  # a full disk stops every exchange alike


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        with refusals_in_one_line():
            yield
    except (SchemaHubError, RegistryError) as error:
        for line in str(error).split("\n"):
            err.print(f"error: {printable(line, _LONGEST_LINE)}", markup=False)
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _say_stopped()
        raise
    except Exception as error:
        if is_interruption(error):
            _say_stopped()
            sys.exit(INTERRUPTED)
        raise


def _say_stopped() -> None:
    err.print(_STOPPED, markup=False)
    # A Ctrl-C within an exec() of a text, as dataclasses make while they are imported, leaves a mark in Python: at its
    # end `python -m` would then kill itself by that signal, whatever the exit code. The next text clears the mark.
    exec("")


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal, or a cron mail, may know fewer signs than we print
    with _errors_in_one_line():
        app()


if __name__ == "__main__":
    main()
