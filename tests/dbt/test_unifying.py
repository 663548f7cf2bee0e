"""dbt on a small lake: what a run adds, that a second run adds nothing, and which rows are rejected."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from tests.support.lake_under_test import STORED, LakeUnderTest, binance, coinbase, kraken, on_duckdb_alone, trade_ids

MOST_RANGES = 40
"""The most ranges of time by which trades_unified is read."""
BUILD = ("build", "--exclude-resource-type", "unit_test")
"""A build without dbt's unit tests, which have rows of their own; the first build of an empty lake runs them too."""


def snapshots(lake: LakeUnderTest) -> dict[str, int]:
    return {table: lake.snapshots(table) for table in STORED}


def test_first_run_unifies_all_and_the_second_changes_nothing(quiet_lake: LakeUnderTest) -> None:
    assert trade_ids(quiet_lake, "BINANCE") == [1, 2, 3]
    assert {row["side"] for row in quiet_lake.rows("trades_unified") if row["exchange"] == "COINBASE"} == {"BUY"}
    assert {row["trade_ts"].microsecond for row in quiet_lake.rows("trades_unified")} == {0, 123}
    assert {(row["raw_table"], row["load_id"]) for row in quiet_lake.rows("unified_loads")} == {
        ("raw_binance_trades", "b1"),
        ("raw_coinbase_trades", "c1"),
        ("raw_kraken_trades", "k1"),
    }
    before = snapshots(quiet_lake)
    assert before == dict.fromkeys(STORED, 1)
    quiet_lake.dbt("run")
    assert snapshots(quiet_lake) == before
    partitions = quiet_lake.table("trades_unified").spec().fields
    assert [str(field.transform) for field in partitions] == ["day"]


def test_marts_agree_with_the_trades(quiet_lake: LakeUnderTest) -> None:
    marts = quiet_lake.views
    assert quiet_lake.query(
        "select exchange, canonical_symbol, notional, latency_seconds "
        f"from {marts}.trades_enriched where trade_id = '1'"
    ) == [("BINANCE", "BTC-USDT", Decimal("50.5"), Decimal("3598.999877"))]
    assert quiet_lake.query(
        f"select exchange, trade_count, base_volume, high_price from {marts}.daily_volumes order by 1"
    ) == [
        ("BINANCE", 3, 1.5, 103.0),
        ("COINBASE", 3, 1.5, 111.0),
        ("KRAKEN", 2, 1.0, 111.0),
    ]
    assert quiet_lake.query(
        "select canonical_symbol, first_exchange, second_exchange, first_price, second_price, price_difference "
        f"from {marts}.cross_exchange_spreads"
    ) == [("BTC-USD", "COINBASE", "KRAKEN", 111.0, 111.0, 0.0)]
    assert quiet_lake.query(f"select source, last_id from {marts}.schemahub_watermarks order by 1") == [
        ("binance", "3"),
        ("coinbase", "11"),
        ("kraken", "10"),
    ]


def test_intervals_less_than_an_hour_apart_are_read_as_one_range(quiet_lake: LakeUnderTest) -> None:
    stretches = ("10:00:30", "12:30:00"), ("11:00:00", "11:00:01"), ("13:20:00", "13:20:00.5"), ("20:00:00", "20:00:00")
    intervals = " union all ".join(
        f"select timestamp '2026-01-01 {first}' as first_ts, timestamp '2026-01-01 {last}' as last_ts, 0 as is_unknown"
        for first, last in stretches
    )
    unknown_time = "cast(null as timestamp)"
    without_times = f"select {unknown_time} as first_ts, {unknown_time} as last_ts, 0 as is_unknown"
    calls = (
        f'merged_ranges("{intervals}")',
        f'merged_ranges("{intervals}", at_most=1)',
        f'merged_ranges("{intervals} union all {without_times}")',
        f'merged_ranges("{without_times} where 1 = 0")',
    )
    sql = "select " + ", ".join(f"'{{{{ tojson({call}) }}}}' as case_{n}" for n, call in enumerate(calls))
    merged, one, unknown, empty = map(json.loads, quiet_lake.query(sql)[0])
    hours = [[str(datetime.fromisoformat(end))[11:16] for end in found.values()] for found in (*merged, *one)]
    assert hours == [["09:59", "13:22"], ["19:59", "20:02"], ["09:59", "20:02"]]
    assert unknown == [None]
    assert [found["start"] == found["end"] for found in empty] == [True]


def test_an_overlapping_load_adds_only_what_is_new(unified: LakeUnderTest) -> None:
    first = unified.rows("trades_unified")
    unified.land("raw_binance_trades", binance(2, 3, 4, 4), load="b2", at="2026-01-05 13:00:00", channel="stream")
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 4]
    assert all(row in unified.rows("trades_unified") for row in first)
    assert unified.snapshots("trades_unified") == 2


def test_a_load_of_only_known_trades_makes_no_snapshot(unified: LakeUnderTest) -> None:
    told_less_finely = binance(2, time="2026-01-05 11:00:02")
    unified.land("raw_binance_trades", told_less_finely, load="b2", at="2026-01-05 13:00:00", channel="bulk")
    unified.land("raw_kraken_trades", kraken(9), load="k2", at="2026-01-05 13:00:00")
    unified.dbt("run")
    assert unified.snapshots("trades_unified") == 1
    assert len(unified.rows("unified_loads")) == 5


