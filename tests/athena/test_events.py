"""The models of events on Athena: they are built, filled, and pass their data tests and unit tests."""

from pathlib import Path

from registry.registry import Registry
from simulator.aws.local_athena import LocalAthena
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase
from tests.support.lakes import glue_home


def test_the_models_of_events_are_filled_and_pass_their_tests(
    athena: LocalAthena, registry: Registry, tmp_path: Path
) -> None:
    with athena.in_use():
        lake = LakeUnderTest(glue_home(athena.new_bucket(), tmp_path), registry, tmp_path / "target")
        lake.land("raw_binance_trades", binance(1, 2, 3), load="b1", at="2026-01-05 12:00:00")
        lake.land("raw_coinbase_trades", coinbase(9, 10), load="c1", at="2026-01-05 12:00:01")
        lake.dbt("seed")
        lake.dbt("run", "--select", "+tag:events")
        assert lake.rows("volatility_moves_versions") == lake.rows("lead_lag_sums_versions") == []
        lake.dbt("run", "--select", "tag:events")
        filled = [(row["base_asset"], row["trade_count"]) for row in lake.rows("volatility_moves_versions")]
        lake.dbt("run", "--select", "tag:events")
        assert [(row["base_asset"], row["trade_count"]) for row in lake.rows("volatility_moves_versions")] == filled
        assert filled == [("BTC", 5)]
        lake.dbt("test", "--select", "tag:events")
