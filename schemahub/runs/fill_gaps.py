"""Fills the holes in what raw tables hold, over REST."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Segment
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
    segments: dict[str, list[Segment]] = {}
    for gaps in found:
        if gaps.to_request and not gaps.is_keyed_by_time:
            segments.setdefault(gaps.exchange, []).extend(Segment(gaps.stream, hole) for hole in gaps.to_request)
    keep_simulated_and_real_apart(context, {name: [each.stream for each in of] for name, of in segments.items()})
    for exchange, of_exchange in segments.items():
        yield outcome_of(context, exchange, _filling(context, of_exchange, progress(exchange)), on_wait)


def _filling(context: RunContext, segments: Sequence[Segment], progress: Progress) -> Land:
    def land(connector: Connector, fetcher: Fetcher, on_landed: OnLanded) -> Ingested:
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
