"""Backfilling trades from JSON bodies over loopback to a committed table; its peak memory.

The yardsticks get the same bodies from a file: our parser alone, in one process, and ccxt's `parse_trades`, with the
JSON decoding before it and a Parquet file that pyarrow writes after it. ccxt is so slow that it gets a part of them.
"""

import json
import resource
import sys
import tempfile
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.coverage import Hole
from lakehouse.local import LocalLake
from loaders.channels.rate_limit import RateLimiter
from loaders.channels.rest import Fetcher
from loaders.connector import Budget, Segment
from loaders.connectors import load_connector
from loaders.landing.ingest import land_segments
from schemahub.runs.attention import row_count
from schemahub.runs.context import utc_now

from .canned import SYMBOLS, Bodies
from .measure import Measurement, expect, expect_free_disk, in_own_process, is_installed, seconds
from .page_server import serving
from .peers import ccxt_parser
from .size import SIZES, Size
from .trades import COLUMNS, PAGE

_BYTES_PER_TRADE = 250
"""The disk that a trade needs: its JSON text, and its row in a lake."""
_NO_LIMIT = Budget(units=1e12, seconds=1, burst=1e12)
_SEGMENTS = 4

_Run = dict[str, Any]


def findings(size: Size) -> list[Measurement]:
    """Measure each exchange, with the yardsticks in turn, each in its own process."""
    expect_free_disk(size.backfilled_rows * _BYTES_PER_TRADE / 1e9)
    found = []
    for exchange in SYMBOLS:
        with tempfile.TemporaryDirectory() as folder:
            Bodies.make(exchange, size.backfilled_rows // PAGE, Path(folder))
            found += _of(exchange, folder, size)
    return found


def _of(exchange: str, folder: str, size: Size) -> list[Measurement]:
    ways = ["parsing", "backfill"] + (["ccxt"] if is_installed("ccxt") else [])
    rounds = [
        {way: in_own_process(__name__, way, exchange, folder, size.name) for way in ways}
        for _ in range(size.backfilled_rounds)
    ]
    what = f"{exchange}: backfill of {size.backfilled_rows / 1e6:g} M trades"
    peak = max(run["backfill"]["peak_gb"] for run in rounds)
    measurements = [_speed(f"{what}: speed of parsing alone", rounds, "parsing", 0.5)]
    if "ccxt" in ways:
        measurements.append(_speed(f"{what}: speed of ccxt's parse_trades to Parquet", rounds, "ccxt", 8))
    detail = f"parsing alone {max(run['parsing']['peak_gb'] for run in rounds):.2f} GB; the bound is for 20 M trades"
    return [*measurements, Measurement(f"{what}: peak memory", peak, 0.6, at_least=False, unit=" GB", detail=detail)]


def _speed(what: str, rounds: list[dict[str, _Run]], yardstick: str, bound: float) -> Measurement:
    ours, theirs = (median(run[way]["trades_per_second"] for run in rounds) for way in ("backfill", yardstick))
    return Measurement(
        what,
        median(run["backfill"]["trades_per_second"] / run[yardstick]["trades_per_second"] for run in rounds),
        bound,
        at_least=True,
        unit="x",
        detail=f"{ours / 1e6:.2f} M trades/s against {theirs / 1e6:.3f}",
    )


def _backfill(exchange: str, folder: Path, size: Size) -> _Run:
    lake = LocalLake(folder / "lake")
    connector = load_connector(exchange, COLUMNS)
    with serving(exchange, folder) as address:

        def land(low: int, high: int, count: int) -> None:
            edges = [low + (high - low) * part // count // PAGE * PAGE for part in range(count)]
            holes = [Hole(1 + start, 1 + end, 0, None, resumes=True) for start, end in pairwise([*edges, high])]
            with Fetcher(connector, address, limiter=RateLimiter(_NO_LIMIT, clock=lambda: 0.0)) as fetcher:
                segments = [Segment(SYMBOLS[exchange], hole) for hole in holes]
                landed = land_segments(lake, connector, segments, fetcher=fetcher, now=utc_now)
            expect("walks that failed", {name: str(error) for name, error in landed.failures.items()}, {})
            expect("trades landed", landed.row_count, high - low)

        land(0, PAGE, 1)  # dlt imports half of its modules when it is first used
        took = seconds(lambda: land(PAGE, size.backfilled_rows, _SEGMENTS))
    expect("rows in the raw table", row_count(lake, connector.raw.name), size.backfilled_rows)
    return {"trades_per_second": (size.backfilled_rows - PAGE) / took}


def _parsing(exchange: str, folder: Path, size: Size) -> _Run:
    connector, bodies, symbol = load_connector(exchange, COLUMNS), Bodies.open(exchange, folder), SYMBOLS[exchange]
    return _of_bodies(bodies, lambda body: connector.parse(body, symbol=symbol).num_rows, size.backfilled_rows)


def _of_bodies(bodies: Bodies, rows_of: Callable[[bytes], int], trades: int) -> _Run:
    rows: list[int] = []
    took = seconds(lambda: rows.extend(rows_of(body) for body in islice(bodies, trades // PAGE)))
    expect("trades of all bodies", sum(rows), trades)
    return {"trades_per_second": trades / took}


def _ccxt(exchange: str, folder: Path, size: Size) -> _Run:
    parse, bodies = ccxt_parser(exchange), Bodies.open(exchange, folder)
    names = ("id", "symbol", "timestamp", "side", "price", "amount")
    with pq.ParquetWriter(folder / "ccxt.parquet", _CCXT, compression="zstd") as writer:

        def write(body: bytes) -> int:
            parsed = parse(body)
            columns = [[trade[name] for trade in parsed] for name in names]
            payloads = [json.dumps(trade["info"]) for trade in parsed]
            writer.write_batch(pa.record_batch([*columns, payloads], schema=_CCXT))
            return len(parsed)

        return _of_bodies(bodies, write, size.backfilled_by_ccxt)


_CCXT = pa.schema(
    {
        "id": pa.string(),
        "symbol": pa.string(),
        "timestamp": pa.int64(),
        "side": pa.string(),
        "price": pa.float64(),
        "amount": pa.float64(),
        "info": pa.string(),
    }
)
_WAYS: dict[str, Callable[[str, Path, Size], _Run]] = {"backfill": _backfill, "parsing": _parsing, "ccxt": _ccxt}


def main(way: str, exchange: str, folder: str, size: Size) -> None:
    """Measure one thing, and print it as JSON."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        for file in Path(folder).glob(f"{exchange}.*"):
            Path(own, file.name).symlink_to(file)
        run = _WAYS[way](exchange, Path(own), size)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**run, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], SIZES[sys.argv[4]])
