"""`schemahub query` reads the lake's tables and views, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lakehouse.duckdb.connect import connect, extension_path, quoted, shut_in
from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from schemahub.runs import query
from schemahub.runs.query import QueryFailed, run_query
from schemahub.show.rows import show_rows
from tests.support.duckdb_writer import writing


@pytest.fixture(scope="module")
def trades_lake(tmp_path_factory: pytest.TempPathFactory) -> LocalLake:
    lake = LocalLake(tmp_path_factory.mktemp("query") / "lake")
    lake.catalog.create_namespace("schemahub")
    rows = pa.table({"trade_id": ["1", "2"]})
    table = lake.catalog.create_table(identifier("trades"), rows.schema, lake.table_location("trades"))
    table.append(rows)
    return lake


@pytest.fixture(scope="module")
def shut(trades_lake: LocalLake) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(trades_lake.folder) as connection:
        shut_in(connection, trades_lake.folder)
        yield connection


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("copy trades to 'out.csv'", "COPY"),
        ("copy (select 1) to '/dev/stdout'", "COPY"),
        ("attach 'new.duckdb'", "ATTACH"),
        ("attach '' as b (type iceberg, endpoint 'http://127.0.0.1:9')", "ATTACH"),
        ("install httpfs", "LOAD"),
        ("load './own.duckdb_extension'", "LOAD"),
        ("set enable_external_access = true", "SET"),
        ("reset lock_configuration", "SET"),
        ("create secret (type http, bearer_token 'a')", "CREATE"),
        ("create table mine as select 1 as one", "CREATE"),
        ("export database 'folder'", "EXPORT"),
        ("insert into trades values ('3')", "INSERT"),
        ("call enable_logging()", "CALL"),
        ("prepare p as delete from trades", "PREPARE"),
        ("select 1; copy trades to 'out.csv'", "COPY"),
        ("explain analyze copy trades to 'out.csv'", "EXPLAIN"),
        ("/* a */ explain analyze copy trades to 'out.csv'", "EXPLAIN"),
        ("EXPLAIN (format json) delete from trades", "EXPLAIN"),
    ],
)
def test_what_does_more_than_read_is_refused_by_its_name(
    trades_lake: LocalLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryFailed, match=f"`query` is read-only: .*no {kind} statement"):
        run_query(trades_lake, sql, show=show_rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('/etc/passwd')",
        "from '/etc/passwd'",
        "from glob('/etc/*')",
        "from read_blob('/proc/self/environ')",
        "from read_text('{lake}/catalog.db')",
        "from read_text('{lake}/schemahub/../catalog.db')",
        "from read_parquet('{lake}/../elsewhere.parquet')",
        "from read_csv('http://127.0.0.1:9/a.csv')",
        "from iceberg_scan('{lake}/../elsewhere')",
        "select getenv('HOME')",
        "from duckdb_secrets(redact = false)",
    ],
)
def test_what_is_outside_the_lake_cannot_be_read(
    shut: duckdb.DuckDBPyConnection, trades_lake: LocalLake, sql: str
) -> None:
    with pytest.raises((duckdb.PermissionException, duckdb.CatalogException, duckdb.InvalidInputException)):
        shut.execute(sql.format(lake=trades_lake.folder)).fetchall()


def test_no_extension_can_be_loaded_from_a_file(shut: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.PermissionException):
        shut.execute(f"load {quoted(extension_path('httpfs'))}")


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from trades",
        "from schemahub.schemahub.trades",
        "describe trades",
        "summarize trades",
        "show all tables",
        "explain select * from trades",
        "explain analyze select * from trades",
        "with a as (from trades) select * from a order by all",
        "pivot (from trades) on trade_id using count(*)",
    ],
)
def test_what_reads_the_lake_is_run(shut: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert shut.sql(sql) is not None


def test_the_terminals_width_does_not_limit_what_goes_to_a_file(
    trades_lake: LocalLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "dumb", "LINES": "2"}.items():
        monkeypatch.setenv(name, value)
    run_query(trades_lake, f"select '{'x' * 200}' as wide, i from range(200) as r(i)", show=show_rows)
    assert capsys.readouterr().out.count("x" * 200) == 200


def test_a_query_reads_the_new_table_if_a_run_replaces_it_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = LocalLake(tmp_path / "lake")
    with writing(lake.folder) as duck:
        duck.execute("create table replaced as select 1234 as number")
    opened = 0

    @contextmanager
    def connect_and_be_late(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        nonlocal opened
        opened += 1
        with connect(folder) as connection:
            if opened == 1:
                with writing(folder) as duck:
                    duck.execute("drop table replaced")
                    duck.execute("create table replaced as select 5678 as number")
            yield connection

    monkeypatch.setattr(query, "connect", connect_and_be_late)
    run_query(lake, "from replaced", show=show_rows)
    assert "5678" in capsys.readouterr().out
    assert opened == 2
