"""Lands parts of what a simulated exchange has, so that holes are left between them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain, repeat

from lakehouse.coverage import Hole, microseconds
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Segment
from loaders.landing.ingest import Ingested, OnLanded, land_segments
from schemahub.runs.context import RunContext
from schemahub.runs.ingest import outcome_of

MARKET_START = datetime(2026, 1, 5, tzinfo=UTC)


def land_parts(
    context: RunContext,
    exchange: str,
    symbol: str,
    parts: Sequence[tuple[int, int]],
    times: Sequence[datetime] = (),
) -> None:
    """Land the trades with ids in each part [low, high), one load for each.

    `times` says from when on each part is complete, at most as late as its first trade; by default from the beginning.
    """
    for (low, high), since in zip(parts, chain(times, repeat(MARKET_START)), strict=False):
        segment = Segment(symbol, Hole(low, high, microseconds(since), None, resumes=True))

        def land(connector: Connector, fetcher: Fetcher, on_landed: OnLanded, segment: Segment = segment) -> Ingested:
            return land_segments(
                context.lake, connector, [segment], fetcher=fetcher, now=context.now, on_landed=on_landed
            )

        outcome = outcome_of(context, exchange, land, None)
        assert outcome.problems == []
        assert outcome.ingested.row_count > 0
