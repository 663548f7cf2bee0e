"""Importing a ZIP of one of Binance's days, against DuckDB that reads the same CSV file and writes Parquet.

Ours unpacks the ZIP, compares its checksum with the ledger, keeps the text of each line, adds where each row comes
from, and ends with a commit; DuckDB gets the unpacked file, and both have two threads.
"""

import json
import resource
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from schemahub.runs.attention import row_count
from schemahub.runs.context import RunContext
from schemahub.runs.import_files import Wanted, import_files
from schemahub.settings import load_settings

from .canned import write_csv
from .measure import Measurement, expect, expect_free_disk, in_own_process, seconds
from .size import SIZES, Size
from .trades import RAW

_BYTES_PER_ROW = 250
_NAME = "BTCUSDT-trades-2026-01-05"
_FEW = "BTCUSDT-trades-2026-01-04"
_FEW_ROWS = 1_000
_COPY = """
copy (
    select * from read_csv('{csv}', header = false, columns = {{
        'id': 'bigint', 'price': 'double', 'qty': 'double', 'quote_qty': 'double', 'time': 'bigint',
        'is_buyer_maker': 'boolean', 'is_best_match': 'boolean'
    }})
) to '{to}' (format parquet, compression zstd)
"""

_Run = dict[str, Any]


def findings(size: Size) -> list[Measurement]:
    """Measure both in turn, each in its own process."""
    expect_free_disk(size.imported_rows * _BYTES_PER_ROW / 1e9)
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder), _NAME, size.imported_rows, first=_FEW_ROWS)
        _make(Path(folder), _FEW, _FEW_ROWS)
        rounds = [
            {way: in_own_process(__name__, way, folder, size.name) for way in _WAYS}
            for _ in range(size.imported_rounds)
        ]
    ours, theirs = (median(run[way]["seconds"] for run in rounds) for way in ("ours", "duckdb"))
    what = f"import of a ZIP of {size.imported_rows / 1e6:g} M trades"
    return [
        Measurement(
            f"{what}: speed of DuckDB reading the CSV into Parquet",
            median(run["duckdb"]["seconds"] / run["ours"]["seconds"] for run in rounds),
            0.6,
            at_least=True,
            unit="x",
            detail=f"{size.imported_rows / ours / 1e6:.2f} M rows/s against {size.imported_rows / theirs / 1e6:.2f}",
        ),
        Measurement(
            f"{what}: peak memory",
            max(run["ours"]["peak_gb"] for run in rounds),
            0.6,
            at_least=False,
            unit=" GB",
            detail=f"DuckDB {max(run['duckdb']['peak_gb'] for run in rounds):.2f} GB",
        ),
    ]


def _make(folder: Path, name: str, rows: int, *, first: int = 0) -> None:
    csv = folder / f"{name}.csv"
    write_csv(csv, rows, first=first)
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(csv, csv.name)


def _ours(folder: Path, size: Size, own: Path) -> _Run:
    context = RunContext(load_settings(lake=str(own / "lake")))

    def take(name: str) -> None:
        outcomes = list(import_files(context, Wanted(str(folder / f"{name}.zip"))))
        expect("files that failed", [str(each.error) for each in outcomes if each.error], [])

    take(_FEW)  # dlt imports half of its modules when it is first used
    took = seconds(lambda: take(_NAME))
    expect("rows in the raw table", row_count(context.lake, RAW.name), size.imported_rows + _FEW_ROWS)
    return {"seconds": took}


def _duckdb(folder: Path, size: Size, own: Path) -> _Run:
    with duckdb.connect() as connection:
        sql = _COPY.format(csv=folder / f"{_NAME}.csv", to=own / "day.parquet")
        took = seconds(lambda: connection.execute(sql))
        ((rows,),) = connection.execute(f"select count(*) from '{own / 'day.parquet'}'").fetchall()
    expect("rows of DuckDB", rows, size.imported_rows)
    return {"seconds": took}


_WAYS: dict[str, Callable[[Path, Size, Path], _Run]] = {"duckdb": _duckdb, "ours": _ours}


def main(way: str, folder: Path, size: Size) -> None:
    """Measure one thing, and print it as JSON."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        run = _WAYS[way](folder, size, Path(own))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**run, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), SIZES[sys.argv[3]])
