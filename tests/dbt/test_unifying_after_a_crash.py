"""dbt on a small lake after runs that were killed, with loads that come late, and with tables that are lost or old."""

import pytest

from lakehouse import compaction as upkeep
from tests.support.lake_under_test import STORED, LakeUnderTest, binance, coinbase, kraken, on_duckdb_alone, trade_ids

pytestmark = pytest.mark.slow


@on_duckdb_alone
def test_a_load_that_appears_late_with_an_earlier_time_is_not_missed(unified: LakeUnderTest) -> None:
    unified.land("raw_binance_trades", binance(20), load="b3", at="2026-01-05 14:00:00")
    unified.dbt("run")
    unified.land("raw_binance_trades", binance(7, 8), load="b2", at="2026-01-05 11:30:00")
    unified.land("raw_binance_trades", binance(21), load="b4", at="2026-01-05 15:00:00")
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 7, 8, 20, 21]


@on_duckdb_alone
def test_a_load_is_not_unified_before_it_is_in_the_ledger(unified: LakeUnderTest) -> None:
    unified.land("raw_kraken_trades", kraken(11), load="k2", at="2026-01-05 13:00:00", ledger=False)
    unified.dbt("run")
    assert trade_ids(unified, "KRAKEN") == [9, 10]
    unified.dbt("run", "--full-refresh")
    assert trade_ids(unified, "KRAKEN") == [9, 10]
    unified.dbt("test", "--select", "trades_unified_holds_what_was_landed")


@pytest.mark.parametrize("killed_after", ["trades_unified", "trades_1m_versions"])
def test_a_run_killed_before_it_records_its_loads_is_completed_by_the_next(
    unified: LakeUnderTest, killed_after: str
) -> None:
    unified.land("raw_binance_trades", binance(3, 4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run", "--select", f"+{killed_after}")
    assert len(unified.rows("unified_loads")) == 3
    unified.land("raw_binance_trades", binance(5), load="b3", at="2026-01-05 13:01:00")
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 4, 5]
    assert len(unified.rows("unified_loads")) == 5
    bars = f"select trade_count, open_price, close_price from {unified.views}.trades_1m where exchange = 'BINANCE'"
    assert unified.query(bars) == [(5, 101.0, 105.0)]


@on_duckdb_alone
def test_loads_are_not_recorded_without_the_models_that_hold_them(unified: LakeUnderTest) -> None:
    unified.land("raw_binance_trades", binance(4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run", "--select", "pending_loads", "unified_loads")
    unified.dbt("run", "--exclude", "trades_1m_versions")
    assert len(unified.rows("unified_loads")) == 3
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 4]
    assert len(unified.rows("unified_loads")) == 4


def test_a_full_refresh_gives_the_same_rows_as_the_increments(unified: LakeUnderTest) -> None:
    unified.land("raw_binance_trades", binance(3, 4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run")
    unified.land("raw_coinbase_trades", coinbase(11, 12), load="c2", at="2026-01-07 00:00:00")
    unified.dbt("run")
    tables = ("trades_unified", "unified_loads")
    bars = f"select * from {unified.views}.trades_1m order by exchange, symbol, minute"
    increments = [unified.rows(table, without=["unified_at"]) for table in tables], unified.query(bars)
    unified.dbt("run", "--full-refresh")
    assert ([unified.rows(table, without=["unified_at"]) for table in tables], unified.query(bars)) == increments
    assert len(unified.rows("trades_1m_versions")) == len(increments[1])
    assert [str(field.transform) for field in unified.table("trades_unified").spec().fields] == ["day"]


@on_duckdb_alone
def test_a_refresh_of_one_model_loses_nothing(unified: LakeUnderTest) -> None:
    before = unified.rows("trades_unified")
    unified.dbt("run")
    unified.land("raw_binance_trades", binance(4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run", "--full-refresh", "--select", "trades_unified")
    assert unified.rows("trades_unified") == before
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 4]


def test_lost_tables_are_built_again(unified: LakeUnderTest) -> None:
    before = {table: unified.rows(table, without=["unified_at"]) for table in STORED}
    for table in ("trades_unified", "trades_1m_versions"):
        unified.lake.catalog.drop_table(f"schemahub.{table}")
    unified.lose_views()
    unified.dbt("build")
    assert {table: unified.rows(table, without=["unified_at"]) for table in STORED} == before


def test_unified_loads_can_be_compacted_between_runs(unified: LakeUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    unified.land("raw_binance_trades", binance(4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run")
    before = unified.rows("unified_loads")
    assert len(before) == 4
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 1)
    monkeypatch.setattr(upkeep, "KEPT_SNAPSHOTS", 1)
    upkeep.compact(unified.table("unified_loads"), gather=True)
    assert unified.rows("unified_loads") == before
    assert unified.snapshots("unified_loads") == len(list(unified.table("unified_loads").scan().plan_files())) == 1
    unified.land("raw_binance_trades", binance(4, 5), load="b3", at="2026-01-05 13:10:00")
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 4, 5]
    assert len(unified.rows("unified_loads")) == 5
