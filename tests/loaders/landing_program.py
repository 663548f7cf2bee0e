"""Land trades up to an id, in a process that may kill itself: python landing_program.py LAKE LAST_ID [POINT]

The trades are those of an imaginary venue whose ids are 1, 2, 3, …; what is landed already is not landed again.
POINT is where the process sends itself SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from loaders.connector import Page, batch_of, page_of
from loaders.lake import CATALOG, LocalLake, ensure_table
from loaders.lake_table import Column
from loaders.ledger import LEDGER, record
from loaders.raw_table import RawTable
from loaders.watermarks import read_watermark

RAW = RawTable(
    "imaginary",
    (Column("id", "string", "id"), Column("market", "string", "market"), Column("at", "timestamp", "time")),
    symbol="market",
    trade_id="id",
    trade_time="at",
)
MARKETS = ("AAA", "BBB")
PAGE = 100
START = datetime(2026, 1, 5)

POINTS = ("in extract", "before a file is staged", "before the commit", "after the commit", "after the ledger row")


def pages(table: Table, last_id: int, point: str = "") -> Iterator[Page]:
    for market in MARKETS:
        cursor = read_watermark(table, market)
        first = int(cursor.last_id) + 1 if cursor else 1
        for low in range(first, last_id + 1, PAGE):
            if point == "in extract" and market == MARKETS[1] and low > first:
                die()
            yield page_of(RAW, market, trades(market, range(low, min(low + PAGE, last_id + 1))))


def trades(market: str, ids: range) -> pa.RecordBatch:
    return batch_of(
        RAW,
        {
            "id": [str(trade_id) for trade_id in ids],
            "market": [market for _ in ids],
            "at": [START + timedelta(microseconds=trade_id) for trade_id in ids],
            "_raw_payload": [f'{{"id":{trade_id}}}' for trade_id in ids],
        },
    )


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class KillingCatalog(SqlCatalog):
    point = ""

    def commit_table(self, table, requirements, updates):  # type: ignore[no-untyped-def]
        name = table.name()[-1]
        if (name, self.point) == (RAW.table.name, "before the commit"):
            die()
        response = super().commit_table(table, requirements, updates)
        if (
            name == RAW.table.name
            and self.point == "after the commit"
            and table.metadata.current_snapshot_id != (response.metadata.current_snapshot_id)
        ):
            die()
        if name == LEDGER.name and self.point == "after the ledger row":
            die()
        return response


class KillingLake(LocalLake):
    def __init__(self, folder: Path, point: str) -> None:
        super().__init__(folder)
        _ = super().catalog  # makes the namespace
        self._killing = KillingCatalog(CATALOG, uri=f"sqlite:///{self.folder}/catalog.db", warehouse=self.location)
        self._point = point

    @property
    def catalog(self) -> KillingCatalog:
        return self._killing

    def arm(self) -> None:
        self._killing.point = self._point

    def put(self, file: Path, to: str) -> None:
        if self._killing.point == "before a file is staged":
            die()
        super().put(file, to)


def main(folder: str, last_id: str, point: str = "") -> None:
    from loaders.landing import land
    from loaders.load import PendingLoad

    lake = KillingLake(Path(folder), point)
    with lake.writing(RAW.table.name):
        table = ensure_table(lake, RAW.table)
        record(lake, table)
        lake.arm()
        load = PendingLoad(
            lake, RAW, table, source="imagined", channel="rest", now=lambda: datetime.now(UTC).replace(tzinfo=None)
        )
        land(load, pages(table, int(last_id), point))


if __name__ == "__main__":
    main(*sys.argv[1:])
