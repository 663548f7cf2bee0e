"""Bring one raw table up to date: watermarks -> walks -> pages -> one commit -> ledger."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from lakehouse.errors import SchemaHubError
from lakehouse.lake import Lake
from lakehouse.ledger import LedgerRow
from lakehouse.ledger_commits import record
from lakehouse.tables import ensure_table

from ..channels.rest import Fetcher
from ..connector import Connector, Page
from .watermarks import read_watermark

Progress = Callable[[str, int], None]
"""A function that is called for every page, with its stream and the number of its rows."""


@dataclass(frozen=True)
class Ingested:
    """What one run landed, as one ledger row per stream, and why the walks of some streams ended early.

    `warnings` are lines that the user should read although nothing failed.
    """

    landed: list[LedgerRow] = field(default_factory=list)
    failures: dict[str, SchemaHubError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(row.row_count for row in self.landed)


def ingest(
    lake: Lake,
    connector: Connector,
    streams: Sequence[str],
    *,
    fetcher: Fetcher,
    since: datetime,
    now: Callable[[], datetime],
    progress: Progress | None = None,
) -> Ingested:
    """Land the rows of `streams` since the last run.

    Args:
        lake: the lake of the raw table, which is created if it is missing.
        connector: the source's connector.
        streams: the streams' names as the source writes them.
        fetcher: sends the connector's requests.
        since: where a stream's first load begins; UTC, inclusive.
        now: returns the time, UTC without a zone.
        progress: called for every page.

    Raises:
        ConcurrentWriter: another process is landing in the same table.
    """
    with lake.writing(connector.raw.name):
        table = ensure_table(lake, connector.raw.table)
        record(lake, connector.raw, table)
        walks = {
            stream: connector.newer(stream, read_watermark(table, stream), since=since)
            for stream in dict.fromkeys(streams)
        }
        pages = _reported(fetcher.pages(walks), progress) if progress else fetcher.pages(walks)
        first = next(pages, None)
        if first is None:
            return Ingested(failures=fetcher.failures, warnings=fetcher.warnings)

        from .dlt_job import land  # importing dlt takes two seconds, which a run with nothing new should not wait for
        from .load import LoadInProgress

        load = LoadInProgress(lake, connector.raw, table, source=fetcher.address, channel="rest", now=now)
        return Ingested(land(load, chain([first], pages)), fetcher.failures, fetcher.warnings)


def _reported(pages: Iterator[Page], progress: Progress) -> Iterator[Page]:
    for page in pages:
        progress(page.stream, page.rows.num_rows)
        yield page
