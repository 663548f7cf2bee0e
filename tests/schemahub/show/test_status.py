"""What a lake's status shows for trades whose times could not be read."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.pending import read_landed
from registry.registry import Registry
from schemahub.cli.app import app
from schemahub.show.status import status
from tests.support.lake_under_test import LakeUnderTest, binance, kraken
from tests.support.lakes import local_home

NOW = datetime(2026, 1, 5, 12)


@pytest.fixture
def lake(tmp_path: Path, registry: Registry) -> LakeUnderTest:
    made = LakeUnderTest(local_home(tmp_path), registry, tmp_path / "target")
    made.land("raw_binance_trades", binance(1, time=None), load="b1", at="2026-01-05 12:00:00")
    made.land("raw_kraken_trades", kraken(1, time=None), load="k1", at="2026-01-05 12:00:00")
    made.land("raw_kraken_trades", kraken(2), load="k2", at="2026-01-05 12:00:01")
    return made


def test_a_trade_with_an_unknown_time_is_not_the_last_trade(lake: LakeUnderTest) -> None:
    unknown, known = status(read_landed(lake.lake, lake.registry.targets_by_raw_table), now=NOW)
    assert (unknown.last_trade_at, unknown.lag, unknown.row_count) == (None, None, 1)
    assert (known.last_trade_at, known.lag) == (datetime(2026, 1, 5, 11, 0, 2), timedelta(minutes=59, seconds=58))
    assert (unknown.pending_loads, known.pending_loads) == (1, 2)


def test_the_last_trade_is_no_later_than_its_landing(lake: LakeUnderTest) -> None:
    lake.land("raw_kraken_trades", kraken(3, time="9999-12-31 00:00:00"), load="k3", at="2026-01-05 11:59:00")
    _, absurd = status(read_landed(lake.lake, lake.registry.targets_by_raw_table), now=NOW)
    assert (absurd.last_trade_at, absurd.lag) == (datetime(2026, 1, 5, 11, 59), timedelta(minutes=1))


def test_an_unknown_time_is_shown_as_unknown(lake: LakeUnderTest) -> None:
    printed = CliRunner().invoke(app, ["status", "--lake", lake.location])
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.splitlines()[1].split() == ["binance", "BTCUSDT", "unknown", "unknown", "1", "1"]
