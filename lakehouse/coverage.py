"""Coverage: which stretches of a source's history a raw table holds. Pure; knows neither Iceberg nor a source.

A stretch claims that every row of one stream whose key is in [low, high) is in the table. The key is the row's id
where ids are numbers that rise, with or without gaps, and the row's time in microseconds where they are not. Because
claims are half-open, all sources are alike: two stretches touch if one's `high` is the other's `low`, and a walk that
resumed after id 7 claims from 8 on, whichever id came next. A claim is what was requested and answered, never what the
rows alone seem to say.
"""

import dataclasses
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

BEGINNING = 0
"""The lowest key. A stretch from here on begins with the stream's first row."""

EARLIEST = 1_230_940_800_000_000
"""2009-01-03, in microseconds since 1970: no row is older, whatever its time says, because Bitcoin began then."""

Proof = Literal["ids", "pages", "file", "unprovable", "absent"]
"""Why a claim holds.

ids: the ids are contiguous, so a missing row would show. pages: each page continued the one before. file: a complete
file of the source; without rows, these are in the stream beside (see `stream_beside`). unprovable: nothing shows
whether the source left rows out. absent: the source was asked, and has no rows there, or no longer provides them.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Stretch(Struct, frozen=True, array_like=True):
    """All rows of a stream whose keys are in [low, high). Times are microseconds since 1970, UTC."""

    low: int
    high: int
    since: int
    """The time from which the stretch is complete: the requested one, or the first row's."""
    until: int
    """The time up to which the stretch is complete: the last row's, or later if the source said that it has no more."""
    rows: int
    """The number of rows. If it is less than high - low, the source itself has no rows with the other keys, or
    they are in the stream beside."""
    proof: Proof = "ids"
    token: str | None = None
    """The source's own text that resumes at `high`; None if there is none, as where a stretch was cut."""

    def __post_init__(self) -> None:
        if not (BEGINNING <= self.low < self.high and self.since <= self.until and self.rows >= 0):
            raise ValueError(f"not a stretch: {self}")

    def continues(self, earlier: "Stretch") -> bool:
        """Whether the two are one stretch: they touch, and are proven alike."""
        return earlier.high == self.low and earlier.proof == self.proof != "absent"

    def joined(self, later: "Stretch") -> "Stretch":
        """This stretch and a later one that continues it."""
        since, until = min(self.since, later.since), max(self.until, later.until)
        return replace(later, low=self.low, since=since, until=until, rows=self.rows + later.rows)


@dataclass(frozen=True)
class Hole:
    """A part of a stream that the table lacks, as a walk that fills it: where to begin, and where it may stop."""

    low: int
    """Keys below this one are held, or are not wanted."""
    high: int | None
    """The first key that is held again; None up to the source's present."""
    since: int
    """The time from which rows are wanted; microseconds since 1970, UTC."""
    until: int | None
    """The time up to which rows are wanted; None up to the source's present."""
    token: str | None = None
    """The source's own text that resumes at `low`; None if there is none."""
    resumes: bool = False
    """Whether the walk must begin exactly at `low`, because the rows below it are held. Otherwise it begins with the
    first row at or after `since`."""

    @property
    def since_time(self) -> datetime:
        """`since` as a time with the zone UTC."""
        return time_of(self.since)


class Overlap(ValueError):
    """A stretch to be added is held already, in whole or in part; it must be cut first."""


@dataclass(frozen=True)
class Stretches:
    """The coverage of one stream: sorted, disjoint, and joined where stretches touch and are proven alike."""

    stretches: tuple[Stretch, ...] = ()

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self.stretches)

    def __bool__(self) -> bool:
        return bool(self.stretches)

    def add(self, new: Stretch) -> "Stretches":
        """Both together; raises Overlap if a key of `new` is held."""
        at = bisect_left(self.stretches, new.low, key=lambda each: each.low)
        before, after = self.stretches[:at], self.stretches[at:]
        if (before and before[-1].high > new.low) or (after and after[0].low < new.high):
            raise Overlap(f"[{new.low}, {new.high}) is held in part")
        if before and new.continues(before[-1]):
            before, new = before[:-1], before[-1].joined(new)
        if after and after[0].continues(new):
            after, new = after[1:], new.joined(after[0])
        return Stretches((*before, new, *after))

    def missing(self, low: int, high: int) -> list[tuple[int, int]]:
        """The parts of [low, high) that are not held, in order."""
        parts, first = [], bisect_right(self.stretches, low, key=lambda each: each.high)
        for each in self.stretches[first:]:
            if each.low >= high:
                break
            if low < each.low:
                parts.append((low, each.low))
            low = max(low, each.high)
        return [*parts, (low, high)] if low < high else parts

    def holes(self, since: int, until: int) -> list[Hole]:
        """What is missing between two times, in order."""
        if not self.stretches:
            return [_hole(None, None, since, until)] if since < until else []
        first, last = self.stretches[0], self.stretches[-1]
        found = []
        if since < first.since:
            found.append(_hole(None, first, since, min(first.since, until)))
        # by keys, because rows on either side of a hole may have the same time
        for before, after in pairwise(self.stretches):
            begin, end = sorted((before.until, after.since))
            if before.high < after.low and begin < until and since <= end:
                found.append(_hole(before, after, max(since, before.until), min(after.since, until)))
        if (rest := max(since, last.until)) < until:
            found.append(_hole(last, None, rest, until))
        return found

    def newest_hole(self, since: int) -> Hole:
        """What came after the newest stretch, up to the present; without a stretch, what came since `since`."""
        if not self.stretches:
            return Hole(BEGINNING, None, since, None)
        newest = self.stretches[-1]
        return _hole(newest, None, newest.until, None)


