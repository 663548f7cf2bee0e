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
from loaders.landing.load import LoadInProgress, Origin
from loaders.piece import Piece
from schemahub.runs.attention import row_count
from schemahub.runs.context import utc_now

from . import trades
from .measure import Measurement, expect, in_own_process, seconds
from .size import SIZES, Size

_POOL_PAGES = 200

_Run = dict[str, Any]


def findings(size: Size) -> list[Measurement]:
    """Measure landing and the yardstick in turn, each in its own process, so that each has its own peak of memory."""
    pairs = [_pair(size) for _ in range(size.landed_rounds)]
    on_one_core = [_pair(size, "on one core") for _ in range(size.landed_rounds)]
    return [*_of_both_cores(pairs, size), _of_one_core(on_one_core, size), _of_a_warm_load(size)]


def _pair(size: Size, *where: str) -> tuple[_Run, _Run]:
    bare, ours = (in_own_process(__name__, what, size.name, *where) for what in ("bare", "ours"))
    return bare, ours


def _of_both_cores(pairs: list[tuple[_Run, _Run]], size: Size) -> list[Measurement]:
    bare, ours = zip(*pairs, strict=True)
    peak = max(run["peak_gb"] for run in ours)
    return [
        Measurement(
            f"landing {size.landed_rows / 1e6:g} M trades: speed of a bare pyarrow zstd writer, which uses one core",
            median(b["seconds"] / o["seconds"] for b, o in pairs),
            1.4,
            at_least=True,
            unit="x",
            detail=_speeds(ours, bare, "seconds", size),
        ),
        Measurement(
            f"landing {size.landed_rows / 1e6:g} M trades: bytes of the bare writer's file",
            ours[0]["bytes"] / bare[0]["bytes"],
            0.92,
            at_least=False,
            unit="x",
            detail=f"{ours[0]['bytes'] / size.landed_rows:.1f} bytes a row "
            f"against {bare[0]['bytes'] / size.landed_rows:.1f}",
        ),
        Measurement(
            f"landing {size.landed_rows / 1e6:g} M trades: peak memory",
            peak,
            0.5,
            at_least=False,
            unit=" GB",
            detail=f"the bare writer {max(run['peak_gb'] for run in bare):.2f} GB",
        ),
    ]


def _of_one_core(pairs: list[tuple[_Run, _Run]], size: Size) -> Measurement:
    bare, ours = zip(*pairs, strict=True)
    return Measurement(
        f"landing {size.landed_rows / 1e6:g} M trades on one core: speed of a bare pyarrow zstd writer",
        median(b["processor_seconds"] / o["processor_seconds"] for b, o in pairs),
        0.95,
        at_least=True,
        unit="x",
        detail=f"{_speeds(ours, bare, 'processor_seconds', size)}, by the seconds of the processor",
    )


def _speeds(ours: tuple[_Run, ...], bare: tuple[_Run, ...], clock: str, size: Size) -> str:
    landed, written = (median(run[clock] for run in runs) for runs in (ours, bare))
    return f"{size.landed_rows / landed / 1e6:.2f} M rows/s against {size.landed_rows / written / 1e6:.2f}"


def _of_a_warm_load(size: Size) -> Measurement:
    return Measurement(
        "warm load of 1,000 trades",
        in_own_process(__name__, "warm", size.name)["seconds"],
        0.18,
        at_least=False,
        unit=" s",
        detail=f"median of {size.warm_loads}, raw commit and ledger row, synced to the disk",
    )


def pieces_to_repeat() -> list[Piece]:
    return list(trades.pieces(_POOL_PAGES * trades.PAGE))


def repeated(pool: list[Piece], size: Size) -> Iterator[Piece]:
    """The pieces to land. The same ones are repeated with other ids, so that creating them takes little time."""
    pieces = islice(chain.from_iterable(repeat(pool)), size.landed_rows // trades.PAGE)
    for number, piece in enumerate(pieces, start=1):  # the first page is landed already
        yield trades.with_ids(piece, 1 + number * trades.PAGE)


def _load(lake: LocalLake) -> LoadInProgress:
    table = ensure_table(lake, trades.RAW.table)
    return LoadInProgress(lake, trades.RAW, table, Origin("benchmark", "rest"), now=utc_now)


def _ours(folder: Path, pool: list[Piece], size: Size) -> _Run:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    land(_load(lake), iter(pool[:1]))  # dlt imports half of its modules when it is first used
    load = _load(lake)
    run = _timed(lambda: land(load, repeated(pool, size)))
    expect("rows in the raw table", row_count(lake, trades.RAW.name), size.landed_rows + pool[0].rows.num_rows)
    return {**run, "bytes": sum(file.data_file.file_size_in_bytes for file in load.staged)}


def _bare(folder: Path, pool: list[Piece], size: Size) -> _Run:
    rows = pa.Table.from_batches([piece.rows for piece in pool])
    group = _load(LocalLake(folder)).with_provenance(rows)
    file = folder / "bare.parquet"

    def write() -> None:
        with pq.ParquetWriter(file, group.schema, compression="zstd") as writer:
            for _ in range(size.landed_rows // group.num_rows):
                writer.write_table(group)

    return {**_timed(write), "bytes": file.stat().st_size}


def _timed(work: Callable[[], object]) -> _Run:
    start = time.process_time()
    took = seconds(work)
    return {"seconds": took, "processor_seconds": time.process_time() - start}


def _warm(folder: Path, pool: list[Piece], size: Size) -> _Run:
    from loaders.landing.dlt_job import land

    lake = LocalLake(folder)
    took = [seconds(partial(land, _load(lake), iter([page]))) for page in pool[: 1 + size.warm_loads]]
    return {"seconds": median(took[1:])}


_WAYS = {"ours": _ours, "bare": _bare, "warm": _warm}


def main(what: str, size: Size, where: str = "") -> None:
    """Measure one thing, on one core if `where` says so, and print it as JSON."""
    if where:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        run = _WAYS[what](Path(folder), pieces_to_repeat(), size)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**run, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1], SIZES[sys.argv[2]], *sys.argv[3:])