def test_a_load_without_times_and_scattered_loads_are_compared_safely(unified: LakeUnderTest) -> None:
    unified.land("raw_binance_trades", binance(4, time=None), load="b2", at="2026-01-05 13:00:00")
    unified.land("raw_binance_trades", binance(1, 2, 5), load="b3", at="2026-01-05 13:00:01")
    for day in range(6, 10):
        stamp = f"2026-01-0{day} 11:00:00"
        unified.land(
            "raw_kraken_trades", kraken(10, day * 10, time=stamp), load=f"k{day}", at=f"2026-01-0{day} 12:00:00"
        )
    unified.dbt("run")
    assert trade_ids(unified, "BINANCE") == [1, 2, 3, 5]
    assert trade_ids(unified, "KRAKEN") == [9, 10, 60, 70, 80, 90]


@on_duckdb_alone
def test_each_load_is_stored_in_order_of_time(make_lake: Callable[[], LakeUnderTest]) -> None:
    lake = make_lake()
    lake.dbt("seed")
    for hour, first in ((12, 0), (13, 20)):
        at = f"2026-01-05 {hour}:00:00"
        lake.land("raw_coinbase_trades", coinbase(*range(first + 19, first, -1)), load=f"c{hour}", at=at)
        lake.land("raw_binance_trades", binance(*range(first + 1, first + 20)), load=f"b{hour}", at=at)
        lake.dbt("run")
    files = [task.file.file_path.removeprefix("file://") for task in lake.table("trades_unified").scan().plan_files()]
    times = [pq.ParquetFile(file).read()["trade_ts"].to_pylist() for file in files]
    assert [len(of_file) for of_file in times] == [38, 38]
    assert times == [sorted(of_file) for of_file in times]


@pytest.mark.slow
def test_many_pending_loads_scattered_over_time_are_unified_in_one_statement(unified: LakeUnderTest) -> None:
    """Each range of time is a stage on Athena, which refuses a statement with more than 150 stages."""
    exchanges = [("raw_binance_trades", binance), ("raw_coinbase_trades", coinbase), ("raw_kraken_trades", kraken)]
    for number in range(MOST_RANGES):
        raw_table, trades = exchanges[number % len(exchanges)]
        at = datetime(2026, 1, 6) + timedelta(hours=2 * number)
        rows = trades(100 + number, time=f"{at - timedelta(minutes=5)}")
        unified.land(raw_table, rows, load=f"scattered{number:02}", at=f"{at}")
    unified.dbt("run")
    assert len(unified.rows("trades_unified")) == len(unified.rows("trades_1m_versions")) + 5 == MOST_RANGES + 8
    assert len(unified.rows("unified_loads")) == MOST_RANGES + 3


def test_what_is_not_a_trade_is_rejected_with_the_reason(unified: LakeUnderTest) -> None:
    unified.land(
        "raw_coinbase_trades",
        [
            *coinbase(20, time="0001-01-01 00:00:00"),
            *coinbase(21, time="2999-01-07 12:00:01"),
            *coinbase(22, price=None),
            *coinbase(23, trade_id=None),
            *coinbase(25, price=float("nan")),
            *coinbase(26, size=float("-inf")),
            *coinbase(27, price=0.0),
            *coinbase(28, size=0.0),
            *coinbase(29, price=-5.0),
            *coinbase(30, time="2026-01-08 12:00:01"),  # landed while the clock was days behind
            *coinbase(24),
        ],
        load="c2",
        at="2026-01-05 12:00:00",
    )
    unified.dbt(*BUILD)
    assert trade_ids(unified, "COINBASE") == [9, 10, 11, 24, 30]
    rejected = f"select coalesce(trade_id, '-'), rejection_reason from {unified.views}.trades_rejected order by 1, 2"
    assert unified.query(rejected) == [
        ("-", "trade_id is null"),
        ("20", "trade_ts is before 2009-01-03"),
        ("21", "trade_ts is in the future"),
        ("22", "price is null"),
        ("25", "price is not finite"),
        ("26", "quantity is not finite"),
        ("27", "price is not above 0"),
        ("28", "quantity is not above 0"),
        ("29", "price is not above 0"),
    ]


@on_duckdb_alone
def test_only_unified_loads_are_checked_for_completeness(unified: LakeUnderTest) -> None:
    test = ("test", "--select", "trades_unified_holds_what_was_landed")
    unified.land("raw_binance_trades", binance(4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt(*test)
    unified.table("trades_unified").delete("trade_id = '2'")
    assert unified.dbt(*test, succeeds=False).result.results[0].failures == 1


def test_an_empty_lake_builds_and_stays_empty(make_lake: Callable[[], LakeUnderTest]) -> None:
    lake = make_lake()
    lake.dbt("build")
    assert snapshots(lake).keys() == set(STORED)
    assert lake.rows("trades_unified") == []
    lake.land("raw_kraken_trades", kraken(1), load="k1", at="2026-01-05 12:00:00")
    lake.dbt(*BUILD)
    assert trade_ids(lake, "KRAKEN") == [1]
