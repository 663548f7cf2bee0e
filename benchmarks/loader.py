"""`python -m benchmarks.loader EXCHANGE LAKE ADDRESS LOW HIGH SEGMENTS`: land a part of canned trades in a lake.

It lands the page of trades from LOW on, because dlt imports half of its modules when it is first used. Then it says
`ready`, waits for a line, lands the other trades with ids up to HIGH, and says the peak of its memory in GB.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

from lakehouse.coverage import Hole
from lakehouse.local import LocalLake
from loaders.channels.rate_limit import RateLimiter
from loaders.channels.rest import Fetcher
from loaders.connector import Budget, Segment
from loaders.connectors import load_connector
from loaders.landing.ingest import land_segments
from schemahub.runs.context import utc_now

from .canned import SYMBOLS
from .measure import CannotMeasure, expect, seconds
from .trades import COLUMNS, PAGE

_NO_LIMIT = Budget(units=1e12, seconds=1, burst=1e12)


def land_side_by_side(
    exchange: str, lake: Path, address: str, trades: int, *, loaders: int, segments: int
) -> tuple[float, list[float]]:
    """Land trades by several loaders of one table at once, each in a process of its own, without their first pages.

    Args:
        exchange: the exchange of the trades.
        lake: the folder of the lake.
        address: where the exchange's pages are served.
        trades: the number of trades in all.
        loaders: the number of loaders; each gets a part of the trades.
        segments: the number of segments that are walked at once, by all loaders together.

    Returns:
        The seconds that they took, and the peak memory of each in GB.
    """
    edges = _edges(0, trades, loaders)
    with ExitStack() as stack:
        running = [
            stack.enter_context(_loader(exchange, str(lake), address, str(low), str(high), str(segments // loaders)))
            for low, high in pairwise(edges)
        ]
        for each in running:
            _expect_line(each, "ready")

        def land() -> None:
            for each in running:
                assert each.stdin is not None
                print(file=each.stdin, flush=True)
            for each in running:
                _expect_line(each, "landed")

        took = seconds(land)
        return took, [float(_line(each)) for each in running]


def _edges(low: int, high: int, parts: int) -> list[int]:
    """Where parts of [low, high) begin, at whole pages, and `high`."""
    return [*(low + (high - low) * part // parts // PAGE * PAGE for part in range(parts)), high]


@contextmanager
def _loader(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.loader", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _expect_line(loader: subprocess.Popen[str], expected: str) -> None:
    if (found := _line(loader)) != expected:
        raise CannotMeasure(f"a loader said {found!r}, expected {expected!r}; what else it said is above")


def _line(loader: subprocess.Popen[str]) -> str:
    assert loader.stdout is not None
    return loader.stdout.readline().strip()


def _land(exchange: str, lake: Path, address: str, low: int, high: int, segments: int) -> None:
    connector = load_connector(exchange, COLUMNS)
    holes = [Hole(1 + start, 1 + end, 0, None, resumes=True) for start, end in pairwise(_edges(low, high, segments))]
    with Fetcher(connector, address, limiter=RateLimiter(_NO_LIMIT, clock=lambda: 0.0)) as fetcher:
        walks = [Segment(SYMBOLS[exchange], hole) for hole in holes]
        landed = land_segments(LocalLake(lake), connector, walks, fetcher=fetcher, now=utc_now)
    expect("walks that failed", {name: str(error) for name, error in landed.failures.items()}, {})
    expect("trades landed", landed.row_count, high - low)


def main(arguments: Sequence[str]) -> None:
    """Be a loader."""
    exchange, lake, address, low, high, segments = arguments
    _land(exchange, Path(lake), address, int(low), int(low) + PAGE, 1)
    print("ready", flush=True)
    sys.stdin.readline()
    _land(exchange, Path(lake), address, int(low) + PAGE, int(high), int(segments))
    print("landed", flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)


if __name__ == "__main__":
    main(sys.argv[1:])
