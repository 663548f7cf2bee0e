"""A table's metadata does not grow with the number of loads, nor beyond Glue's limits with the number of symbols."""

import json
import os
from dataclasses import replace

import boto3
import pytest

from lakehouse import coverage_record
from lakehouse.coverage_record import COVERAGE, read_coverage
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER, loads
from lakehouse.ledger_commits import record
from lakehouse.load_rows import read_load
from lakehouse.local import LocalLake
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from loaders.landing.dlt_job import land
from tests.support.lakes import LakeHome
from tests.support.landing_program import RAW, piece
from tests.support.landings import land_up_to, load_in_progress

GLUE_TAKES = 512_000
MOST_MANIFESTS = 10


def land_symbols(lake: Lake, symbols: int, of: int = 1) -> None:
    """Land two trades of each symbol; `of` is the number of this load among such loads."""
    markets = (f"SYMBOL{number:05}-WITH-A-LONG-NAME" for number in range(symbols))
    land(load_in_progress(lake), (piece(market, range(2 * of - 1, 2 * of + 1)) for market in markets))


@pytest.mark.slow
def test_manifests_are_merged(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    for number in range(1, MOST_MANIFESTS + 3):
        land_up_to(lake, number)
    for name in (RAW.name, LEDGER):
        table = lake.catalog.load_table(identifier(name))
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert len(snapshot.manifests(table.io)) < MOST_MANIFESTS


@pytest.mark.slow
def test_the_property_that_holds_the_coverage_stays_short(lake: Lake) -> None:
    for number in range(1, 6):
        land_symbols(lake, 300, of=number)
    for number in range(1, 70):
        land_up_to(lake, number)
    text = lake.catalog.load_table(identifier(RAW.name)).properties[COVERAGE]
    assert len(text) < 40_000
    coverage = read_coverage(lake, RAW.name)
    assert [(held.low, held.high) for held in coverage.of("AAA")] == [(1, 70)]
    assert [(held.low, held.high) for held in coverage.of("SYMBOL00007-WITH-A-LONG-NAME")] == [(1, 11)]


def test_files_of_the_coverage_that_no_table_names_are_removed_after_a_day(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage_record, "_MOST_LOADS", 2)
    for number in range(1, 8):
        land_up_to(lake, number)
    folder = lake.folder / "coverage" / RAW.name
    assert len(list(folder.iterdir())) == 3
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    for number in range(8, 11):
        land_up_to(lake, number)
    assert len(list(folder.iterdir())) <= 2
    assert [(held.low, held.high) for held in read_coverage(lake, RAW.name).of("AAA")] == [(1, 11)]


def test_glue_gets_nothing_that_grows_with_symbols(s3_home: LakeHome) -> None:
    lake = s3_home.open()
    land_symbols(lake, 300)
    for name in (RAW.name, LEDGER):
        parameters = boto3.client("glue").get_table(DatabaseName="schemahub", Name=name)["Table"]["Parameters"]
        assert [key for key in parameters if key.startswith("schemahub.")] == []
        assert len(json.dumps(parameters)) < GLUE_TAKES / 100


def test_glue_accepts_a_column_with_a_long_description_and_iceberg_keeps_it(s3_home: LakeHome) -> None:
    long = "a description that says it all, " * 20
    described = replace(RAW, columns=(*RAW.columns, LakeColumn("fee", "double", long)))
    table = ensure_table(s3_home.open(), described.table)
    assert table.schema().find_field("fee").doc == long
    found = boto3.client("glue").get_table(DatabaseName="schemahub", Name=RAW.name)["Table"]
    comments = {column["Name"]: column["Comment"] for column in found["StorageDescriptor"]["Columns"]}
    assert comments["fee"] == long[:255]


def test_a_ledger_row_rebuilt_from_the_rows_equals_the_original(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 250)
    land_symbols(lake, 5)
    table = lake.catalog.load_table(identifier(RAW.name))
    remembered = loads(lake)
    landed_at = {row.load_id: row.landed_at for row in remembered}
    told = [row for load_id, at in sorted(landed_at.items()) for row in read_load(RAW, table, load_id, landed_at=at)]
    assert told == sorted(remembered, key=lambda row: (row.load_id, row.stream))
    record(lake, RAW)  # nothing is appended a second time
    assert loads(lake) == remembered
