"""A shop's orders, added with YAML alone: a target and a mapping. Nothing that is generated mentions markets."""

import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from registry.target_checks import TAKEN_COLUMNS
from tests.support.generated_project import GeneratedProject
from tests.support.words import WORDS_OF_MARKETS

LAKE = """\
provenance:
  _source: {type: string, description: Where the row came from.}
  _source_ingest_ts: {type: timestamp, description: "When the load that landed the row began, UTC."}
  _raw_payload: {type: string, description: The row as it was sent.}
  _channel: {type: string, description: How the row came.}
  _dlt_load_id: {type: string, description: The load that landed the row.}
tables: {}
"""
TARGET = """\
target_table: orders_unified
description: Every order of every shop, once.
columns:
  shop: {type: string, required: true, description: The shop.}
  order_id: {type: string, required: true, description: The shop's id of the order.}
  pieces: {type: long, required: true, above: 0, description: How many pieces were ordered.}
  is_paid: {type: boolean, description: Whether the order is paid.}
  ordered_at: {type: timestamp, required: true, description: "When it was ordered, UTC."}
  landed_at: {type: timestamp, required: true, from: _source_ingest_ts, description: "When it was landed, UTC."}
key: [shop, order_id]
partition_by: day(ordered_at)
event_time: {column: ordered_at, earliest: 2000-01-01, latest_days_after_landing: 1}
first_wins_by: [landed_at]
rejected: {table: orders_rejected, description: Landed orders that orders_unified refuses.}
"""
MAPPING = """\
source: raw_corner_shop_orders
target_table: orders_unified
mappings: {number: order_id, pieces: pieces, paid: is_paid, created: ordered_at}
constants: {shop: CORNER}
transforms: {created: from_s}
"""
FILTERED = """\
columns:
  number: {type: string, description: The shop's number of the order.}
  pieces: {type: long, description: How many pieces were ordered.}
  paid: {type: boolean, description: Whether the order is paid.}
  created: {type: long, description: "When it was ordered, in Unix seconds."}
filters: {pieces: {not_in: [5]}}
"""


@pytest.fixture
def shop(project: GeneratedProject) -> GeneratedProject:
    for folder in ("mappings", "targets", "products"):
        for path in (project.root / "config" / folder).iterdir():
            path.unlink()
    project.write("config/lake.yaml", LAKE)
    project.write("config/targets/orders_unified.yaml", TARGET)
    project.write("config/mappings/corner_shop_orders.yaml", MAPPING)
    return project


def test_nothing_that_is_generated_for_orders_mentions_markets(shop: GeneratedProject) -> None:
    files = {
        path: text for path, text in shop.files().items() if path.startswith("dbt_project/") and "/macros/" not in path
    }
    assert {Path(path).name for path in files} >= {"orders_unified.sql", "stg_corner_shop__orders.sql"}
    found = {path: re.findall(WORDS_OF_MARKETS, path + text) for path, text in files.items()}
    assert {path: words for path, words in found.items() if words} == {}


def test_a_raw_table_of_another_domain_is_described(shop: GeneratedProject) -> None:
    (lake,) = yaml.safe_load(shop.files()["dbt_project/models/generated/_sources.yml"])["sources"]
    (orders,) = lake["tables"]
    assert orders["description"] == "Rows of raw_corner_shop_orders as they were landed."
    assert {column["name"]: column["data_type"] for column in orders["columns"]} == {
        "number": "string",
        "pieces": "long",
        "paid": "boolean",
        "created": "timestamp",
        "_source": "string",
        "_source_ingest_ts": "timestamp",
        "_raw_payload": "string",
        "_channel": "string",
        "_dlt_load_id": "string",
    }


def test_orders_become_rows_of_the_target(shop: GeneratedProject) -> None:
    raw = (
        "select *, timestamp '2026-02-03 04:05:06' as created, timestamp '2026-02-03 05:00:00' as _source_ingest_ts, "
        "'file' as _channel, 'load' as _dlt_load_id "
        "from (values ('7', 3, true), ('8', 0, null)) as orders (number, pieces, paid)"
    )
    wanted = "shop, order_id, pieces, is_paid, ordered_at, rejection_reason"
    at = datetime(2026, 2, 3, 4, 5, 6)
    assert shop.staged("stg_corner_shop__orders", raw, wanted) == [
        ("CORNER", "7", 3, True, at, None),
        ("CORNER", "8", 0, None, at, "pieces is not above 0"),
    ]


def test_the_names_that_generated_sql_gives_to_columns_of_its_own_are_those_that_a_target_may_not_use(
    shop: GeneratedProject,
) -> None:
    shop.write("config/mappings/corner_shop_orders.yaml", MAPPING + FILTERED)
    of_the_target = ("orders_unified.sql", "orders_rejected.sql", "__orders.sql", "holds_what_was_landed.sql")
    lines = [line for path, text in shop.files().items() if path.endswith(of_the_target) for line in text.splitlines()]
    given = re.compile(r"(?!.*\b(?:from|join) ).*\bas (\w+),?")
    names = {match[1] for match in map(given.fullmatch, lines) if match}
    (target,) = shop.load().targets.values()
    assert names - target.columns.keys() == TAKEN_COLUMNS
