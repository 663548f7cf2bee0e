"""Fills the holes in what raw tables hold, over REST."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from lakehouse.coverage_record import read_coverage
from lakehouse.errors import SchemaHubError
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Segment
from loaders.landing.backfill import parts_outside
from loaders.landing.ingest import Ingested, OnLanded, Progress, land_segments

from .context import RunContext
from .gaps import StreamGaps
from .ingest import Land, OnWait, Outcome, keep_simulated_and_real_apart, outcome_of


def fill_gaps(
    context: RunContext,
    found: Iterable[StreamGaps],
    *,
    progress: Callable[[str], Progress],
    on_wait: OnWait | None = None,
) -> Iterator[Outcome]:
    """Request what is missing, one exchange after the other, several holes at once, and yield each outcome.

    What an exchange turns out not to have is recorded as absent, so that it is not requested again. Streams that are
    keyed by time are left out, because their trades come from files, and so are the times that such a stream holds.

    Args:
        context: the context of the run.
        found: what is missing.
        progress: called at the beginning of an exchange; returns the function to call for its pages.
        on_wait: called for pauses.

    Raises:
        Misconfigured: simulated and real trades would mix.
    """
    wanted: dict[str, list[StreamGaps]] = {}
    for gaps in found:
        if gaps.holes and not gaps.is_in_files and not gaps.is_keyed_by_time:
            wanted.setdefault(gaps.exchange, []).append(gaps)
    keep_simulated_and_real_apart(context, {name: [each.stream for each in of] for name, of in wanted.items()})
    for exchange, of_exchange in wanted.items():
        yield outcome_of(context, exchange, _filling(context, of_exchange, progress(exchange)), on_wait)


def _filling(context: RunContext, wanted: Sequence[StreamGaps], progress: Progress) -> Land:
    def land(connector: Connector, fetcher: Fetcher, on_landed: OnLanded) -> Ingested:
        coverage = read_coverage(context.lake, connector.raw.name)
        segments = []
        for gaps in wanted:
            try:
                for hole in gaps.holes:
                    parts = parts_outside(fetcher, gaps.stream, coverage, hole)
                    segments += [Segment(gaps.stream, part) for part in parts]
            except SchemaHubError as error:
                fetcher.failures[gaps.stream] = error
        return land_segments(
            context.lake,
            connector,
            segments,
            fetcher=fetcher,
            now=context.now,
            progress=progress,
            on_landed=on_landed,
        )

    return land
