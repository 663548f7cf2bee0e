"""Load products of one exchange: what is new (`ingest`), or what is missing between two times (`backfill`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lakehouse.coverage import BEGINNING, Hole, microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError, is_interruption
from lakehouse.ledger import LedgerRow
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Seekable, Segment
from loaders.connectors import load_connector
from loaders.landing.archive_plan import FromArchives, from_archives
from loaders.landing.backfill import Lacking, lacking, segments
from loaders.landing.flushes import BY_DEFAULT, FlushEvery
from loaders.landing.ingest import Ingested, OnLanded, Progress, land_segments

from ..product_names import check_names
from ..refusals import refusals_as_errors
from ..seeds import read_seed, seed_path
from .archives import ArchiveHost
from .checkpoints import STATE, Checkpoints
from .context import RunContext
from .ingest import OnWait, Outcome, fetcher_of, keep_simulated_and_real_apart
from .raw_tables import declared_columns

_INGEST, _BACKFILL = "ingest_checkpoints", "checkpoints"
"""The folders of checkpoints in a lake."""
_MOST_PASSES = 4
"""How often a backfill asks at most what is lacking; after a pass that landed nothing it doesn't ask again."""


@dataclass(frozen=True)
class IdRange:
    """Which ids `ingest` lands instead of those after the newest landed one; both ends may be open."""

    after: int | None = None
    """Land trades with higher ids, whenever they were."""
    before: int | None = None
    """Land trades with lower ids; without `after`, those since the time at which a first load begins."""

    def __post_init__(self) -> None:
        for name, value in (("--after", self.after), ("--before", self.before)):
            if value is not None and not 0 <= value < 2**63:
                raise Misconfigured(f"{name} is {value}; expected a trade id from 0 to 2^63")
        if self.after is not None and self.before is not None and self.after + 1 >= self.before:
            raise Misconfigured(f"no id is above --after {self.after} and below --before {self.before}")
        if self.before == 0:
            raise Misconfigured("no id is below --before 0")


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill would do."""

    lacks: list[Lacking]
    archives: list[FromArchives]
    """What it would take from archives; only products of which that is something."""
    failures: dict[str, SchemaHubError]
    """For each product whose holes can't be told, the reason."""


