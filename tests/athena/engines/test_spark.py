"""Spark, with the settings that `schemahub spark-conf` prints, reads in both lakes what pyiceberg and DuckDB read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import Table
from pyiceberg.types import TimestampType

from lakehouse.duckdb.connect import connect
from simulator.aws.local_athena import LocalAthena
from tests.athena.engines.filled_lake import TABLES, FilledLake
from tests.athena.engines.rows import in_order
from tests.athena.engines.spark import Answer, ask_spark

pytestmark = pytest.mark.athena

RAW = "raw_binance_trades"


@dataclass(frozen=True)
class Read:
    """What pyiceberg and Spark read of one lake, by table; for Spark also by statement."""

    tables: Mapping[str, Table]
    pyiceberg: Mapping[str, pa.Table]
    files: Mapping[str, list[dict[str, Any]]]
    spark: Mapping[str, Answer]


def read(lake: FilledLake, folder: Path, statements: Mapping[str, str]) -> Read:
    tables = lake.tables()
    asked = {"tables": "show tables in schemahub.schemahub", **statements}
    for name in TABLES:
        asked |= {name: f"select * from schemahub.schemahub.{name}"}
        asked |= {f"{name}.{what}": f"select * from schemahub.schemahub.{name}.{what}" for what in ("files", "history")}
    return Read(
        tables,
        {name: table.scan().to_arrow() for name, table in tables.items()},
        {name: table.inspect.files().to_pylist() for name, table in tables.items()},
        ask_spark(lake.printed("spark-conf"), asked, folder),
    )


@pytest.fixture(scope="module")
def in_folder(lake_in_folder: FilledLake, tmp_path_factory: pytest.TempPathFactory) -> Read:
    everything_again = f"insert into schemahub.schemahub.{RAW} select * from schemahub.schemahub.{RAW}"
    return read(lake_in_folder, tmp_path_factory.mktemp("spark") / "folder", {"write": everything_again})


@pytest.fixture(scope="module")
def in_glue(lake_in_glue: FilledLake, shared_athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory) -> Read:
    with shared_athena.in_use():
        return read(lake_in_glue, tmp_path_factory.mktemp("spark") / "glue", {})


@pytest.fixture(scope="module")
def by_duckdb(lake_in_folder: FilledLake) -> dict[str, pa.Table]:
    with connect(Path(lake_in_folder.location)) as connection:
        return {name: connection.sql(f"select * from {name}").to_arrow_table() for name in TABLES}


@pytest.fixture(params=["folder", "glue"])
def lake_read(request: pytest.FixtureRequest) -> Read:
    found: Read = request.getfixturevalue(f"in_{request.param}")
    return found


@pytest.mark.parametrize("table", TABLES)
def test_spark_reads_the_rows_that_pyiceberg_reads(lake_read: Read, table: str) -> None:
    expected = lake_read.pyiceberg[table]
    assert expected.num_rows > 0
    assert in_order(lake_read.spark[table].rows, expected).equals(in_order(expected, expected))


@pytest.mark.parametrize("table", TABLES)
def test_spark_reads_the_rows_that_duckdb_reads(in_folder: Read, by_duckdb: dict[str, pa.Table], table: str) -> None:
    expected = by_duckdb[table]
    assert expected.num_rows > 0
    assert in_order(in_folder.spark[table].rows, expected).equals(in_order(expected, expected))


@pytest.mark.parametrize("table", TABLES)
def test_times_are_without_a_zone(lake_read: Read, table: str) -> None:
    fields = lake_read.tables[table].schema().fields
    times = {field.name for field in fields if field.field_type == TimestampType()}
    assert {name: lake_read.spark[table].types[name] for name in times} == dict.fromkeys(times, "timestamp_ntz")


def test_times_keep_their_microseconds(lake_read: Read) -> None:
    times: list[datetime] = lake_read.spark["trades_unified"].column("trade_ts")
    assert any(time.microsecond % 1000 for time in times)


@pytest.mark.parametrize("table", TABLES)
def test_spark_reads_the_metadata_of_snapshots_and_files(lake_read: Read, table: str) -> None:
    snapshots = [snapshot.snapshot_id for snapshot in lake_read.tables[table].metadata.snapshots]
    assert lake_read.spark[f"{table}.history"].column("snapshot_id") == snapshots
    paths = {file["file_path"] for file in lake_read.files[table]}
    assert set(lake_read.spark[f"{table}.files"].column("file_path")) == paths


def test_spark_lists_the_tables(lake_read: Read) -> None:
    assert set(TABLES) <= set(lake_read.spark["tables"].column("tableName"))


def test_spark_cannot_write_in_a_folder(in_folder: Read, lake_in_folder: FilledLake) -> None:
    assert in_folder.spark["write"].error
    assert lake_in_folder.tables()[RAW].metadata.snapshots == in_folder.tables[RAW].metadata.snapshots
