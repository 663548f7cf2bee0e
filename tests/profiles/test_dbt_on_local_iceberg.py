import os
import secrets
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform
from pyiceberg.types import StringType

from lakehouse.duckdb.connect import connect
from tests.profiles.dbt_project import ROOT, Dbt
from tests.support.plain_lake import trades

pytestmark = pytest.mark.slow


def snapshots(catalog: SqlCatalog, name: str) -> int:
    return len(catalog.load_table(f"schemahub.{name}").snapshots())


def rows(catalog: SqlCatalog, name: str) -> list[dict]:
    return catalog.load_table(f"schemahub.{name}").scan().to_arrow().to_pylist()


def folders(lake: Path) -> list[str]:
    """The tables' folders, without the suffix that makes DuckDB's folders unique."""
    return sorted(folder.name.partition("-")[0] for folder in (lake / "schemahub").iterdir())


def catalog_processes() -> int:
    found = subprocess.run(
        ["pgrep", "-c", "-P", str(os.getpid()), "-f", "lakehouse.duckdb.rest_catalog"], capture_output=True
    )
    return int(found.stdout)


def test_a_first_build_is_one_snapshot_partitioned_by_day_and_compressed_with_zstd(dbt: Dbt, catalog: SqlCatalog):
    dbt("run", "--select", "trades")
    table = catalog.load_table("schemahub.trades")
    assert len(table.snapshots()) == 1
    assert [type(field.transform) for field in table.spec().fields] == [DayTransform]
    files = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
    assert len(files) == 2  # one per day
    assert {pq.ParquetFile(file).metadata.row_group(0).column(0).compression for file in files} == {"ZSTD"}


