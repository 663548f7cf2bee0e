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

from lakehouse.lake import Lake
from lakehouse.ledger import LEDGER
from lakehouse.ledger_commits import record
from lakehouse.open import open_lake
from lakehouse.raw_table import RawTable
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from loaders.connector import Page, page_of
from loaders.landing.watermarks import read_watermark

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


def pages(table: Table, last_id: int, point: str = "") -> Iterator[Page]:
    for market in MARKETS:
        cursor = read_watermark(table, market)
        first = int(cursor.last_id) + 1 if cursor else 1
        for low in range(first, last_id + 1, PAGE):
            if point == "in extract" and market == MARKETS[1] and low > first:
                die()
            yield page_of(RAW, market, trades(market, range(low, min(low + PAGE, last_id + 1))))


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
    """Kill the process while the third group of rows is being encoded; no file is complete then."""
    write_table = pq.ParquetWriter.write_table
    begun: list[pa.Table] = []

    def write_rows(writer: pq.ParquetWriter, rows: pa.Table) -> None:
        begun.append(rows)
        if len(begun) < 3:
            write_table(writer, rows)
            return
        threading.Timer(0.001, die).start()
        while True:
            write_table(writer, rows)

    pq.ParquetWriter.write_table = write_rows


def main(location: str, last_id: str, point: str = "") -> None:
    # so that a load of a few thousand rows has several files
    from loaders.landing import encoders
    from loaders.landing import load as load_module
    from loaders.landing.dlt_job import land
    from loaders.landing.load import LoadInProgress

    load_module._ROWS_TOGETHER = encoders.ROWS_OF_A_GROUP = 500
    encoders.ROWS_OF_A_FILE = 1000

    lake = open_lake(location)
    with lake.writing(RAW.name):
        table = ensure_table(lake, RAW.table)
        record(lake, RAW, table)
        deadly(lake, point)
        if point == "while rows are encoded":
            die_while_rows_are_encoded()
        load = LoadInProgress(
            lake, RAW, table, source="imagined", channel="rest", now=lambda: datetime.now(UTC).replace(tzinfo=None)
        )
        land(load, pages(table, int(last_id), point))


if __name__ == "__main__":
    main(*sys.argv[1:])
