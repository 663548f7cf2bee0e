"""Landing through dlt against a bare pyarrow writer of the same rows; its peak memory; a warm load of 1,000 trades."""

import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.lake import ensure_table
from lakehouse.local import LocalLake
from loaders.connector import Page
from loaders.landing.load import LoadInProgress
from schemahub.runs.attention import row_count
from schemahub.runs.context import utc_now

from . import trades
from .measure import Measurement, expect, in_own_process, seconds
from .size import SIZES, Size

_POOL_PAGES = 100


def findings(size: Size) -> list[Measurement]:
    """Measure landing and the yardstick in turn, each in its own process, so that each has its own peak of memory."""
    ours, bare = [], []
    for _ in range(size.landed_rounds):
        bare.append(in_own_process(__name__, "bare", size.name))
        ours.append(in_own_process(__name__, "ours", size.name))
    ratio = median(b["seconds"] / o["seconds"] for b, o in zip(bare, ours, strict=True))
    landed, written = (median(run["seconds"] for run in runs) for runs in (ours, bare))
    peak = max(run["peak_gb"] for run in ours)
    warm = in_own_process(__name__, "warm", size.name)
    trade_count = f"{size.landed_rows / 1e6:g} M trades"
    return [
        Measurement(
            f"landing {trade_count}: speed of a bare pyarrow zstd writer",
            ratio,
            0.8,
            at_least=True,
            unit="x",
            detail=f"{size.landed_rows / landed / 1e6:.2f} M rows/s against {size.landed_rows / written / 1e6:.2f}",
        ),
        Measurement(
            f"landing {trade_count}: peak memory",
            peak,
            0.8,
            at_least=False,
            unit=" GB",
            detail=f"the bare writer {max(run['peak_gb'] for run in bare):.2f} GB",
        ),
        Measurement(
            "warm load of 1,000 trades",
            warm["seconds"],
            0.3,
            at_least=False,
            unit=" s",
            detail=f"median of {size.warm_loads}, raw commit and ledger row",
        ),
    ]


def pages_to_repeat() -> list[Page]:
    return list(trades.pages(_POOL_PAGES * trades.PAGE))


def repeated(pool: list[Page], size: Size) -> Iterator[Page]:
    """The pages to land. The same ones are repeated, so that creating them takes no time."""
    return islice(chain.from_iterable(repeat(pool)), size.landed_rows // trades.PAGE)


def _load(lake: LocalLake) -> LoadInProgress:
    table = ensure_table(lake, trades.RAW.table)
    return LoadInProgress(lake, trades.RAW, table, source="benchmark", channel="rest", now=utc_now)


def _ours(folder: Path, pool: list[Page], size: Size) -> float:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    land(_load(lake), iter(pool[:1]))  # dlt imports half of its modules when it is first used
    load = _load(lake)
    took = seconds(lambda: land(load, repeated(pool, size)))
    expect("rows in the raw table", row_count(lake, trades.RAW.name), size.landed_rows + pool[0].rows.num_rows)
    return took


def _bare(folder: Path, pool: list[Page], size: Size) -> float:
    load = _load(LocalLake(folder))
    (rows,) = load.tables(iter(pool), "1767571200.123456")
    group = pa.concat_tables([rows, rows])

    def write() -> None:
        with pq.ParquetWriter(folder / "bare.parquet", group.schema, compression="zstd") as writer:
            for _ in range(size.landed_rows // group.num_rows):
                writer.write_table(group)

    return seconds(write)


def _warm(folder: Path, size: Size) -> float:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    took = []
    for number in range(1 + size.warm_loads):
        load = _load(lake)
        pages = list(trades.pages(1_000, first_id=1 + number * 1_000))
        took.append(seconds(partial(land, load, iter(pages))))
    return median(took[1:])


_WAYS = {"ours": _ours, "bare": _bare}


def main(what: str, size: Size) -> None:
    """Measure one thing, and print it as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        took = _warm(Path(folder), size) if what == "warm" else _WAYS[what](Path(folder), pages_to_repeat(), size)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": took, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1], SIZES[sys.argv[2]])
