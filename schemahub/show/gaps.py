"""Shows what is missing in raw tables. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lakehouse.coverage import Stretch, time_of
from lakehouse.printable import printable

from ..runs.gaps import StreamGaps, keys_in

MOST_PARTS = 20
"""The maximum number of parts of each kind that are listed for a stream: the largest ones."""


_BESIDE = "files that were imported hold times of the gap, and each second is taken either from files or from the API"


def gap_lines(found: Sequence[StreamGaps], reasons: Mapping[tuple[str, str], str] | None = None) -> Iterator[str]:
    """What is missing of each stream, and a last line with the totals; a single line if nothing is.

    Args:
        found: what is missing of each stream.
        reasons: for streams, by exchange and name, why their gaps could not be filled.
    """
    for gaps in found:
        yield from _stream_lines(gaps, (reasons or {}).get((gaps.exchange, gaps.stream)))
    yield _total(found)


def _stream_lines(gaps: StreamGaps, reason: str | None) -> Iterator[str]:
    name = f"{gaps.exchange} {printable(gaps.stream)}"
    if gaps.holes:
        yield f"{name}: {_count(len(gaps.holes), 'gap')}{_ids(gaps.missing_ids)}"
        yield from _parts(
            gaps, [(hole.low, keys_in(hole), hole.since, hole.until or hole.since) for hole in gaps.holes]
        )
        if reason is None and gaps.is_in_files:
            reason = _BESIDE
        if reason is not None:
            yield f"    not filled: {printable(reason, 1_000)}"
    if gaps.absent:
        yield f"{name}: the exchange has none there, in {_count(len(gaps.absent), 'part')}"
        yield from _parts(gaps, [_part(each) for each in gaps.absent])
    if gaps.unprovable:
        yield f"{name}: landed, but whether it is complete can't be proven, in {_count(len(gaps.unprovable), 'part')}"
        yield from _parts(gaps, [_part(each) for each in gaps.unprovable])


_Part = tuple[int, int, int, int]
"""The first key, the number of keys, and the times between which the part lies."""


def _part(stretch: Stretch) -> _Part:
    return stretch.low, stretch.high - stretch.low, stretch.since, stretch.until


def _parts(gaps: StreamGaps, parts: Sequence[_Part]) -> Iterator[str]:
    largest = sorted(sorted(parts, key=lambda part: part[1], reverse=True)[:MOST_PARTS])
    for low, keys, since, until in largest:
        times = f"{_time(since)} to {_time(until)} UTC"
        if gaps.is_keyed_by_time:
            yield f"    {_time(low)} to {_time(low + keys)} UTC"
        else:
            yield f"    ids {low} to {low + keys - 1}{_ids(keys if gaps.is_contiguous else None)}, {times}"
    if len(parts) > len(largest):
        yield f"    and {_count(len(parts) - len(largest), 'smaller one')}"


def _total(found: Sequence[StreamGaps]) -> str:
    streams = _count(len(found), "stream")
    with_holes = [gaps for gaps in found if gaps.holes]
    if not with_holes:
        return f"no gaps in {streams}"
    holes = sum(len(gaps.holes) for gaps in with_holes)
    known = [gaps.missing_ids for gaps in with_holes if gaps.missing_ids is not None]
    ids = _ids(sum(known) if known else None)
    return f"{_count(holes, 'gap')} in {len(with_holes)} of {streams}{ids}"


def not_filled(found: Iterable[StreamGaps], failures: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """For each stream that still has gaps after they were requested, the reason."""
    return {
        (gaps.exchange, gaps.stream): failures.get((gaps.exchange, gaps.stream), _usual_reason(gaps))
        for gaps in found
        if gaps.holes
    }


def _usual_reason(gaps: StreamGaps) -> str:
    if gaps.is_keyed_by_time:
        return "the trades of this stream come from files, which can't be requested over REST"
    if gaps.meets_files:
        return _BESIDE
    return "the exchange neither sent these trades nor showed that it has none; try again later"


def _ids(count: int | None) -> str:
    return "" if count is None else f", {_count(count, 'id')}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _time(us: int) -> str:
    return time_of(us).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
