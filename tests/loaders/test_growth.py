"""A table's metadata does not grow with the number of loads, nor beyond Glue's limits with the number of symbols."""

import json
from collections.abc import Iterator
from dataclasses import replace

import boto3

from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER, loads
from lakehouse.ledger_commits import LAST_LOAD, record
from lakehouse.load_rows import read_load
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from loaders.connector import Page, page_of
from loaders.landing.dlt_job import land
from tests.support.lakes import LakeHome
from tests.support.landing_program import RAW, trades
from tests.support.landings import land_up_to, load_in_progress

GLUE_TAKES = 512_000
MOST_MANIFESTS = 10


def pages(symbols: int) -> Iterator[Page]:
    for number in range(symbols):
        market = f"SYMBOL{number:05}-WITH-A-LONG-NAME"
        yield page_of(RAW, market, trades(market, range(1, 3)))


def land_symbols(lake: Lake, symbols: int) -> None:
    land(load_in_progress(lake), pages(symbols))


def test_manifests_are_merged(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    for number in range(1, MOST_MANIFESTS + 3):
        land_up_to(lake, number)
    for name in (RAW.name, LEDGER):
        table = lake.catalog.load_table(identifier(name))
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert len(snapshot.manifests(table.io)) < MOST_MANIFESTS


def test_the_property_of_the_last_load_has_one_size_for_any_number_of_symbols(lake: Lake) -> None:
    sizes = set()
    for symbols in (1, 300):
        land_symbols(lake, symbols)
        sizes.add(len(lake.catalog.load_table(identifier(RAW.name)).properties[LAST_LOAD]))
    assert max(sizes) <= min(sizes) + 10
    assert max(sizes) < 200


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
    record(lake, RAW, table)  # nothing is appended a second time
    assert loads(lake) == remembered