def test_dbt_leaves_nothing_in_the_folder_where_it_is_started(
    dbt: Dbt, lake: Path, catalog: SqlCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SCHEMAHUB_LAKE", str(lake))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    dbt("run", "--select", "trades")
    assert list(Path.cwd().iterdir()) == []
    assert snapshots(catalog, "trades") == 1


def test_an_increment_is_one_snapshot_and_keeps_microseconds(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table):
    dbt("run", "--select", "trades")
    raw_trades.append(trades(48, 60))
    dbt("run", "--select", "trades")
    assert snapshots(catalog, "trades") == 2
    assert sorted(rows(catalog, "trades"), key=lambda row: row["id"]) == trades(0, 60).to_pylist()


def test_an_increment_without_rows_adds_no_snapshot(dbt: Dbt, catalog: SqlCatalog):
    dbt("run", "--select", "trades")
    dbt("run", "--select", "trades")
    assert snapshots(catalog, "trades") == 1


def test_a_full_refresh_rebuilds_and_leaves_nothing_of_the_predecessor(dbt: Dbt, catalog: SqlCatalog, lake: Path):
    dbt("run", "--select", "trades totals")
    before = catalog.load_table("schemahub.trades").location()
    dbt("run", "--select", "trades totals", "--full-refresh")
    after = catalog.load_table("schemahub.trades").location()
    assert before != after
    assert snapshots(catalog, "trades") == 1
    assert len(rows(catalog, "trades")) == 48
    assert folders(lake) == ["raw_trades", "totals", "trades"]


def test_a_table_is_replaced_by_each_run(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table, lake: Path):
    dbt("run", "--select", "trades totals")
    raw_trades.append(trades(48, 60))
    dbt("run", "--select", "trades totals")
    assert [row["trades"] for row in rows(catalog, "totals")] == [60]
    assert folders(lake) == ["raw_trades", "totals", "trades"]


def test_a_table_that_fails_to_build_stays_as_it_was(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table):
    dbt("run", "--select", "trades totals")
    raw_trades.append(trades(48, 49))
    failed = dbt.attempt("run", "--select", "trades totals")
    assert [node.message for node in failed.result if node.status == "error"] == [
        "Runtime Error in model totals (models/totals.sql)\n  Invalid Input Error: forty-nine trades are an error"
    ]
    assert [row["trades"] for row in rows(catalog, "totals")] == [48]


def test_delete_and_insert_replaces_whole_days_in_one_commit(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table):
    dbt("run", "--select", "trades daily")
    raw_trades.append(trades(48, 60))
    location = catalog.load_table("schemahub.daily").metadata_location
    dbt("run", "--select", "trades daily")
    daily = catalog.load_table("schemahub.daily")
    assert sorted((row["trade_day"].day, row["trades"]) for row in rows(catalog, "daily")) == [
        (1, 24),
        (2, 24),
        (3, 12),
    ]
    assert daily.metadata.metadata_log[-1].metadata_file == location
    assert not [name for name in catalog.list_tables("schemahub") if "__dbt" in name[-1]]


def test_a_hook_s_delete_and_the_append_are_one_commit(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table):
    dbt("run", "--select", "trades hourly")
    raw_trades.append(trades(48, 60))
    location = catalog.load_table("schemahub.hourly").metadata_location
    dbt("run", "--select", "trades hourly")
    hourly = catalog.load_table("schemahub.hourly")
    assert sorted(row["trade_hour"] for row in rows(catalog, "hourly")) == [
        row["trade_ts"].replace(microsecond=0) for row in trades(0, 60).to_pylist()
    ]
    assert hourly.metadata.metadata_log[-1].metadata_file == location


def test_an_increment_with_a_new_column_adds_it(dbt: Dbt, catalog: SqlCatalog, raw_trades: Table):
    dbt("run", "--select", "trades")
    with raw_trades.update_schema() as update:
        update.add_column("note", StringType())
    raw_trades.append(trades(48, 49).append_column("note", pa.array(["new"])))
    dbt("run", "--select", "trades")
    assert {row["note"] for row in rows(catalog, "trades")} == {None, "new"}
    assert snapshots(catalog, "trades") == 2


def test_views_and_plain_tables_live_in_the_views_file(dbt: Dbt, lake: Path):
    dbt("run")
    dbt("run")
    with duckdb.connect(lake / "views.duckdb", read_only=True) as views:
        kinds = views.sql("select table_name, table_type from information_schema.tables order by all").fetchall()
    assert kinds == [("enriched", "VIEW"), ("plain", "BASE TABLE")]
    with connect(lake) as connection:
        assert connection.sql("select count(*), max(double_price) from enriched").fetchall() == [(48, 94.0)]


def test_docs_show_all_columns_and_types(dbt: Dbt):
    dbt("run")
    described = dbt("docs", "generate").result
    columns = {
        node.metadata.name: [(column.name, column.type) for column in node.columns.values()]
        for node in [*described.nodes.values(), *described.sources.values()]
    }
    trade = [("id", "BIGINT"), ("trade_ts", "TIMESTAMP"), ("price", "DOUBLE")]
    assert columns == {
        "raw_trades": trade,
        "trades": trade,
        "enriched": [*trade, ("double_price", "DOUBLE")],
        "hourly": [("trade_hour", "TIMESTAMP"), ("trades", "BIGINT")],
        "daily": [("trade_day", "TIMESTAMP"), ("trades", "BIGINT")],
        "totals": [("trades", "BIGINT"), ("volume", "DOUBLE")],
        "plain": [("trades", "BIGINT")],
    }


def test_repeated_runs_in_one_process_share_one_catalog_process(dbt: Dbt):
    dbt("run", "--select", "trades")
    dbt("run", "--select", "trades totals")
    assert catalog_processes() == 1


def test_dbt_neither_writes_nor_prints_the_secret_of_the_catalog(
    dbt: Dbt, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: "open-sesame")
    dbt("run", "--debug", "--no-quiet", "--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs"))
    dbt("show", "--inline", "from duckdb_databases()", "--target-path", str(tmp_path / "target"))
    written = [path.read_bytes() for path in (*tmp_path.rglob("*"), *dbt.project.rglob("*")) if path.is_file()]
    assert any(b"create table" in text for text in written)
    assert not any(b"open-sesame" in text for text in written)
    assert "open-sesame" not in "".join(capfd.readouterr())


def test_dbt_works_as_a_command_and_leaves_no_process_behind(dbt: Dbt, lake: Path, catalog: SqlCatalog):
    command = [
        Path(sys.executable).parent / "dbt",
        "run",
        "--quiet",
        "--project-dir",
        dbt.project,
        "--profiles-dir",
        ROOT / "profiles",
    ]
    subprocess.run(command, check=True)
    assert len(rows(catalog, "trades")) == 48
    assert subprocess.run(["pgrep", "-f", f"lakehouse.duckdb.rest_catalog {lake}"], capture_output=True).stdout == b""


def test_each_target_parses_without_settings_except_the_aws_region(dbt: Dbt, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    dbt("parse", "--target", "duckdb")
    assert "'AWS_REGION'" in str(dbt.attempt("parse", "--target", "athena").exception)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    dbt("parse", "--target", "athena")
