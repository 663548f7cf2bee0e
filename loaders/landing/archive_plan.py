"""Which part of what a stream lacks is to be taken from its source's archives of whole days and months."""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import Hole
from lakehouse.errors import SchemaHubError

from ..channels.rest import Fetcher
from ..connector import Page, Request, Response, Seekable, Walk
from .backfill import Lacking
from .periods import Period, midnight, periods_within, whole_days

_REQUESTS = 2
"""The number of requests that an archive takes: for its checksum, and for itself."""


@dataclass(frozen=True)
class FromArchives:
    """What is to be taken from archives of one stream, as far as these exist."""

    stream: str
    periods: list[Period] = field(default_factory=list)
    """In order."""
    rows: int = 0
    """About how many rows these periods have."""

    @property
    def days(self) -> int:
        return sum(each.days for each in self.periods)


def from_archives(fetcher: Fetcher, lacks: Lacking) -> FromArchives:
    """What to take from archives of all that a stream lacks: nothing of holes that pages fill with fewer requests.

    An archive has whole days, so only days of which nothing is held are taken from it. Requests the times of the first
    and last rows of long holes, because most of the time since 1970 has no archives.
    """
    planned = FromArchives(lacks.stream)
    connector = fetcher.connector
    if isinstance(connector, Seekable) and (lacks.calls(connector) or 0) > _REQUESTS:
        for hole in lacks.holes:
            with suppress(SchemaHubError):  # whatever it is, the walk through the hole says it
                found = _of_hole(fetcher, connector, lacks.stream, hole)
                planned = FromArchives(lacks.stream, planned.periods + found.periods, planned.rows + found.rows)
    return planned


def _of_hole(fetcher: Fetcher, connector: Seekable, stream: str, hole: Hole) -> FromArchives:
    nothing = FromArchives(stream)
    if hole.until is None:
        return nothing
    begin, end = whole_days(hole.since, hole.until)
    if begin >= end:
        return nothing
    low = max(hole.low, fetcher.answer(connector.key_at(stream, midnight(begin))))
    high = fetcher.answer(connector.key_at(stream, midnight(end)))
    if (high - low) // connector.page_rows <= _REQUESTS:
        return nothing
    first = _time_of(fetcher, stream, Hole(low, None, hole.since, None, resumes=True))
    last = _time_of(fetcher, stream, Hole(high - 1, high, hole.since, None, resumes=True))
    if first is None:
        return nothing
    periods = periods_within(hole.since, hole.until, first=first, last=hole.until if last is None else last)
    is_worth_it = (high - low) // connector.page_rows > _REQUESTS * len(periods)
    return FromArchives(stream, periods, high - low) if is_worth_it else nothing


def _time_of(fetcher: Fetcher, stream: str, hole: Hole) -> int | None:
    """The time of the first row in a hole, in microseconds since 1970; None if it is not known."""
    page = fetcher.answer(_first_page(fetcher.connector.walk(stream, hole)))
    if page is None:
        return None
    times = page.rows[fetcher.connector.raw.time_column].cast(pa.int64())
    first: int | None = pc.min(times).as_py()
    return first


def _first_page(walk: Walk) -> Generator[Request, Response, Page | None]:
    step = next(walk, None)
    while isinstance(step, Request):
        response = yield step
        try:
            step = walk.send(response)
        except StopIteration:
            return None
    return step
