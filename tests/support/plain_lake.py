"""A lake created with pyiceberg only, with a raw table of 48 trades; fixtures for tests that read it with DuckDB."""

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def catalog(lake: Path) -> SqlCatalog:
    """The lake's catalog, opened with pyiceberg and none of our own code."""
    lake.mkdir(exist_ok=True)
    opened = SqlCatalog("schemahub", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")
    opened.create_namespace_if_not_exists("schemahub")
    return opened


@pytest.fixture
def raw_trades(catalog: SqlCatalog) -> Table:
    """A raw table as a loader creates it, with 48 trades over two days."""
    table = catalog.create_table("schemahub.raw_trades", schema=trades(0, 0).schema)
    table.append(trades(0, 48))
    return table


@pytest.fixture(autouse=True)
def beside_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the test's own folder, because DuckDB's CREATE TABLE leaves an empty `data` in the current one."""
    monkeypatch.chdir(tmp_path)


def trades(first: int, last: int) -> pa.Table:
    """One trade per hour from 2026-01-01 on, with ids from `first` (inclusive) to `last` (exclusive)."""
    start = datetime(2026, 1, 1, microsecond=123456)
    return pa.table(
        {
            "id": pa.array(range(first, last), pa.int64()),
            "trade_ts": pa.array([start + timedelta(hours=hour) for hour in range(first, last)], pa.timestamp("us")),
            "price": pa.array([float(number) for number in range(first, last)], pa.float64()),
        }
    )
