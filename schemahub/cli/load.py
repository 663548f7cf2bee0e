"""`schemahub ingest` and `backfill`: load products of one exchange, those named or those of a seed file."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.errors import Misconfigured

from ..variables import variable
from .app import LakeCommand, app, fail_with, out, run_context, say

if TYPE_CHECKING:
    from ..runs.ingest import Outcome
    from ..runs.load_products import ProductLoads

_EXCHANGE = typer.Option("--exchange", help="The exchange.", envvar=variable("exchange"))
_SEED = typer.Option(
    "--seed-path",
    help="The seed file that lists products; by default config/mappings/product_ids_seed.yaml, and for exchanges other "
    "than coinbase product_ids_seed_EXCHANGE.yaml there.",
    envvar=variable("seed_path"),
)
_FLUSH = typer.Option(
    "--flush-every",
    help="Commit after this many trades, or after two minutes.",
    envvar=variable("flush_every"),
    min=1,
    max=10_000_000,
)

ExchangeOption = Annotated[str, _EXCHANGE]
SeedOption = Annotated[Path | None, _SEED]
FlushOption = Annotated[int, _FLUSH]


@app.command("ingest", cls=LakeCommand)
def ingest_products_command(
    context: typer.Context,
    product: Annotated[
        str | None, typer.Argument(help="A product as the exchange names it, for example BTC-USD.")
    ] = None,
    exchange: ExchangeOption = "coinbase",
    seed_path: SeedOption = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="Trades for each request; by default as many as the exchange gives.", min=1),
    ] = None,
    before: Annotated[
        int | None,
        typer.Option(
            "--before", help="Land only trades with ids below this one; without --after, those from --since on."
        ),
    ] = None,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            help="Land trades with ids above this one, instead of those after the newest landed; "
            "Kraken's are looked for from --since on.",
        ),
    ] = None,
    skip_checkpoint: Annotated[
        bool,
        typer.Option(
            "--skip-checkpoint", help="Request everything since --since again. Nothing is landed a second time."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="When a product's first load begins: a UTC time, or how long ago: 90m, 6h, 2d.  [SCHEMAHUB_SINCE]",
        ),
    ] = None,
    flush_every: FlushOption = 1_000_000,
) -> None:
    """Land what is new of a product, or of every product in the seed file."""
    from loaders.landing.flushes import FlushEvery

    from ..runs.load_products import IdRange, ProductLoads
    from ..settings import parse_since
    from ..show.progress import IngestProgress

    run = run_context(context, since=since)
    loads = ProductLoads.of(run, exchange, [] if product is None else [product], seed_path, limit)
    ids = IdRange(after, before)
    _warn(loads.ingest_checkpoints().check(loads.products))
    with IngestProgress(out) as progress:
        outcome = loads.ingest(
            ids,
            since=parse_since(run.settings.since, now=datetime.now(UTC)),
            from_since=skip_checkpoint,
            progress=progress.of(exchange),
            on_wait=progress.wait,
            flush_every=FlushEvery(flush_every),
        )
        progress.end(outcome)
    _end(loads, outcome)


@app.command("backfill", cls=LakeCommand)
def backfill_command(
    context: typer.Context,
    exchange: ExchangeOption = "coinbase",
    products: Annotated[
        str | None,
        typer.Option(
            "--products",
            help="Products as the exchange names them, separated by commas; by default those of the seed file.",
            envvar=variable("products"),
        ),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="The time to begin with: UTC, or how long ago: 6h, 2d, 3w. By default the first trade.",
            envvar=variable("from"),
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", help="The time to end with; by default now.", envvar=variable("to")),
    ] = None,
    seed_path: SeedOption = None,
    chunk_size: Annotated[
        int,
        typer.Option(
            "--chunk-size",
            help="Trades for each request, at most as many as the exchange gives.",
            envvar=variable("chunk_size"),
            min=1,
        ),
    ] = 1_000,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            help="Products, or parts of one, that are loaded at the same time.",
            envvar=variable("workers"),
            min=1,
            max=64,
        ),
    ] = 1,
    resume: Annotated[  # noqa: ARG001 - accepted, because every backfill resumes
        bool, typer.Option("--resume", help="Continue where an earlier backfill ended; every backfill does.")
    ] = False,
    checkpoint_s3: Annotated[
        bool,
        typer.Option(
            "--checkpoint-s3",
            help="Keep the checkpoints in the lake instead of the folder state/.",
            envvar=variable("checkpoint_s3"),
        ),
    ] = False,
    bulk: Annotated[
        bool,
        typer.Option(
            "--bulk/--no-bulk",
            help="Take whole days and months from the exchange's archives, where it has some, and only the rest from "
            "its API.",
            envvar=variable("bulk"),
        ),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded, and how long it would take.")
    ] = False,
    flush_every: FlushOption = 1_000_000,
) -> None:
    """Land what products lack between two times; it can be stopped at any moment and run again."""
    from loaders.landing.flushes import FlushEvery

    from ..runs.load_products import ProductLoads
    from ..settings import parse_since
    from ..show.backfill import BackfillProgress, plan_report

    now = datetime.now(UTC)
    since = parse_since(begin, now=now, name="--from") if begin else datetime(1970, 1, 1, tzinfo=UTC)
    until = parse_since(end, now=now, name="--to") if end else now
    if since >= until:
        raise Misconfigured(f"--from is {since:%Y-%m-%d %H:%M:%S}, which is not before --to, {until:%Y-%m-%d %H:%M:%S}")
    named = [name.strip() for name in (products or "").split(",") if name.strip()]
    if products is not None and not named:
        raise Misconfigured("--products is empty; name at least one, such as BTC-USD")
    loads = ProductLoads.of(run_context(context), exchange, named, seed_path, chunk_size)
    say(f"  {exchange}: {limit}" for limit in loads.history_limits(since, now))
    if dry_run:
        plan = loads.plan(since, until, with_archives=bulk)
        for part in plan_report(plan.lacks, plan.archives, loads.connector):
            out.print(part, soft_wrap=isinstance(part, str))
        fail_with([f"{product} of {exchange}: {why}" for product, why in plan.failures.items()])
        return
    checkpoints = loads.backfill_checkpoints(in_lake=checkpoint_s3)
    _warn(checkpoints.check(loads.products))
    with BackfillProgress(out) as progress:
        outcome = loads.backfill(
            since,
            until,
            workers=workers,
            checkpoints=checkpoints,
            progress=progress.on_page,
            on_wait=progress.wait,
            flush_every=FlushEvery(flush_every),
            on_planned=progress.plan,
            with_archives=bulk,
        )
    _warn(outcome.warnings)
    say([_summary(outcome)])
    _end(loads, outcome)


def _summary(outcome: "Outcome") -> str:
    count = outcome.ingested.row_count
    products = len({row.stream for row in outcome.ingested.landed})
    files = {row.file: 0 for row in outcome.ingested.landed if row.file}
    from_files = sum(row.row_count for row in outcome.ingested.landed if row.file)
    source = f", {from_files:,} of them from {len(files):,} archives" if files else ""
    if count:
        return f"{outcome.exchange}: {count:,} trades of {products:,} products landed{source}"
    return "nothing landed" if outcome.problems else "nothing was lacking"


def _warn(warnings: Iterable[str]) -> None:
    say(f"  warning: {warning}" for warning in warnings)


def _end(loads: "ProductLoads", outcome: "Outcome") -> None:
    problems = list(outcome.problems)
    if loads.context.settings.debug:
        problems += outcome.tracebacks
    fail_with(problems)
