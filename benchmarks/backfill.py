"""Backfilling trades from JSON bodies over loopback to a committed table, by one loader or by two at once; its memory.

The yardsticks get the same bodies from a file: our parser alone, in one process, and ccxt's `parse_trades`, with the
JSON decoding before it and a Parquet file that pyarrow writes after it. ccxt is so slow that it gets a part of them.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.local import LocalLake
from loaders.connectors import load_connector
from schemahub.runs.attention import row_count

from .canned import SYMBOLS, Bodies
from .loader import land_side_by_side
from .measure import Measurement, expect, expect_free_disk, in_own_process, is_installed, seconds
from .page_server import serving
from .peers import ccxt_parser
from .size import SIZES, Size
from .trades import COLUMNS, PAGE

_BYTES_PER_TRADE = 250
"""The disk that a trade needs: its JSON text, and its row in a lake."""
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
    ways = ["parsing", *_LOADERS] + (["ccxt"] if is_installed("ccxt") else [])
    rounds = [
        {way: in_own_process(__name__, way, exchange, folder, size.name) for way in ways}
        for _ in range(size.backfilled_rounds)
    ]
    what = f"{exchange}: backfill of {size.backfilled_rows / 1e6:g} M trades"
    measurements = []
    for way in _LOADERS:
        measurements.append(_speed(f"{what} by {way}: speed of parsing alone", rounds, way, "parsing", 0.5))
        if "ccxt" in ways:
            measurements.append(
                _speed(f"{what} by {way}: speed of ccxt's parse_trades to Parquet", rounds, way, "ccxt", 8)
            )
    peaks = {way: max((run[way]["peaks_gb"] for run in rounds), key=sum) for way in _LOADERS}
    detail = f"each of two {max(peaks['two loaders']):.2f}; the bound is for 20 M trades"
    peak = sum(peaks["one loader"])
    return [
        *measurements,
        Measurement(f"{what} by one loader: peak memory", peak, 0.6, at_least=False, unit=" GB", detail=detail),
    ]


def _speed(what: str, rounds: list[dict[str, _Run]], way: str, yardstick: str, bound: float) -> Measurement:
    ours, theirs = (median(run[each]["trades_per_second"] for run in rounds) for each in (way, yardstick))
    return Measurement(
        what,
        median(run[way]["trades_per_second"] / run[yardstick]["trades_per_second"] for run in rounds),
        bound,
        at_least=True,
        unit="x",
        detail=f"{ours / 1e6:.2f} M trades/s against {theirs / 1e6:.3f}",
    )


def _backfill(exchange: str, folder: Path, size: Size, loaders: int) -> _Run:
    with serving(exchange, folder) as address:
        took, peaks = land_side_by_side(
            exchange, folder / "lake", address, size.backfilled_rows, loaders=loaders, segments=_SEGMENTS
        )
    raw = load_connector(exchange, COLUMNS).raw.name
    expect("rows in the raw table", row_count(LocalLake(folder / "lake"), raw), size.backfilled_rows)
    return {"trades_per_second": (size.backfilled_rows - loaders * PAGE) / took, "peaks_gb": peaks}


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
_LOADERS = {"one loader": 1, "two loaders": 2}
_WAYS: dict[str, Callable[[str, Path, Size], _Run]] = {
    "parsing": _parsing,
    "ccxt": _ccxt,
    **{way: partial(_backfill, loaders=count) for way, count in _LOADERS.items()},
}


def main(way: str, exchange: str, folder: str, size: Size) -> None:
    """Measure one thing, and print it as JSON."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        for file in Path(folder).glob(f"{exchange}.*"):
            Path(own, file.name).symlink_to(file)
        run = _WAYS[way](exchange, Path(own), size)
    print(json.dumps(run))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], SIZES[sys.argv[4]])
