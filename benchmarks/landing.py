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

from lakehouse.local import LocalLake
from lakehouse.tables import ensure_table
from loaders.connector import Page
from loaders.landing.load import LoadInProgress
from schemahub.runs.context import utc_now

from . import trades
from .measure import Measurement, in_own_process, seconds

ROWS = 5_000_000
_POOL_PAGES = 100
_ROUNDS = 3


def findings() -> list[Measurement]:
    """Measure landing and the yardstick in turn, each in its own process, so that each has its own peak of memory."""
    ours, bare = [], []
    for _ in range(_ROUNDS):
        bare.append(in_own_process(__name__, "bare"))
        ours.append(in_own_process(__name__, "ours"))
    ratio = median(b["seconds"] / o["seconds"] for b, o in zip(bare, ours, strict=True))
    landed, written = (median(run["seconds"] for run in runs) for runs in (ours, bare))
    peak = max(run["peak_gb"] for run in ours)
    warm = in_own_process(__name__, "warm")
    return [
        Measurement(
            "landing 5 M trades: speed of a bare pyarrow zstd writer",
            ratio,
            0.8,
            at_least=True,
            unit="x",
            detail=f"{ROWS / landed / 1e6:.2f} M rows/s against {ROWS / written / 1e6:.2f}",
        ),
        Measurement(
            "landing 5 M trades: peak memory",
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
            detail="median of 10, raw commit and ledger row",
        ),
    ]


def _pool() -> list[Page]:
    return list(trades.pages(_POOL_PAGES * trades.PAGE))


def _repeated(pool: list[Page]) -> Iterator[Page]:
    """The pages to land. The same ones are repeated, so that creating them takes no time."""
    return islice(chain.from_iterable(repeat(pool)), ROWS // trades.PAGE)


def _load(lake: LocalLake) -> LoadInProgress:
    table = ensure_table(lake, trades.RAW.table)
    return LoadInProgress(lake, trades.RAW, table, source="benchmark", channel="rest", now=utc_now)


def _ours(folder: Path, pool: list[Page]) -> float:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    land(_load(lake), iter(pool[:1]))  # dlt imports half of its modules when it is first used
    load = _load(lake)
    return seconds(lambda: land(load, _repeated(pool)))


def _bare(folder: Path, pool: list[Page]) -> float:
    load = _load(LocalLake(folder))
    (rows,) = load.tables(iter(pool), "1767571200.123456")
    group = pa.concat_tables([rows, rows])

    def write() -> None:
        with pq.ParquetWriter(folder / "bare.parquet", group.schema, compression="zstd") as writer:
            for _ in range(ROWS // group.num_rows):
                writer.write_table(group)

    return seconds(write)


def _warm(folder: Path) -> float:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    took = []
    for number in range(11):
        load = _load(lake)
        pages = list(trades.pages(1_000, first_id=1 + number * 1_000))
        took.append(seconds(partial(land, load, iter(pages))))
    return median(took[1:])


_WAYS = {"ours": _ours, "bare": _bare}


def main(what: str) -> None:
    """Measure one thing, and print it as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        took = _warm(Path(folder)) if what == "warm" else _WAYS[what](Path(folder), _pool())
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": took, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1])
