"""The runs: ingest exchanges, unify what was landed, or both. Returns or raises; prints nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError, is_interruption
from lakehouse.lake import Lake, check_whole
from lakehouse.names import known
from lakehouse.open import open_lake
from lakehouse.pending import RECORDED
from lakehouse.printable import without_password
from loaders.channels.bans import Bans
from loaders.channels.rest import Fetcher
from loaders.connector import Connector
from loaders.connectors import load_connector
from loaders.landing.ingest import Ingested, Progress, ingest
from macros_gen.files import differences, write
from macros_gen.render import render
from registry.registry import Registry, load_registry

from ..aws_refusals import refusals_in_one_line
from ..dbt.athena import is_on_athena, stop_abandoned_statements
from ..dbt.run import Report, Watch, asks_for_help, needs_tables, run_dbt, show_help
from ..settings import PROJECT, Settings, base_url, parse_since
from .products import ProductUpdate, product_list, read_products, updated, write_whole
from .raw_tables import create_tables, declared_columns
from .simulated_lake import is_simulated
from .symbols import no_longer_listed, venue_symbols
from .unify import Unified, unify

UNIFYING = "unify"
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
    def warnings(self) -> list[str]:
        """One line for each thing that somebody should know though nothing failed."""
        return self.ingested.warnings

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

    def no_longer_listed(self, exchanges: Sequence[str]) -> dict[str, list[str]]:
        """The venue's symbols that a plan leaves out, because the exchange listed them once and no longer does."""
        return dict(no_longer_listed(self.settings.symbols, exchanges, self.registry.products))

    def ingest(
        self,
        plan: dict[str, list[str]],
        *,
        progress: Callable[[str], Progress],
        on_wait: Callable[[float, str], None] | None = None,
    ) -> Iterable[Outcome]:
        """Bring the raw tables up to date, one exchange after the other; one that fails stops none of the others.

        `on_wait` is told the seconds of every pause that can be noticed, and why it is made.
        """
        self._keep_simulated_and_real_apart(exchange for exchange, symbols in plan.items() if symbols)
        since = parse_since(self.settings.since, now=datetime.now(UTC))
        for exchange, symbols in plan.items():
            if symbols:
                yield self._ingest(exchange, symbols, since, progress(exchange), on_wait)

    def _keep_simulated_and_real_apart(self, exchanges: Iterable[str]) -> None:
        real = [name for name in exchanges if not _is_loopback(base_url(load_connector(name)))]
        if is_simulated(self.lake) and real:
            raise Misconfigured(
                f"{self.settings.lake} holds simulated trades of `make demo`, and {', '.join(real)} would be asked for "
                "real ones; name another folder with --lake or SCHEMAHUB_LAKE, or delete this one"
            )

    def _ingest(
        self,
        exchange: str,
        symbols: list[str],
        since: datetime,
        progress: Progress,
        on_wait: Callable[[float, str], None] | None,
    ) -> Outcome:
        try:
            connector = load_connector(exchange, declared_columns(self.registry))
            with refusals_in_one_line(), self._fetcher(connector, on_wait) as fetcher:
                ingested = ingest(
                    self.lake, connector, symbols, fetcher=fetcher, since=since, now=utc_now, progress=progress
                )
        except SchemaHubError as error:
            return Outcome(exchange, Ingested(), error)
        except Exception as error:
            if is_interruption(error):
                raise
            return Outcome(exchange, Ingested(), OurMistake.of(error, while_doing=exchange))
        return Outcome(exchange, ingested)

    def _fetcher(self, connector: Connector, on_wait: Callable[[float, str], None] | None) -> Fetcher:
        url = base_url(connector)
        return Fetcher(
            connector,
            url,
            now=utc_now,
            clock_tolerance=self.settings.clock_tolerance,
            bans=Bans(self.lake.work_folder / "bans" / f"{connector.name}.json", without_password(url)),
            on_wait=on_wait,
        )

    def check_target(self, target: str) -> None:
        """Raise Misconfigured, naming near matches, where there is no such unified table."""
        known(target, self.registry.targets, what="target table")

    def unify(
        self,
        target: str,
        *,
        full_refresh: bool = False,
        force: bool = False,
        report: Report | None = None,
        watch: Watch | None = None,
    ) -> Unified:
        """Insert what was landed and is not yet in `target`, and bring what hangs on it up to date; see `unify.py`."""
        self.check_target(target)
        with self._unifying():
            return unify(
                self.lake,
                self.registry,
                target,
                full_refresh=full_refresh,
                force=force,
                report=report,
                watch=watch,
            )

    def generate(self) -> int:
        """Write the generated dbt files anew, where they are stale; gives their number."""
        wanted = render(self.registry)
        if differences(PROJECT, wanted):
            write(PROJECT, wanted)
        return len(wanted)

    def update_products(self, exchange: str, *, force: bool = False) -> tuple[Path, ProductUpdate]:
        """Write the list of an exchange's products; gives its path and what it is now."""
        connector = load_connector(exchange)
        path = PROJECT / "config" / "products" / f"{exchange}.yaml"
        before = read_products(path, shown_as=path.relative_to(PROJECT).as_posix())
        with Fetcher(connector, base_url(connector)) as fetcher:
            answer = fetcher.answer(connector.products())
        update = updated(exchange, before, answer, force=force)
        write_whole(path, product_list(connector.name, update.entries))
        return path, update

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
        with self.lake.writing(UNIFYING):
            if is_on_athena(self.lake):
                stop_abandoned_statements()
            create_tables(self.lake, self.registry)
            if not is_on_athena(self.lake):  # S3 keeps what it has taken
                check_whole(self.lake, RECORDED)  # else a run that can't read it would record over it
            yield


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
