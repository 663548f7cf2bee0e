"""A load is recorded for a target only when all of its rows were read; every run leaves a balance."""

import shutil
from pathlib import Path

import pytest

from lakehouse.pending import Landed, read_landed, shortfalls
from macros_gen.__main__ import main as generate
from schemahub.runs.attention import outdated, remarks, stuck
from schemahub.runs.balance import balances
from schemahub.show.balance import balance_line
from tests.support.lake_under_test import (
    ROOT,
    LakeUnderTest,
    Row,
    binance,
    coinbase,
    kraken,
    on_duckdb_alone,
    trade_ids,
)

KRAKEN = "config/mappings/kraken_trades.yaml"


def recorded(lake: LakeUnderTest) -> set[tuple[str, str]]:
    return {(row["target"], row["load_id"]) for row in lake.rows("unified_loads")}


def landed(lake: LakeUnderTest) -> Landed:
    return read_landed(lake.lake, lake.registry.targets_by_raw_table)


def land_in_part(lake: LakeUnderTest, rows: list[Row], *, load: str, at: str) -> None:
    """Land only the first of `rows`, while the ledger says that all were landed."""
    lake.land("raw_kraken_trades", rows, load=load, at=at)
    lake.table("raw_kraken_trades").delete(f"_dlt_load_id = '{load}' and trade_id <> '{rows[0]['trade_id']}'")


def test_a_load_of_which_rows_are_missing_stays_pending_until_they_are_read(unified: LakeUnderTest) -> None:
    land_in_part(unified, kraken(11, 12), load="k2", at="2026-01-05 13:00:00")
    unified.land("raw_kraken_trades", kraken(13), load="k3", at="2026-01-05 13:00:01")
    unified.dbt("run")
    assert trade_ids(unified, "KRAKEN") == [9, 10, 13]
    assert ("trades_unified", "k2") not in recorded(unified)
    assert ("trades_unified", "k3") in recorded(unified)
    (short,) = shortfalls(unified.lake)
    assert (short.load_id, short.row_count, short.found_rows) == ("k2", 2, 1)
    assert list(stuck(landed(unified), [short])) == [
        "load k2 of raw_kraken_trades stays pending: 1 of its 2 rows were found when trades_unified was last unified; "
        "`schemahub repair` looks for damage"
    ]
    unified.dbt("test", "--select", "trades_unified_read_what_was_landed", succeeds=False)
    unified.land("raw_kraken_trades", kraken(12), load="k2", at="2026-01-05 13:00:00", ledger=False)
    unified.dbt("run")
    assert trade_ids(unified, "KRAKEN") == [9, 10, 11, 12, 13]
    assert ("trades_unified", "k2") in recorded(unified)
    unified.dbt("test", "--select", "trades_unified_read_what_was_landed")
    assert remarks(unified.lake, landed(unified), unified.registry) == []


def test_what_was_read_is_inserted_known_or_rejected(unified: LakeUnderTest) -> None:
    twice = binance(3, 4, 4, 5)
    unified.land("raw_binance_trades", twice, load="b2", at="2026-01-05 13:00:00")
    unified.land("raw_kraken_trades", kraken(10, 11), load="k2", at="2026-01-05 13:00:00")
    wrong = [*coinbase(20, price=None), *coinbase(21, price=None), *coinbase(22, size=float("nan"))]
    unified.land("raw_coinbase_trades", [*coinbase(23), *wrong], load="c2", at="2026-01-05 13:00:01")
    unified.dbt("run")
    loads = {load.load_id: load for load in landed(unified).unified.values()}
    parts = ("read_rows", "inserted_rows", "known_rows", "rejected_rows")
    assert {name: tuple(getattr(load, part) for part in parts) for name, load in loads.items()} == {
        "b1": (3, 3, 0, 0),
        "c1": (3, 3, 0, 0),
        "k1": (2, 2, 0, 0),
        # both loads have the same landing time, so they share the three rows that have this time
        "b2": (4, 3, 1, 0),
        "k2": (2, 0, 2, 0),
        "c2": (4, 1, 0, 3),
    }
    (of_coinbase,) = balances([loads["c2"]])
    assert balance_line(of_coinbase) == "raw_coinbase_trades  4 read = 1 inserted + 0 already there + 3 rejected"
    assert of_coinbase.reasons == {"price is null": 2, "quantity is not finite": 1}


