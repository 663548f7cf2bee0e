"""The next run completes one that was killed between two Athena statements, and leaves nothing behind."""

import os
from collections.abc import Iterator
from datetime import date, timedelta

import boto3
import pytest

from lakehouse.lake import identifier
from registry.registry import Registry
from schemahub.runs.events import SELECTION
from simulator.aws.local_athena import LocalAthena
from tests.athena.command_line import Cli
from tests.athena.statements import execution_ids, executions_since
from tests.support.lake_under_test import LakeUnderTest, binance
from tests.support.lakes import glue_home

DAYS = 101
"""The number of days. Athena writes a hundred in one statement, so a build takes two statements."""

RUN = ("dbt", "run", "--exclude", SELECTION)
A_BATCH = 'insert into "awsdatacatalog"."schemahub"."trades_unified'
FIRST_RENAME = "alter table `schemahub`.`trades_unified` rename to"
NEXT_MODEL = '"node_id": "model.schemahub.trades_1m_versions"'


@pytest.fixture(scope="module")
def lake(athena: LocalAthena, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeUnderTest]:
    """A lake with one unified trade on each of many days."""
    with athena.in_use():
        folder = tmp_path_factory.mktemp("killed")
        lake = LakeUnderTest(glue_home(athena.new_bucket(), folder), registry, folder / "target")
        days = [date(2025, 1, 1) + timedelta(days=number) for number in range(DAYS)]
        trades = [trade for number, day in enumerate(days) for trade in binance(number, time=f"{day} 11:00:00")]
        lake.land("raw_binance_trades", trades, load="days", at="2026-01-05 12:00:00")
        lake.dbt("build", "--exclude-resource-type", "test", "unit_test")
        yield lake


@pytest.fixture(scope="module")
def cli(lake: LakeUnderTest) -> Cli:
    return Cli(lake.home, {**os.environ, **lake.home.environment, "SCHEMAHUB_LAKE": lake.location})


def left_behind() -> set[str]:
    """Tables that don't belong to a model."""
    pages = boto3.client("glue").get_paginator("get_tables").paginate(DatabaseName="schemahub")
    names = {table["Name"] for page in pages for table in page["TableList"]}
    return {name for name in names if "__" in name and not name.startswith("stg_")}


def test_a_build_that_is_killed_between_its_batches_begins_again(
    lake: LakeUnderTest, cli: Cli, athena: LocalAthena
) -> None:
    lake.lake.catalog.drop_table(identifier("trades_unified"))
    cli.killed(athena, A_BATCH, *RUN)
    cli(*RUN)
    assert cli.trades() == DAYS
    assert left_behind() == set()


def test_a_full_refresh_that_is_killed_between_its_batches_changes_nothing(
    lake: LakeUnderTest, cli: Cli, athena: LocalAthena
) -> None:
    cli.killed(athena, A_BATCH, *RUN, "--full-refresh")
    assert cli.trades() == DAYS
    assert left_behind() != set()
    cli(*RUN)
    assert cli.trades() == DAYS
    assert left_behind() == set()


def test_a_full_refresh_that_is_killed_between_its_renames_is_completed(
    lake: LakeUnderTest, cli: Cli, athena: LocalAthena
) -> None:
    cli.killed(athena, FIRST_RENAME, *RUN, "--full-refresh")
    cli(*RUN)
    assert cli.trades() == DAYS
    assert left_behind() == set()


def test_a_run_that_is_killed_between_two_models_is_completed(
    lake: LakeUnderTest, cli: Cli, athena: LocalAthena
) -> None:
    known = execution_ids()
    lake.land("raw_binance_trades", binance(DAYS, time="2025-01-01 11:00:01"), load="more", at="2026-01-06 12:00:00")
    cli.killed(athena, NEXT_MODEL, *RUN)
    inserts = [each for each in executions_since(known) if A_BATCH in each["Query"]]
    assert [each["Status"]["State"] for each in inserts] == ["SUCCEEDED"]
    assert cli.trades() == DAYS + 1
    assert len(lake.rows("trades_1m_versions")) == DAYS
    assert len(lake.rows("unified_loads")) == 1
    cli(*RUN)
    assert cli.trades() == DAYS + 1
    assert max(row["trade_count"] for row in lake.rows("trades_1m_versions")) == 2
    assert len(lake.rows("unified_loads")) == 2
