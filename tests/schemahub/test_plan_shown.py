"""How a plan and its prices are shown."""

import re
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from advisor.plan import Plan
from advisor.price import dollars
from registry.registry import Registry
from schemahub.cli.app import app
from schemahub.runs import cost
from schemahub.show.plan import shown_bytes, shown_dollars
from tests.schemahub.planned_lakes import land_again_and_new, land_days, planned, shown
from tests.support.command_line import Cli, snapshots
from tests.support.lake_under_test import LakeUnderTest, Restore, coinbase
from tests.support.lakes import LakeHome

pytestmark = [pytest.mark.long, pytest.mark.slow]


@pytest.fixture
def lake(restore: Restore) -> LakeUnderTest:
    return restore()


@pytest.mark.parametrize(
    ("scanned_bytes", "price"),
    [
        (0, 5 * 10 / 1024**2),
        (10 * 1024**2, 5 * 10 / 1024**2),
        (10 * 1024**2 + 1, 5 * 11 / 1024**2),
        (1024**4, 5.0),
        (3 * 1024**4, 15.0),
    ],
)
def test_a_statement_costs_5_dollars_per_tb_in_whole_mb_and_at_least_10_mb(scanned_bytes: int, price: float) -> None:
    assert dollars(scanned_bytes) == pytest.approx(price)


def test_sizes_and_prices_are_shown_with_significant_digits() -> None:
    sizes = [0, 1, 1023, 1024, 10_239, 10_240, 1024**2 - 1, 3 * 1024**2, 1024**4, 5000 * 1024**4]
    assert [shown_bytes(size) for size in sizes] == [
        "-",
        "1 bytes",
        "1023 bytes",
        "1.0 KB",
        "10.0 KB",
        "10 KB",
        "1.0 MB",
        "3.0 MB",
        "1.0 TB",
        "5000.0 TB",
    ]
    assert [shown_dollars(amount) for amount in (dollars(0), 0.0123, 0.5, 1234.5)] == [
        "$0.00005",
        "$0.01230",
        "$0.500",
        "$1,234.50",
    ]


def test_a_plan_fits_into_a_cron_mail(lake: LakeUnderTest) -> None:
    lake.land("raw_coinbase_trades", coinbase(*range(500, 600)), load="c2", at="2026-01-08 00:00:00")
    land_days(lake, 101, load="k2")
    text = shown(planned(lake), lake)
    assert max(map(len, text.splitlines())) <= 80
    coinbase_waits, _ = (line for line in text.splitlines() if line.startswith("raw_coinbase_trades"))
    assert coinbase_waits.split() == [
        "raw_coinbase_trades", "1", "100", "2026-01-05", "11:00", "2026-01-05", "11:00", "1",
    ]  # fmt: skip


def test_a_plan_has_a_line_for_each_table_and_ends_with_the_price(lake: LakeUnderTest) -> None:
    land_again_and_new(lake)
    plan = planned(lake)
    lines = shown(plan, lake).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    target, new = shown_bytes(plan.of("trades_unified").reads.bytes), ["3", "1"]
    assert rows["trades_unified"] == ["1", *target.split(), "3", *new]
    assert rows["pending_loads"] == ["-", "-", "9", "1", "-"]
    assert {each.name for each in plan.tables} <= rows.keys()
    assert lines[-2:] == [
        f"a run reads at least {shown_bytes(plan.bytes)} and at most {shown_bytes(plan.bytes_at_most)}",
        f"Athena would charge at least {shown_dollars(plan.dollars)} and at most {shown_dollars(plan.dollars_at_most)}",
    ]


def test_planning_on_a_lake_that_was_never_used_creates_nothing(lake_home: LakeHome, registry: Registry) -> None:
    lake = lake_home.open()
    assert cost.planned(lake, registry) == Plan()
    if lake_home.is_on_aws:
        assert boto3.client("glue").get_databases()["DatabaseList"] == []
        bucket = lake.location.split("/")[2]
        assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=bucket)
    else:
        assert not Path(lake_home.location).exists()


def printed_plan(lake: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["plan", "--lake", str(lake), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_shows_the_plan_and_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert printed_plan(lake) == f"nothing has been landed in file://{lake} yet; try `schemahub run ingest`\n"
    assert not lake.exists()
    ingested = cli("run", "ingest", "binance", "kraken", "--symbols", "BTC-USDT", lake=lake)
    assert ingested.returncode == 0, ingested.stderr
    before = snapshots(lake)
    first = printed_plan(lake)
    assert re.search(r"^raw_binance_trades +1 7,200 2026-01-05 00:00 ", first, re.MULTILINE)
    assert re.search(r"^trades_unified +- +- +3 +[1-9][0-9,]+ +1$", first, re.MULTILINE)
    assert snapshots(lake) == before
    assert cli("run", "unify", "trades_unified", lake=lake).returncode == 0
    assert printed_plan(lake).startswith("nothing is pending in file://")
    assert re.search(r"^trades_unified +[1-9]", printed_plan(lake, "--full-refresh"), re.MULTILINE)
