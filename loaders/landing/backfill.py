"""What a stream lacks between two times, divided into segments that are walked at the same time."""

from dataclasses import dataclass, replace
from datetime import timedelta

from lakehouse.coverage import Coverage, Hole, time_of

from ..channels.rest import Fetcher
from ..connector import Connector, Seekable, Segment

_SHORTEST = timedelta(hours=1) // timedelta(microseconds=1)
"""The shortest part of a hole that is worth a segment of its own, in microseconds; finding its beginning takes several
requests."""


@dataclass(frozen=True)
class Lacking:
    """What one stream lacks between two times."""

    stream: str
    held: int
    """The number of rows that the table has between these times, or a few more."""
    holes: list[Hole]
    rows: int | None
    """About how many rows the holes have; None if the source can't tell."""

    def calls(self, connector: Connector, *, elsewhere: int = 0) -> int | None:
        """About how many requests the holes take without the `elsewhere` rows; None if the source can't tell."""
        if self.rows is None or not isinstance(connector, Seekable):
            return None
        rows = max(0, self.rows - elsewhere)
        return len(self.holes) + rows // connector.page_rows if self.holes else 0


def lacking(fetcher: Fetcher, stream: str, coverage: Coverage, *, since: int, until: int) -> Lacking:
    """What a stream lacks between two times, microseconds since 1970, UTC; nothing of what the stream beside it holds.

    Requests the ends of its holes, if the source finds keys by time. Holes without rows are left out then.
    """
    held = coverage.of(stream)
    rows = sum(each.rows for each in held if each.until >= since and each.since <= until)
    holes = [part for hole in held.holes(since, until) for part in parts_outside(fetcher, stream, coverage, hole)]
    if not isinstance(fetcher.connector, Seekable):
        return Lacking(stream, rows, holes, None)
    found = [_found(fetcher, fetcher.connector, stream, hole) for hole in holes]
    there = [(hole, high - hole.low) for hole, high in found if high > hole.low]
    return Lacking(stream, rows, [hole for hole, _ in there], sum(count for _, count in there))


def parts_outside(fetcher: Fetcher, stream: str, coverage: Coverage, hole: Hole) -> list[Hole]:
    """The parts of a hole whose times the stream beside doesn't hold, in order.

    No two of them share a key, so that all of them can be walked at the same time. For that, the keys at the edges of
    these times are requested; a source that doesn't find keys by time is asked for the whole hole.
    """
    parts = coverage.outside(stream, hole)
    if parts == [hole]:
        return parts
    if not isinstance(fetcher.connector, Seekable):
        return [hole] if parts else []
    keyed: list[Hole] = []
    low = hole.low
    for part in parts:
        if part.since != hole.since:
            low = max(low, fetcher.answer(fetcher.connector.key_at(stream, part.since_time)))
            part = replace(part, low=low, resumes=True)
        if part.until != hole.until and part.until is not None:
            end = fetcher.answer(fetcher.connector.key_at(stream, time_of(part.until)))
            low = max(low, end if hole.high is None else min(end, hole.high))
            part = replace(part, high=low)
        if part.high is None or part.low < part.high:
            keyed.append(part)
    return keyed


def _found(fetcher: Fetcher, connector: Seekable, stream: str, hole: Hole) -> tuple[Hole, int]:
    """The hole with the key that it begins with, and the key that it ends before."""
    if not hole.resumes:
        low = max(hole.low, fetcher.answer(connector.key_at(stream, hole.since_time)))
        hole = replace(hole, low=low, resumes=True)
    if hole.high is not None or hole.until is None:
        return hole, hole.high or hole.low
    return hole, fetcher.answer(connector.key_at(stream, time_of(hole.until)))


def segments(fetcher: Fetcher, lacks: Lacking, *, parts: int) -> list[Segment]:
    """The holes as segments, at least `parts` of them if the holes are long and their keys can be found by time."""
    holes = lacks.holes
    if isinstance(fetcher.connector, Seekable) and holes:
        each = -(-parts // len(holes))
        holes = [part for hole in holes for part in _divided(fetcher, fetcher.connector, lacks.stream, hole, each)]
    return [Segment(lacks.stream, hole) for hole in holes]


def _divided(fetcher: Fetcher, connector: Seekable, stream: str, hole: Hole, parts: int) -> list[Hole]:
    if hole.until is None:
        return [hole]
    parts = min(parts, (hole.until - hole.since) // _SHORTEST)
    edges = [hole.since + (hole.until - hole.since) * part // parts for part in range(1, parts)] if parts > 1 else []
    divided = []
    for edge in edges:
        key = fetcher.answer(connector.key_at(stream, time_of(edge)))
        if key <= hole.low or (hole.high is not None and key >= hole.high):
            continue
        divided.append(Hole(hole.low, key, hole.since, edge, hole.token, hole.resumes))
        hole = Hole(key, hole.high, edge, hole.until, resumes=True)
    return [*divided, hole]
