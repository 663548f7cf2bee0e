"""Landing through dlt against a bare pyarrow writer of the same rows; its peak memory; a warm load of 1,000 trades."""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median
from typing import Any

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
_POOL_PAGES = 200
_ROUNDS = 3

_Run = dict[str, Any]


def findings() -> list[Measurement]:
    """Measure landing and the yardstick in turn, each in its own process, so that each has its own peak of memory."""
    pairs = [_pair() for _ in range(_ROUNDS)]
    on_one_core = [_pair("on one core") for _ in range(_ROUNDS)]
    return [*_of_both_cores(pairs), _of_one_core(on_one_core), _of_a_warm_load()]


def _pair(*where: str) -> tuple[_Run, _Run]:
    bare, ours = (in_own_process(__name__, what, *where) for what in ("bare", "ours"))
    return bare, ours


def _of_both_cores(pairs: list[tuple[_Run, _Run]]) -> list[Measurement]:
    bare, ours = zip(*pairs, strict=True)
    peak = max(run["peak_gb"] for run in ours)
    return [
        Measurement(
            "landing 5 M trades: speed of a bare pyarrow zstd writer, which uses one core",
            median(b["seconds"] / o["seconds"] for b, o in pairs),
            1.4,
            at_least=True,
            unit="x",
            detail=_speeds(ours, bare, "seconds"),
        ),
        Measurement(
            "landing 5 M trades: bytes of the bare writer's file",
            ours[0]["bytes"] / bare[0]["bytes"],
            0.92,
            at_least=False,
            unit="x",
            detail=f"{ours[0]['bytes'] / ROWS:.1f} bytes a row against {bare[0]['bytes'] / ROWS:.1f}",
        ),
        Measurement(
            "landing 5 M trades: peak memory",
            peak,
            0.5,
            at_least=False,
            unit=" GB",
            detail=f"the bare writer {max(run['peak_gb'] for run in bare):.2f} GB",
        ),
    ]


def _of_one_core(pairs: list[tuple[_Run, _Run]]) -> Measurement:
    bare, ours = zip(*pairs, strict=True)
    return Measurement(
        "landing 5 M trades on one core: speed of a bare pyarrow zstd writer",
        median(b["processor_seconds"] / o["processor_seconds"] for b, o in pairs),
        0.95,
        at_least=True,
        unit="x",
        detail=f"{_speeds(ours, bare, 'processor_seconds')}, by the seconds of the processor",
    )


def _speeds(ours: tuple[_Run, ...], bare: tuple[_Run, ...], clock: str) -> str:
    landed, written = (median(run[clock] for run in runs) for runs in (ours, bare))
    return f"{ROWS / landed / 1e6:.2f} M rows/s against {ROWS / written / 1e6:.2f}"


def _of_a_warm_load() -> Measurement:
    return Measurement(
        "warm load of 1,000 trades",
        in_own_process(__name__, "warm")["seconds"],
        0.18,
        at_least=False,
        unit=" s",
        detail="median of 10, raw commit and ledger row, synced to the disk",
    )


def _pool() -> list[Page]:
    return list(trades.pages(_POOL_PAGES * trades.PAGE))


def _repeated(pool: list[Page]) -> Iterator[Page]:
    """The pages to land. The same ones are repeated, so that creating them takes no time."""
    return islice(chain.from_iterable(repeat(pool)), ROWS // trades.PAGE)


def _load(lake: LocalLake) -> LoadInProgress:
    table = ensure_table(lake, trades.RAW.table)
    return LoadInProgress(lake, trades.RAW, table, source="benchmark", channel="rest", now=utc_now)


def _ours(folder: Path, pool: list[Page]) -> _Run:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    land(_load(lake), iter(pool[:1]))  # dlt imports half of its modules when it is first used
    load = _load(lake)
    return {**_timed(lambda: land(load, _repeated(pool))), "bytes": sum(file.file_size_in_bytes for file in load.files)}


def _bare(folder: Path, pool: list[Page]) -> _Run:
    group = pa.concat_tables(_load(LocalLake(folder)).tables(iter(pool), "1767571200.123456"))
    file = folder / "bare.parquet"

    def write() -> None:
        with pq.ParquetWriter(file, group.schema, compression="zstd") as writer:
            for _ in range(ROWS // group.num_rows):
                writer.write_table(group)

    return {**_timed(write), "bytes": file.stat().st_size}


def _timed(work: Callable[[], object]) -> _Run:
    start = time.process_time()
    took = seconds(work)
    return {"seconds": took, "processor_seconds": time.process_time() - start}


def _warm(folder: Path, pool: list[Page]) -> _Run:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    took = [seconds(partial(land, _load(lake), iter([page]))) for page in pool[:11]]
    return {"seconds": median(took[1:])}


_WAYS = {"ours": _ours, "bare": _bare, "warm": _warm}


def main(what: str, where: str = "") -> None:
    """Measure one thing, on one core if `where` says so, and print it as JSON."""
    if where:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        run = _WAYS[what](Path(folder), _pool())
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**run, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(*sys.argv[1:])