def project(folder: Path) -> Path:
    """Return a copy of the project whose mappings a test may change."""
    for name in ("config", "dbt_project"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    return folder


@pytest.mark.slow
@on_duckdb_alone
def test_a_raw_table_without_a_mapping_waits_for_one(unified: LakeUnderTest, tmp_path: Path) -> None:
    changed = project(tmp_path)
    mapping = (changed / KRAKEN).read_text()
    (changed / KRAKEN).unlink()
    generate(["--root", str(changed)])
    unified.use(changed)
    unified.land("raw_kraken_trades", kraken(11, 12), load="k2", at="2026-01-05 13:00:00")
    unified.land("raw_binance_trades", binance(4), load="b2", at="2026-01-05 13:00:00")
    unified.dbt("run")
    assert recorded(unified) == {("trades_unified", load) for load in ("b1", "b2", "c1", "k1")}
    without = Landed(landed(unified).rows, {"raw_binance_trades": "trades_unified"}, landed(unified).unified)
    assert "2 loads of raw_kraken_trades (4 rows) stay pending: no file in config/mappings/ reads it" in stuck(
        without, []
    )
    (changed / KRAKEN).write_text(mapping)
    generate(["--root", str(changed)])
    unified.dbt("run")
    assert trade_ids(unified, "KRAKEN") == [9, 10, 11, 12]
    unified.dbt("test", "--select", "trades_unified_read_what_was_landed")


SECOND = "kraken_unified"


def with_a_second_target(folder: Path) -> Path:
    """Return a project in which Kraken's trades go to a separate table, without those of the pair ETHUSD."""
    changed = project(folder)
    target = (changed / "config/targets/trades_unified.yaml").read_text()
    target = target.replace("trades_unified", SECOND).replace("trades_rejected", "kraken_rejected")
    (changed / f"config/targets/{SECOND}.yaml").write_text(target.replace("stored_marts: [trades_1m_versions]\n", ""))
    mapping = (changed / KRAKEN).read_text().replace("trades_unified", SECOND)
    (changed / KRAKEN).write_text(mapping + "filters: {pair: {not_in: [ETHUSD]}}\n")
    generate(["--root", str(changed)])
    return changed


@pytest.mark.slow
@on_duckdb_alone
def test_a_target_that_is_not_built_keeps_its_loads(make_lake, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    lake: LakeUnderTest = make_lake()
    lake.use(with_a_second_target(tmp_path))
    lake.land("raw_binance_trades", binance(1), load="b1", at="2026-01-05 12:00:00")
    lake.land("raw_kraken_trades", [*kraken(1, 2), *kraken(3, pair="ETHUSD")], load="k1", at="2026-01-05 12:00:00")
    lake.dbt("seed")
    lake.dbt("run", "--select", "+trades_unified+")
    assert recorded(lake) == {("trades_unified", "b1")}
    lake.dbt("run", "--select", f"+{SECOND}+")
    assert recorded(lake) == {("trades_unified", "b1"), (SECOND, "k1")}
    (of_kraken,) = (row for row in lake.rows("unified_loads") if row["target"] == SECOND)
    assert (of_kraken["read_rows"], of_kraken["inserted_rows"], of_kraken["rejected_rows"]) == (3, 2, 1)
    assert of_kraken["rejections"] == "1 left out by the filter of pair"
    lake.land("raw_kraken_trades", kraken(4), load="k2", at="2026-01-05 13:00:00")
    lake.dbt("run", "--full-refresh", "--select", "+trades_unified+")
    assert recorded(lake) == {("trades_unified", "b1"), (SECOND, "k1")}
    lake.dbt("run")
    assert recorded(lake) == {("trades_unified", "b1"), (SECOND, "k1"), (SECOND, "k2")}
    assert [row["trade_id"] for row in lake.rows(SECOND)] == ["1", "2", "4"]


@on_duckdb_alone
def test_loads_that_another_version_of_a_mapping_unified_are_named(unified: LakeUnderTest) -> None:
    loads = landed(unified).unified.values()
    versions = {load.raw_table: load.mapping_version or "" for load in loads}
    assert list(outdated(loads, versions)) == []
    assert list(outdated(loads, versions | {"raw_binance_trades": "another"})) == [
        "1 loads of raw_binance_trades (3 rows) were unified by another version of its mapping; "
        "`schemahub run unify trades_unified --full-refresh` unifies them again"
    ]


def test_a_full_refresh_that_would_lose_rows_replaces_nothing(
    unified: LakeUnderTest, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = unified.rows("trades_unified")
    unified.table("raw_kraken_trades").delete("trade_id = '9'")
    unified.dbt("run", "--full-refresh", succeeds=False)
    assert "a full refresh of trades_unified would lose 1 of its rows" in " ".join(capsys.readouterr().out.split())
    assert unified.rows("trades_unified") == before
    unified.target_path = tmp_path  # dbt parses the project again with variables, and would once more without them
    unified.dbt("run", "--full-refresh", "--vars", "{lose_rows: true}")
    assert trade_ids(unified, "KRAKEN") == [10]
    assert [short.load_id for short in shortfalls(unified.lake)] == ["k1"]
