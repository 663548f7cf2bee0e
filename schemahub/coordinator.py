"""The runs: ingest exchanges, unify what was landed, or both. Returns or raises; prints nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from loaders.connector import Connector
from loaders.connectors import load_connector, load_connectors
from loaders.exceptions import Misconfigured, SchemaHubError
from loaders.fetch import Fetcher
from loaders.ingest import Ingested, Progress, ingest
from loaders.lake import Lake, check_whole, ensure_table, existing_table
from loaders.ledger import LEDGER
from loaders.names import known
from loaders.open_lake import open_lake
from loaders.upkeep import tend
from macros_gen.__main__ import differences, write
from macros_gen.registry import Registry, load_registry
from macros_gen.render import render

from . import seed
from .athena import is_on_athena, stop_abandoned_statements
from .aws_refusals import refusals_in_one_line
from .dbt import Report, Watch, asks_for_help, needs_tables, run_dbt, show_help
from .landed import RECORDED
from .settings import PROJECT, Settings, base_url, parse_since
from .simulated_lake import is_simulated
from .symbols import product_list, venue_symbols

UNIFY = "unify"
"""What the lock of a unifying run is called."""


def utc_now() -> datetime:
    """The time as the lake keeps it: UTC, microseconds, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Outcome:
    """How ingesting one exchange ended: what was landed, or why nothing could be."""

    exchange: str
    ingested: Ingested
    error: SchemaHubError | None = None

    @property
    def problems(self) -> list[str]:
        """One line for each thing that went wrong; empty where all is well."""
        if self.error is not None:
            return [str(self.error)]
        symbols: dict[str, list[str]] = {}
        for symbol, failure in sorted(self.ingested.failures.items()):
            symbols.setdefault(str(failure), []).append(symbol)
        return [f"{', '.join(failed)} of {self.exchange}: {why}" for why, failed in symbols.items()]


@dataclass(frozen=True)
class Coordinator:
    """The runs of one lake."""

    settings: Settings

    @cached_property
    def lake(self) -> Lake:
        return open_lake(self.settings.lake)

    @cached_property
    def registry(self) -> Registry:
        return load_registry(PROJECT)

    def plan(self, exchanges: Sequence[str]) -> dict[str, list[str]]:
        """The venue's symbols that each exchange will load; raises Misconfigured for an unknown name."""
        names = [load_connector(exchange).name for exchange in exchanges]
        return dict(venue_symbols(self.settings.symbols, names, self.registry.products))

    def ingest(self, plan: dict[str, list[str]], *, progress: Callable[[str], Progress]) -> Iterable[Outcome]:
        """Bring the raw tables up to date, one exchange after the other; one that fails stops none of the others."""
        self._keep_simulated_and_real_apart(plan)
        since = parse_since(self.settings.since, now=datetime.now(UTC))
        for exchange, symbols in plan.items():
            if symbols:
                yield self._ingest(load_connector(exchange), symbols, since, progress(exchange))

    def _keep_simulated_and_real_apart(self, exchanges: Iterable[str]) -> None:
        real = [name for name in exchanges if not _is_loopback(base_url(load_connector(name)))]
        if is_simulated(self.lake) and real:
            raise Misconfigured(
                f"{self.settings.lake} holds simulated trades of `make demo`, and {', '.join(real)} would be asked for "
                "real ones; name another folder with --lake or SCHEMAHUB_LAKE, or delete this one"
            )

    def _ingest(self, connector: Connector, symbols: list[str], since: datetime, progress: Progress) -> Outcome:
        try:
            with refusals_in_one_line(), Fetcher(connector, base_url(connector)) as fetcher:
                ingested = ingest(
                    self.lake, connector, symbols, fetcher=fetcher, since=since, now=utc_now, progress=progress
                )
        except SchemaHubError as error:
            return Outcome(connector.name, Ingested(), error)
        return Outcome(connector.name, ingested)

    def check_target(self, target: str) -> None:
        """Raise Misconfigured, naming near matches, where there is no such unified table."""
        known(target, self.registry.targets, what="target table")

    def unify(
        self, target: str, *, full_refresh: bool = False, report: Report | None = None, watch: Watch | None = None
    ) -> None:
        """Insert what was landed and is not yet in `target`, and bring the marts up to date."""
        self.check_target(target)
        with self._unifying():
            if full_refresh or seed.is_stale(self.lake):
                run_dbt(self.lake, ["seed"], report=report, watch=watch)
                seed.mark_as_fresh(self.lake)
            run_dbt(self.lake, ["run", *(["--full-refresh"] if full_refresh else [])], report=report, watch=watch)
            if (recorded := existing_table(self.lake, RECORDED)) is not None:
                tend(recorded, gather=True)

    def generate(self) -> int:
        """Write the generated dbt files anew, where they are stale; gives their number."""
        wanted = render(self.registry)
        if differences(PROJECT, wanted):
            write(PROJECT, wanted)
        return len(wanted)

    def update_products(self, exchange: str) -> tuple[Path, int]:
        """Write the list of an exchange's products; gives its path and the number of products."""
        connector = load_connector(exchange)
        with Fetcher(connector, base_url(connector)) as fetcher:
            products = sorted(fetcher.answer(connector.products()), key=lambda product: product.symbol)
        path = PROJECT / "config" / "products" / f"{exchange}.yaml"
        path.write_text(product_list(connector.name, products), encoding="utf-8")
        return path, len(products)

    def dbt(self, arguments: Sequence[str], *, report: Report | None = None) -> None:
        """Run any dbt command on the lake; without one, or with `--help`, show dbt's help."""
        if asks_for_help(arguments):
            show_help(arguments)
        elif needs_tables(arguments):
            with self._unifying():
                run_dbt(self.lake, arguments, report=report)
        else:
            run_dbt(self.lake, arguments, report=report)

    @contextmanager
    def _unifying(self) -> Iterator[None]:
        with self.lake.writing(UNIFY):
            if is_on_athena(self.lake):
                stop_abandoned_statements()
            self._create_tables()
            if not is_on_athena(self.lake):  # S3 keeps what it has taken
                check_whole(self.lake, RECORDED)  # else a run that can't read it would record over it
            yield

    def _create_tables(self) -> None:
        # the models read every raw table, also that of an exchange that was never loaded
        for connector in load_connectors().values():
            ensure_table(self.lake, connector.raw.table)
        ensure_table(self.lake, LEDGER)


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
