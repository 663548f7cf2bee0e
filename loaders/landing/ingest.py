"""Bring one raw table up to date: coverage -> holes -> walks -> pieces -> loads -> ledger."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lakehouse.coverage import microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.errors import SchemaHubError
from lakehouse.lake import Lake
from lakehouse.ledger import LedgerRow
from lakehouse.ledger_commits import record_if_needed
from lakehouse.tables import ensure_table

from ..channels.rest import Fetcher
from ..connector import Connector, Segment
from ..piece import Piece
from .flushes import BY_DEFAULT, FlushEvery, flushes

Progress = Callable[[str, int], None]
"""A function that is called for every page, with its stream and the number of its rows."""


OnLanded = Callable[[list[LedgerRow]], None]
"""A function that is called after every commit, with its ledger rows."""


@dataclass(frozen=True)
class Ingested:
    """What one run landed, as one ledger row per load and stream, and why the walks of some streams ended early.

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
    flush_every: FlushEvery = BY_DEFAULT,
    on_landed: OnLanded = lambda _: None,
) -> Ingested:
    """Land the rows of `streams` since their newest ones.

    Args:
        lake: the lake of the raw table, which is created if it is missing.
        connector: the source's connector.
        streams: the streams' names as the source writes them.
        fetcher: sends the connector's requests.
        since: where a stream's first load begins; UTC, inclusive.
        now: returns the time, UTC without a zone.
        progress: called for every page.
        flush_every: when a long run commits.
        on_landed: called after every commit, with its ledger rows.

    Raises:
        ConcurrentWriter: a repair is changing the table.
    """
    coverage = read_coverage(lake, connector.raw.name)
    segments = [
        Segment(stream, coverage.of(stream).newest_hole(microseconds(since))) for stream in dict.fromkeys(streams)
    ]
    return land_segments(
        lake,
        connector,
        segments,
        fetcher=fetcher,
        now=now,
        progress=progress,
        flush_every=flush_every,
        on_landed=on_landed,
    )


def land_segments(
    lake: Lake,
    connector: Connector,
    segments: Sequence[Segment],
    *,
    fetcher: Fetcher,
    now: Callable[[], datetime],
    progress: Progress | None = None,
    flush_every: FlushEvery = BY_DEFAULT,
    on_landed: OnLanded = lambda _: None,
) -> Ingested:
    """Walk through segments and land what they yield, in one load or in several.

    The arguments are those of `ingest`. If the process ends early, what was committed until then is complete.
    """
    with lake.loading(connector.raw.name):
        table = ensure_table(lake, connector.raw.table)
        record_if_needed(lake, connector.raw)
        pieces = fetcher.pieces(segments)
        landed: list[LedgerRow] = []
        for load_pieces in flushes(_reported(pieces, progress) if progress else pieces, flush_every):
            # importing dlt takes two seconds, which a run with nothing new should not wait for
            from .dlt_job import land
            from .load import LoadInProgress, Origin

            load = LoadInProgress(lake, connector.raw, table, Origin(fetcher.address, "rest"), now=now)
            rows = land(load, load_pieces)
            landed += rows
            on_landed(rows)
        return Ingested(landed, fetcher.failures, fetcher.warnings)


def _reported(pieces: Iterator[Piece | None], progress: Progress) -> Iterator[Piece | None]:
    for piece in pieces:
        if piece is not None:
            progress(piece.stream, piece.rows.num_rows)
        yield piece
