import logging
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlparse

import duckdb
import pytest
from pyiceberg.table import Table
from pyiceberg.types import StringType

from lakehouse.duckdb.catalog_process import RestCatalog
from lakehouse.duckdb.connect import LakeUnusable, connect, extension_path
from tests.support.duckdb_writer import writing
from tests.support.plain_lake import trades


def listens(url: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", urlparse(url).port or 0)) == 0


def make_view(lake: Path) -> None:
    with writing(lake) as connection:
        connection.execute(f"attach '{lake}/views.duckdb' as views")
        connection.execute("create schema views.schemahub")
        connection.execute("create view views.schemahub.v as select count(*) as n from schemahub.schemahub.raw_trades")


def test_tables_are_found_by_plain_and_by_full_name_in_utc(raw_trades: Table, lake: Path):
    with connect(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
        assert connection.sql("select count(*) from schemahub.schemahub.raw_trades").fetchall() == [(48,)]
        assert connection.sql("select current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_timestamps_keep_their_microseconds(raw_trades: Table, lake: Path):
    with connect(lake) as connection:
        assert connection.sql("select id, trade_ts, price from raw_trades order by id").fetchall() == [
            tuple(row.values()) for row in trades(0, 48).to_pylist()
        ]


def test_all_statements_of_a_connection_see_the_same_state(raw_trades: Table, lake: Path):
    with connect(lake) as connection:
        raw_trades.append(trades(48, 60))
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
    with connect(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(60,)]


def test_a_loader_s_commit_is_seen_by_the_next_statement_of_a_connection_that_writes(raw_trades: Table, lake: Path):
    with writing(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
        raw_trades.append(trades(48, 60))
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(60,)]


def test_a_damaged_table_is_left_out_and_others_are_read(raw_trades: Table, lake: Path):
    with writing(lake) as connection:
        connection.execute("create table a as select 1 as one")
    Path(raw_trades.metadata_location.removeprefix("file://")).write_text("{")
    with connect(lake) as connection:
        assert connection.sql("from a").fetchall() == [(1,)]
        with pytest.raises(duckdb.CatalogException, match="raw_trades"):
            connection.sql("from raw_trades")


def test_a_table_without_rows_and_one_with_a_column_added_later_are_read(raw_trades: Table, lake: Path):
    with writing(lake) as connection:
        connection.execute("create table nothing (one integer)")
    with raw_trades.update_schema() as update:
        update.add_column("note", StringType())
    with connect(lake) as connection:
        assert connection.sql("from nothing").fetchall() == []
        assert connection.sql("select count(*), count(note) from raw_trades").fetchall() == [(48, 0)]


def test_a_commit_of_a_clock_that_is_ahead_is_read(raw_trades: Table, lake: Path, monkeypatch: pytest.MonkeyPatch):
    ahead = time.time() + 400 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: ahead)
    raw_trades.append(trades(48, 60))
    monkeypatch.undo()
    with connect(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(60,)]


def test_files_outside_a_range_of_time_are_not_read(raw_trades: Table, lake: Path):
    with connect(lake) as connection:
        query = "explain analyze select count(*) from raw_trades where trade_ts > timestamp '2100-01-01'"
        assert "Total Files Read: 0" in connection.sql(query).fetchall()[0][1]


def test_a_connection_can_not_write_the_lake(raw_trades: Table, lake: Path):
    files = sorted(lake.rglob("*"))
    with connect(lake) as connection:
        for statement in (
            "insert into raw_trades select * from raw_trades",
            "delete from raw_trades",
            "drop table raw_trades",
            "alter table raw_trades rename to a",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
    assert sorted(lake.rglob("*")) == files


def test_views_are_found_by_plain_name(raw_trades: Table, lake: Path):
    make_view(lake)
    with connect(lake) as connection:
        assert connection.sql("select n from v").fetchall() == [(48,)]


def test_views_that_another_process_has_locked_are_left_out(
    raw_trades: Table, lake: Path, caplog: pytest.LogCaptureFixture
):
    make_view(lake)
    code = f"import duckdb; views = duckdb.connect('{lake}/views.duckdb'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with caplog.at_level(logging.WARNING), connect(lake) as connection:
            assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
        holder.communicate(b"\n")
    assert "the views are unavailable until the next `run unify`" in caplog.text


PROXY = "http://somebody:hunter2@127.0.0.1:9"


def test_requests_to_the_catalog_do_not_go_through_a_proxy(
    raw_trades: Table, lake: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, PROXY)
        monkeypatch.setenv(name.lower(), PROXY)
    monkeypatch.setenv("NO_PROXY", "example.org")
    with writing(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
        assert "hunter2" not in str(connection.sql("from duckdb_settings()").fetchall())


def test_python_settings_do_not_reach_the_catalog(lake: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"OPTIMIZE": "2", "WARNINGS": "error", "INSPECT": "1", "UTF8": "0", "VERBOSE": "1"}.items():
        monkeypatch.setenv(f"PYTHON{name}", value)
    with RestCatalog(lake) as catalog:
        assert listens(catalog.url)


def test_the_secret_of_the_catalog_is_not_visible_anywhere(
    raw_trades: Table, lake: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: "open-sesame")
    with writing(lake) as connection:
        for listing in ("duckdb_secrets", "duckdb_databases", "duckdb_settings", "duckdb_logs"):
            assert "open-sesame" not in str(connection.sql(f"from {listing}()").fetchall()), listing
        processes = subprocess.run(["ps", "-Aww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert f"lakehouse.duckdb.rest_catalog {lake}" in processes
    assert "open-sesame" not in processes


def test_the_user_s_own_duckdb_has_no_influence(
    raw_trades: Table, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    secret_folder = tmp_path / ".duckdb" / "stored_secrets"
    secret_folder.mkdir(parents=True)
    (secret_folder / "schemahub_catalog.duckdb_secret").write_bytes(b"none")
    (tmp_path / ".duckdbrc").write_text("set threads = nonsense;")
    monkeypatch.setenv("HOME", str(tmp_path))
    with writing(lake) as connection:
        assert connection.sql("select count(*) from raw_trades").fetchall() == [(48,)]
        assert connection.sql("select count(*) from duckdb_secrets()").fetchall() == [(1,)]


def test_the_lake_s_folder_may_have_spaces_and_quotes_in_its_name(tmp_path: Path):
    lake = tmp_path / "the lake's 100%"
    with writing(lake) as connection:
        connection.execute("create table a as select 1 as one")
    with connect(lake) as connection:
        assert connection.sql("from a").fetchall() == [(1,)]


def test_a_missing_lake_is_reported(lake: Path):
    with (
        pytest.raises(LakeUnusable, match=r"no catalog in lake folder .*catalog.db does not exist"),
        connect(lake),
    ):
        pass
    assert not lake.exists()


def test_an_invalid_catalog_file_is_reported_in_one_line(lake: Path):
    lake.mkdir()
    (lake / "catalog.db").write_bytes(b"no database at all" * 1000)
    with (
        pytest.raises(LakeUnusable, match="file is not a database"),
        connect(lake) as duck,
    ):
        duck.sql("show tables")


def test_a_missing_extension_names_the_package_to_install():
    with pytest.raises(LakeUnusable, match=rf"pip install duckdb-extension-nonsense=={duckdb.__version__}"):
        extension_path("nonsense")


def test_the_catalog_ends_when_it_is_closed(lake: Path):
    with RestCatalog(lake) as catalog:
        url = catalog.url
        assert listens(url)
    assert not catalog.is_running
    assert not listens(url)


def test_the_catalog_ends_when_its_parent_is_killed(lake: Path):
    code = f"""
from pathlib import Path
from lakehouse.duckdb.catalog_process import RestCatalog
print(RestCatalog(Path({str(lake)!r})).url, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        assert listens(url)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while listens(url):
        assert time.monotonic() < deadline, "the catalog still listens"
        time.sleep(0.05)
