"""The 2,000th load against the hundredth, and a load of 2,000 symbols against one of 20: their time and metadata.

A load here is what `land` does after dlt has written the file. Loads that are not compared are not recorded in the
ledger, so that 2,000 of them take only some minutes.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import mean, median

import pyarrow.parquet as pq
from pyiceberg.table import Table

from lakehouse.compaction import compact
from lakehouse.lake import identifier
from lakehouse.ledger_commits import LAST_LOAD, record
from lakehouse.local import LocalLake
from lakehouse.tables import ensure_table
from loaders.connector import Page
from loaders.landing.load import LoadInProgress
from schemahub.runs.context import utc_now

from . import trades
from .measure import Measurement, median_seconds, seconds

LOADS, SYMBOLS = 2_000, 2_000
_EARLY, _WINDOW = 100, 50
"""The loads between two cleanups: 50, each slightly more expensive than the one before."""


class _Lake:
    """A lake for tiny loads."""

    def __init__(self, folder: Path) -> None:
        self.lake = LocalLake(folder / "lake")
        self._file = folder / "file.parquet"
        self._number = 0

    def load(self, pages: Sequence[Page], *, recorded: bool = True) -> float:
        """Commit a load and record it; returns the seconds that it took."""
        self._number += 1
        load = LoadInProgress(
            self.lake, trades.RAW, ensure_table(self.lake, trades.RAW.table), "benchmark", "rest", utc_now
        )
        (rows,) = load.tables(iter(pages), f"{1_767_571_200 + self._number}.123456")
        pq.write_table(rows, self._file, compression="zstd")
        return seconds(lambda: self._commit(load, recorded=recorded))

    def _commit(self, load: LoadInProgress, *, recorded: bool) -> None:
        job = self._file.with_name(f"job.{self._number}.parquet")
        self._file.rename(job)
        load.stage(job)
        load.commit()
        if recorded:
            record(self.lake, trades.RAW, self.table, load.ledger_rows)
        compact(self.table)
        job.unlink()

    @property
    def table(self) -> Table:
        return self.lake.catalog.load_table(identifier(trades.RAW.name))

    def planning(self) -> float:
        """The seconds that planning a read of the last load's rows takes."""
        since = (utc_now() - timedelta(seconds=1)).isoformat()
        table = self.table
        return median_seconds(lambda: list(table.scan(f"_source_ingest_ts >= '{since}'").plan_files()), runs=5)

    def metadata_kb(self) -> float:
        return Path(self.table.metadata_location.removeprefix("file://")).stat().st_size / 1024


def findings() -> list[Measurement]:
    """Measure loads one after the other, and loads of many symbols."""
    with tempfile.TemporaryDirectory() as folder:
        many_loads = _of_loads(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        return [*many_loads, *_of_symbols(Path(folder))]


def _of_loads(folder: Path) -> list[Measurement]:
    lake, took, planned = _Lake(folder), [], []
    for number in range(1, LOADS + 1):
        is_compared = _EARLY < number <= _EARLY + _WINDOW or number > LOADS - _WINDOW
        took.append(lake.load(list(trades.pages(1, first_id=number)), recorded=is_compared))
        if number in (_EARLY, LOADS):
            planned.append(lake.planning())
    early, late = mean(took[_EARLY : _EARLY + _WINDOW]), mean(took[-_WINDOW:])
    return [
        Measurement(
            f"load no. {LOADS:,} against no. {_EARLY}",
            late / early,
            2,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {late * 1000:.0f} ms against {early * 1000:.0f}, means of {_WINDOW}",
        ),
        Measurement(
            f"planning to read the newest of {LOADS:,} loads against that of {_EARLY}",
            planned[1] / planned[0],
            LOADS / _EARLY,
            at_least=False,
            unit="x",
            detail=f"{planned[1] * 1000:.0f} ms against {planned[0] * 1000:.0f}, "
            f"{(planned[1] - planned[0]) / (LOADS - _EARLY) * 1000:.2f} ms for each load",
        ),
    ]


def _of_symbols(folder: Path) -> list[Measurement]:
    lake = _Lake(folder)
    (page,) = trades.pages(1)
    few, many = ([replace(page, stream=f"SYMBOL{at:04}") for at in range(count)] for count in (20, SYMBOLS))
    lake.load(few)
    small = median(lake.load(few) for _ in range(5))
    large = median(lake.load(many) for _ in range(5))
    last_load = len(lake.table.properties[LAST_LOAD])
    return [
        Measurement(
            f"load of {SYMBOLS:,} symbols against one of 20",
            large / small,
            20,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {large * 1000:.0f} ms against {small * 1000:.0f}; "
            f"the property that names the last load has {last_load} characters",
        ),
        Measurement(
            f"metadata of a table of {SYMBOLS:,} symbols",
            lake.metadata_kb(),
            500,
            at_least=False,
            unit=" kB",
            detail="a watermark for each; none of it in Glue's parameters",
        ),
    ]
