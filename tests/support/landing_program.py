"""Land trades up to an id, in a process that may kill itself: python landing_program.py LAKE LAST_ID [POINT]

The trades are those of an imaginary exchange whose ids are 1, 2, 3, …; trades that have landed are not landed again.
POINT names the point at which the process sends itself SIGKILL.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import CommitTableResponse, Table

from lakehouse.coverage import Stretch, microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake
from lakehouse.ledger import LEDGER
from lakehouse.ledger_commits import record
from lakehouse.open import open_lake
from lakehouse.raw_table import RawTable
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from loaders.piece import Piece

RAW = RawTable("imaginary", "trades", stream_column="market", id_column="id", time_column="at").with_columns(
    (LakeColumn("id", "string", "id"), LakeColumn("market", "string", "market"), LakeColumn("at", "timestamp", "time"))
)
MARKETS = ("AAA", "BBB")
PAGE = 100
START = datetime(2026, 1, 5)

POINTS = (
    "in extract",
    "while rows are encoded",
    "before a file is staged",
    "between two files",
    "before the commit",
    "after the commit",
    "after the ledger row",
)


def pieces(lake: Lake, last_id: int, point: str = "") -> Iterator[Piece]:
    """What the lake lacks up to an id."""
    coverage = read_coverage(lake, RAW.name)
    for market in MARKETS:
        first = max(1, coverage.of(market).newest_hole(0).low)
        for low in range(first, last_id + 1, PAGE):
            if point == "in extract" and market == MARKETS[1] and low > first:
                die()
            yield piece(market, range(low, min(low + PAGE, last_id + 1)))


def piece(market: str, ids: range) -> Piece:
    """Trades with these ids, and their claim."""
    first, last = (microseconds(START) + trade_id for trade_id in (ids[0], ids[-1]))
    return Piece(market, trades(market, ids), Stretch(ids[0], ids[-1] + 1, first, last, len(ids)))


def trades(market: str, ids: range) -> pa.RecordBatch:
    return RAW.batch(
        {
            "id": [str(trade_id) for trade_id in ids],
            "market": [market for _ in ids],
            "at": [START + timedelta(microseconds=trade_id) for trade_id in ids],
            "_raw_payload": [f'{{"id":{trade_id}}}' for trade_id in ids],
        },
    )


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(lake: Lake, point: str) -> None:
    """Make `lake` kill the process when it reaches `point`."""
    catalog = lake.catalog
    commit, put = catalog.commit_table, lake.put

    def commit_table(table: Table, requirements: Any, updates: Any) -> CommitTableResponse:
        name = table.name()[-1]
        if (name, point) == (RAW.name, "before the commit"):
            die()
        response = commit(table, requirements, updates)
        if (name, point) in ((RAW.name, "after the commit"), (LEDGER, "after the ledger row")):
            die()
        return response

    staged: list[Path] = []
    one_by_one = threading.Lock()

    def put_file(file: Path, to: str) -> None:
        with one_by_one:
            if point == "before a file is staged" or (point == "between two files" and staged):
                die()
            put(file, to)
            staged.append(file)

    catalog.commit_table = commit_table  # type: ignore[method-assign]
    lake.put = put_file  # type: ignore[method-assign]


def die_while_rows_are_encoded() -> None:
    """Kill the process while the third file is being encoded."""
    write_table = pq.ParquetWriter.write_table
    begun: list[pa.Table] = []

    def write_rows(writer: pq.ParquetWriter, rows: pa.Table, **options: Any) -> None:
        begun.append(rows)
        if len(begun) < 3:
            write_table(writer, rows, **options)
            return
        threading.Timer(0.001, die).start()
        while True:
            write_table(writer, rows, **options)

    pq.ParquetWriter.write_table = write_rows


def main(location: str, last_id: str, point: str = "") -> None:
    # so that a load of a few thousand rows has several files
    from loaders.landing import gather
    from loaders.landing.dlt_job import land
    from loaders.landing.load import LoadInProgress, Origin

    gather.ROWS_OF_A_FILE = 500

    lake = open_lake(location)
    with lake.loading(RAW.name):
        table = ensure_table(lake, RAW.table)
        record(lake, RAW)
        deadly(lake, point)
        if point == "while rows are encoded":
            die_while_rows_are_encoded()
        load = LoadInProgress(
            lake, RAW, table, Origin("imagined", "rest"), now=lambda: datetime.now(UTC).replace(tzinfo=None)
        )
        land(load, pieces(lake, int(last_id), point))


if __name__ == "__main__":
    main(*sys.argv[1:])
