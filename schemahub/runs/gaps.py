"""Finds the holes in what raw tables hold, from their coverage alone; `fill_gaps.py` fills them.

A hole lies between two stretches of one stream. What comes before a stream's first stretch or after its last one is
none: the first is for whoever wants older trades, and the second for the next load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lakehouse.coverage import Coverage, Hole, Stretch
from lakehouse.coverage_record import read_coverage
from loaders.connectors import connector_names, load_connector

from .. import symbols as product_symbols
from .context import RunContext

TIME_AND_SALES = " (time and sales)"
"""The end of the names of streams whose rows come from an exchange's files with times instead of ids."""


@dataclass(frozen=True)
class StreamGaps:
    """What a raw table lacks of one stream, and what it holds without a proof."""

    exchange: str
    stream: str
    holes: tuple[Hole, ...]
    """In the order of their keys. Each one begins exactly where what is held ends."""
    absent: tuple[Stretch, ...]
    """The parts of which the exchange itself has no trades."""
    unprovable: tuple[Stretch, ...]
    """The parts that are held, though nothing shows whether the exchange left trades out."""
    is_in_files: bool
    """Whether the stream beside holds all times of the holes, so that nothing more would be landed of them."""
    meets_files: bool
    """Whether the stream beside holds times of the holes, of which nothing more would be landed."""
    is_contiguous: bool
    """Whether ids follow each other without gaps, so that a hole of 10 keys lacks at most 10 trades."""

    @property
    def is_keyed_by_time(self) -> bool:
        """Whether the keys of the stream's holes and stretches are times in microseconds since 1970, UTC."""
        return self.stream.endswith(TIME_AND_SALES)

    @property
    def missing_ids(self) -> int | None:
        """The number of ids in the holes; None where a hole's keys say nothing about the number of trades."""
        return sum(keys_in(hole) for hole in self.holes) if self.is_contiguous else None


def keys_in(hole: Hole) -> int:
    """The number of keys in a hole between two stretches."""
    assert hole.high is not None
    return hole.high - hole.low


def holes_between(stretches: Iterable[Stretch]) -> list[Hole]:
    """The holes between stretches, which are sorted and disjoint, as walks that fill them."""
    return [
        Hole(before.high, after.low, before.until, max(before.until, after.since), before.token, resumes=True)
        for before, after in pairwise(stretches)
        if before.high < after.low
    ]


def stream_gaps(exchange: str, stream: str, coverage: Coverage) -> StreamGaps:
    """What is missing of a stream of a raw table with this coverage."""
    stretches = coverage.of(stream).stretches
    holes = tuple(holes_between(stretches))
    outside = [coverage.outside(stream, hole) for hole in holes]
    return StreamGaps(
        exchange,
        stream,
        holes,
        tuple(each for each in stretches if each.proof == "absent"),
        tuple(each for each in stretches if each.proof == "unprovable"),
        is_in_files=bool(holes) and not any(outside),
        meets_files=any(parts != [hole] for parts, hole in zip(outside, holes, strict=True)),
        is_contiguous=any(each.proof == "ids" for each in stretches) and not stream.endswith(TIME_AND_SALES),
    )


def wanted_streams(
    context: RunContext, exchange: str | None, symbols: Sequence[str] | None
) -> Mapping[str, frozenset[str] | None]:
    """For each exchange that is wanted, the names of its streams; None stands for all that were ever landed.

    Args:
        context: the context of the run.
        exchange: an exchange; None for all.
        symbols: symbols as BASE-QUOTE, listed now or in the past; None for all.

    Raises:
        Misconfigured: the exchange or a symbol is unknown; the message names near matches.
    """
    exchanges = [load_connector(exchange).name] if exchange else connector_names()
    if symbols is None:
        return dict.fromkeys(exchanges)
    products = context.registry.products
    listed = product_symbols.exchange_symbols(symbols, exchanges, products)
    gone = product_symbols.no_longer_listed(symbols, exchanges, products)
    return {
        each: frozenset(name + end for name in (*listed[each], *gone[each]) for end in ("", TIME_AND_SALES))
        for each in exchanges
    }


def held_streams(
    context: RunContext, wanted: Mapping[str, frozenset[str] | None]
) -> Iterator[tuple[str, str, Coverage]]:
    """The wanted streams of which anything is held, in order: exchange, stream, and the coverage of their raw table.

    Raises:
        LakeUnavailable: a file of the coverage, or of a table's metadata, is missing or damaged.
    """
    for exchange, names in wanted.items():
        coverage = read_coverage(context.lake, load_connector(exchange).raw.name)
        for stream, stretches in sorted(coverage.streams.items()):
            if stretches and (names is None or stream in names):
                yield exchange, stream, coverage


def find_gaps(context: RunContext, wanted: Mapping[str, frozenset[str] | None]) -> list[StreamGaps]:
    """What is missing of each wanted stream; reads no trades. Raises as `held_streams` does."""
    return [stream_gaps(*held) for held in held_streams(context, wanted)]