@dataclass(frozen=True)
class ProductLoads:
    """What a command loads: products of one exchange, on a lake."""

    context: RunContext
    exchange: str
    products: Sequence[str]
    """The products as the exchange writes them."""
    page_rows: int | None = None
    """The number of trades to request at once; at most what the exchange gives, which is the default."""

    @classmethod
    def of(
        cls,
        context: RunContext,
        exchange: str,
        products: Sequence[str],
        seed: Path | None,
        page_rows: int | None = None,
    ) -> "ProductLoads":
        """The products that were named, or those of a seed file; raises Misconfigured if there are none."""
        connector = load_connector(exchange, declared_columns(context.registry))  # the exchange must exist
        named = list(dict.fromkeys(products)) or read_seed(seed or seed_path(exchange), exchange=exchange)
        check_names(connector, named, context.registry.products)
        loads = cls(context, exchange, named, page_rows)
        keep_simulated_and_real_apart(context, {exchange: named})
        return loads

    @property
    def connector(self) -> Connector:
        connector = load_connector(self.exchange, declared_columns(self.context.registry))
        if self.page_rows is None or not isinstance(connector, Seekable):
            return connector
        smaller: Connector = replace(  # type: ignore[type-var] # every connector is a dataclass
            connector, page_rows=min(self.page_rows, connector.page_rows)
        )
        return smaller

    def history_limits(self, since: datetime, now: datetime) -> list[str]:
        """What the exchange doesn't give of what is wanted from `since` on; times are UTC."""
        history = self.connector.history
        return [f"gives {history.gives}"] if history is not None and since < now - history.span else []

    def ingest_checkpoints(self) -> Checkpoints:
        """The checkpoints that `ingest` writes: those in the lake."""
        lake = self.context.lake
        return Checkpoints(lake, self.connector.raw.name, self.context.now, f"{lake.location}/{_INGEST}", counts=False)

    def backfill_checkpoints(self, *, in_lake: bool) -> Checkpoints:
        """The checkpoints that `backfill` writes."""
        lake = self.context.lake
        folder = f"{lake.location}/{_BACKFILL}" if in_lake else STATE
        return Checkpoints(lake, self.connector.raw.name, self.context.now, folder)

    def ingest(
        self,
        ids: IdRange,
        *,
        since: datetime,
        from_since: bool,
        progress: Progress,
        on_wait: OnWait | None,
        flush_every: FlushEvery = BY_DEFAULT,
    ) -> Outcome:
        """Land what is new of each product.

        Args:
            ids: the ids to land instead.
            since: where a product's first load begins; UTC.
            from_since: whether to begin there even if there were loads before; nothing is landed twice.
            progress: called for every page.
            on_wait: called for pauses.
            flush_every: when a long run commits.
        """
        coverage = read_coverage(self.context.lake, self.connector.raw.name)
        wanted = []
        for product in self.products:
            hole = coverage.of(product).newest_hole(microseconds(since))
            if from_since or ids.before is not None:
                hole = Hole(BEGINNING, None, microseconds(since), None)
            if ids.after is not None:
                hole = Hole(ids.after + 1, None, microseconds(since), None, resumes=True)
            wanted.append(Segment(product, replace(hole, high=ids.before), is_since_known=ids.after is None))
        return self._land(
            lambda *_: wanted,
            self.ingest_checkpoints(),
            progress=progress,
            on_wait=on_wait,
            flush_every=flush_every,
        )

    def plan(
        self, since: datetime, until: datetime, *, with_archives: bool, on_wait: OnWait | None = None
    ) -> "BackfillPlan":
        """What the products lack between two times, UTC, and what of it archives may have; lands nothing."""
        with refusals_as_errors(), self._fetcher(on_wait, writes=False) as fetcher:
            lacks = self._lacking(fetcher, since, until)
            return BackfillPlan(
                lacks, self._from_archives(fetcher, lacks, with_archives=with_archives)[1], fetcher.failures
            )

    def _from_archives(
        self, fetcher: Fetcher, lacks: Sequence[Lacking], *, with_archives: bool
    ) -> tuple[ArchiveHost | None, list[FromArchives]]:
        host = ArchiveHost.of(self.context, self.connector) if with_archives else None
        planned = [from_archives(fetcher, each) for each in lacks] if host is not None else []
        return host, [each for each in planned if each.periods]

    def _lacking(self, fetcher: Fetcher, since: datetime, until: datetime) -> list[Lacking]:
        coverage = read_coverage(self.context.lake, self.connector.raw.name)
        found = []
        for product in self.products:
            if product in fetcher.failures:
                continue
            try:
                lacks = lacking(fetcher, product, coverage, since=microseconds(since), until=microseconds(until))
            except SchemaHubError as error:
                fetcher.failures[product] = error
            else:
                found.append(lacks)
        return found

    def _fetcher(self, on_wait: OnWait | None, *, writes: bool = True) -> Fetcher:
        return fetcher_of(self.context, self.connector, on_wait, writes=writes)

    def backfill(
        self,
        since: datetime,
        until: datetime,
        *,
        workers: int,
        checkpoints: Checkpoints,
        progress: Progress,
        on_wait: OnWait | None,
        flush_every: FlushEvery,
        on_planned: Callable[[dict[str, int | None]], None] = lambda _: None,
        with_archives: bool = True,
    ) -> Outcome:
        """Land what the products lack between two times, UTC: from archives, then in segments that threads walk.

        Then it looks again, because a segment may have ended early at a wrong response that seemed to be the newest.

        Args:
            since: the beginning.
            until: the end.
            workers: the number of threads.
            checkpoints: written after every commit.
            progress: called for every page, and for every part of an archive.
            on_wait: called for pauses.
            flush_every: when a long run commits.
            on_planned: told about how many trades each product lacks; None where that is unknown.
            with_archives: whether archives are used where the exchange has some.
        """
        passes = 0

        def wanted(fetcher: Fetcher, on_landed: OnLanded, warnings: list[str]) -> list[Segment]:
            nonlocal passes
            passes += 1
            lacks = [each for each in self._lacking(fetcher, since, until) if each.holes]
            if passes == 1:
                on_planned({each.stream: each.rows for each in lacks})
            host, planned = self._from_archives(fetcher, lacks, with_archives=with_archives and passes == 1)
            if host is not None and planned:
                warnings += host.take(
                    planned,
                    rows_of_a_load=flush_every.rows,
                    on_rows=progress,
                    on_landed=on_landed,
                    on_wait=on_wait,
                )
                lacks = [each for each in self._lacking(fetcher, since, until) if each.holes]
            parts = max(1, workers // max(1, len(lacks)))
            return [part for each in lacks for part in segments(fetcher, each, parts=parts)]

        return self._land(
            wanted,
            checkpoints,
            progress=progress,
            on_wait=on_wait,
            flush_every=flush_every,
            workers=workers,
            most_passes=_MOST_PASSES,
        )

    def _land(
        self,
        wanted: Callable[[Fetcher, OnLanded, list[str]], list[Segment]],
        checkpoints: Checkpoints,
        *,
        progress: Progress,
        on_wait: OnWait | None,
        flush_every: FlushEvery,
        workers: int | None = None,
        most_passes: int = 1,
    ) -> Outcome:
        connector = self.connector
        landed: list[LedgerRow] = []
        warnings: list[str] = []

        def on_landed(rows: list[LedgerRow]) -> None:
            landed.extend(rows)
            checkpoints.write({row.stream for row in rows})

        try:
            with refusals_as_errors(), self._fetcher(on_wait) as fetcher:
                if workers is not None:
                    fetcher.concurrency = workers
                for _ in range(most_passes):
                    ingested = land_segments(
                        self.context.lake,
                        connector,
                        wanted(fetcher, on_landed, warnings),
                        fetcher=fetcher,
                        now=self.context.now,
                        progress=progress,
                        flush_every=flush_every,
                        on_landed=on_landed,
                    )
                    if ingested.row_count == 0:
                        break
        except SchemaHubError as error:
            return Outcome(self.exchange, Ingested(landed, warnings=warnings), error)
        except Exception as error:
            if is_interruption(error):
                raise
            mistake = OurMistake.of(error, while_doing=self.exchange)
            return Outcome(self.exchange, Ingested(landed, warnings=warnings), mistake)
        return Outcome(self.exchange, replace(ingested, landed=landed, warnings=[*warnings, *ingested.warnings]))