def _hole(before: Stretch | None, after: Stretch | None, since: int, until: int | None) -> Hole:
    high = None if after is None else after.low
    if before is None:
        return Hole(BEGINNING, high, since, until)
    resumes = since <= before.until  # otherwise the rows between the two are not wanted
    return Hole(before.high, high, since, until, before.token if resumes else None, resumes)


Streams = dict[str, tuple[Stretch, ...]]
"""Stretches by stream; sorted, disjoint and joined."""

SECOND = 1_000_000
"""The number of microseconds in a second."""


def stream_beside(stream: str, what: str) -> str:
    """The name of a stream beside another one, whose rows it also has, but under other ids.

    Its keys are times, and it claims whole seconds. A second is in one of the two streams alone, because no id shows
    which rows are in both.
    """
    return f"{stream} ({what})"


def main_stream(name: str) -> str:
    """The stream that a stream is beside; the stream itself if it is beside none."""
    return name.partition(" (")[0] if name.endswith(")") else name


@dataclass(frozen=True)
class Coverage:
    """The coverage of a raw table."""

    streams: Streams

    def of(self, stream: str) -> Stretches:
        """The coverage of one stream; empty if nothing of it is held."""
        return Stretches(self.streams.get(stream, ()))

    def missing(self, stream: str, low: int, high: int) -> list[tuple[int, int]]:
        """The parts of [low, high) of a stream that are not held, in order.

        For a stream beside another one, the seconds of which the other has anything are held, too.
        """
        parts = self.of(stream).missing(low, high)
        if (main := main_stream(stream)) == stream:
            return parts
        for since, until in self._seconds(main):
            parts = [part for each in parts for part in _without(*each, since, until)]
        return parts

    def _seconds(self, stream: str) -> Iterator[tuple[int, int]]:
        """The whole seconds that stretches with rows touch."""
        for each in self.of(stream):
            if each.rows:  # otherwise the source had none, or they are in the stream beside
                yield each.since // SECOND * SECOND, (each.until // SECOND + 1) * SECOND

    @cached_property
    def times_beside(self) -> dict[str, list[tuple[int, int]]]:
        """The times that streams beside others hold, as [low, high) in order, by the other stream."""
        times: dict[str, list[tuple[int, int]]] = {}
        for name, stretches in self.streams.items():
            if (main := main_stream(name)) != name:
                times.setdefault(main, []).extend((each.low, each.high) for each in stretches)
        return {stream: sorted(found) for stream, found in times.items()}

    def outside(self, stream: str, hole: Hole) -> list[Hole]:
        """The parts of a hole whose times the stream beside doesn't hold, in order.

        What is landed of the other times is cut, because a second is in one of the two streams alone. A hole whose
        ends have one time remains whole, because its rows may be on either side of an edge there.
        """
        if hole.since == hole.until:
            return [hole]
        parts = []
        for since, until in self.times_beside.get(stream, ()):
            if until <= hole.since or (hole.until is not None and hole.until < since):
                continue
            if hole.since < since:
                parts.append(dataclasses.replace(hole, high=None, until=since))
            if hole.until is not None and hole.until < until:
                return parts
            # which key comes at this time is not known
            hole = dataclasses.replace(hole, since=until, token=None, resumes=False)
        return [*parts, hole]

    def with_added(self, added: Iterable[tuple[str, Stretch]]) -> "Coverage":
        """Together with these stretches; raises Overlap if one is held in part."""
        streams = dict(self.streams)
        for stream, stretch in added:
            streams[stream] = Stretches(streams.get(stream, ())).add(stretch).stretches
        return Coverage(streams)


def _without(low: int, high: int, since: int, until: int) -> list[tuple[int, int]]:
    """[low, high) without [since, until)."""
    parts = [(low, min(high, since)), (max(low, until), high)]
    return [(start, stop) for start, stop in parts if start < stop]


def each_stretch(streams: Streams) -> Iterator[tuple[str, Stretch]]:
    """Every stretch with its stream."""
    for stream, stretches in streams.items():
        for stretch in stretches:
            yield stream, stretch


def microseconds(moment: datetime) -> int:
    """A time as microseconds since 1970, UTC; a time without a zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - _EPOCH) // _MICROSECOND


def time_of(us: int) -> datetime:
    """Microseconds since 1970 as a time with the zone UTC, within the range of Python's datetime."""
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        return (datetime.max if us > 0 else datetime.min).replace(tzinfo=UTC)
