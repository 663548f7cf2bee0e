"""What a run reports about its balance and about what needs attention. Pure, except for generated files."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed, Shortfall, UnifiedLoad
from registry.registry import Registry
from schemahub.runs.attention import MOST_LINES, from_the_future, missing_rows, stale_files, stuck
from schemahub.runs.balance import balances
from schemahub.settings import PROJECT
from schemahub.show.balance import balance_line, rejections

NOON = datetime(2026, 1, 5, 12)


def unified_load(load_id: str, *counts: int, rejections: str | None = None, table: str = "raw_a_trades") -> UnifiedLoad:
    return UnifiedLoad("trades_unified", table, load_id, *counts, rejections, "a version", NOON)


def ledger_row(raw_table: str, row_count: int, load_id: str = "a1") -> LedgerRow:
    return LedgerRow(load_id, raw_table, "a", "BTC", "rest", row_count, "1", "2", NOON, NOON, NOON, NOON)


def test_a_balance_adds_up_over_the_loads_of_a_raw_table() -> None:
    reasons = "2 price is not above 0\n1 trade_ts is in the future"
    loads = [
        unified_load("1", 10, 6, 1, 3, rejections=reasons),
        unified_load("2", 5, 4, 0, 1, rejections="1 price is not above 0"),
        unified_load("3", 7, 7, 0, 0, table="raw_b_trades"),
    ]
    of_a, of_b = balances(loads)
    assert balance_line(of_a) == "raw_a_trades         15 read = 10 inserted + 1 already there + 4 rejected"
    assert rejections(of_a) == "3 price is not above 0, 1 trade_ts is in the future"
    assert balance_line(of_b) == "raw_b_trades         7 read = 7 inserted + 0 already there + 0 rejected"
    (line,) = from_the_future([of_a, of_b], "trades_unified")
    assert line.startswith("1 rows were rejected because their time is in the future; ")
    assert line.endswith("`schemahub run unify trades_unified --full-refresh` to insert them")
    assert list(from_the_future([of_b], "trades_unified")) == []


def test_a_target_that_cannot_count_the_rows_of_a_load_leaves_them_out() -> None:
    load = UnifiedLoad("orders_unified", "raw_a_orders", "1", 10, None, None, 2, "2 id is null", None, NOON)
    assert balance_line(balances([load])[0]) == "raw_a_orders         10 read = 2 rejected"


def test_many_loads_that_are_stuck_are_counted() -> None:
    short = [Shortfall("trades_unified", "raw_a_trades", str(number), 9, 0) for number in range(MOST_LINES + 2)]
    lines = list(stuck(Landed([], {}, {}), short))
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "2 more loads stay pending for the same reason"


def test_a_shortfall_that_no_longer_exists_is_not_named() -> None:
    done = unified_load("1", 9, 9, 0, 0)
    short = Shortfall("trades_unified", "raw_a_trades", "1", 9, 4)
    assert list(stuck(Landed([], {}, {done.key: done}), [short])) == []


@pytest.mark.parametrize(("held", "is_said"), [(12, False), (11, False), (10, True)])
def test_a_raw_table_that_has_fewer_rows_than_the_ledger_is_named(held: int, is_said: bool) -> None:
    landed = Landed([ledger_row("raw_a_trades", 5), ledger_row("raw_a_trades", 6, "a2")], {}, {})
    lines = list(missing_rows(landed, {"raw_a_trades": held}))
    assert lines == ["raw_a_trades holds 10 rows, and the ledger has 11; `schemahub repair` looks for damage"] * is_said


def test_generated_files_that_do_not_match_config_are_reported(registry: Registry, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dbt_project", tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    assert stale_files(registry, PROJECT) == []
    assert stale_files(registry, tmp_path) == []  # without schemas and documentation, as in a package
    (tmp_path / "dbt_project/models/generated/staging/stg_kraken__trades.sql").write_text("select 1")
    (line,) = stale_files(registry, tmp_path)
    assert line.startswith("1 generated dbt files don't match config/")
    assert line.endswith("run `schemahub generate`")
