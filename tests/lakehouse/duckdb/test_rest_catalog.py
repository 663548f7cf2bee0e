import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from lakehouse.duckdb.catalog_process import RestCatalog
from tests.support.duckdb_writer import writing
from tests.support.plain_lake import trades


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def connection(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with writing(lake) as connection:
        yield connection


@pytest.fixture
def duck(connection: duckdb.DuckDBPyConnection, catalog: SqlCatalog, lake: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB on a lake without tables."""
    for name in catalog.list_tables("schemahub"):
        catalog.drop_table(name)
    shutil.rmtree(lake / "schemahub", ignore_errors=True)
    return connection


@contextmanager
def asking(rest: RestCatalog) -> Iterator[httpx.Client]:
    """A client that knows the secret, as DuckDB does."""
    with httpx.Client(base_url=f"{rest.url}/v1/", headers={"Authorization": f"Bearer {rest.secret}"}) as client:
        yield client


@pytest.fixture(scope="module")
def rest(lake: Path) -> Iterator[RestCatalog]:
    with RestCatalog(lake) as rest:
        yield rest


@pytest.fixture
def client(duck: duckdb.DuckDBPyConnection, rest: RestCatalog) -> Iterator[httpx.Client]:
    with asking(rest) as client:
        yield client


def folder_of(catalog: SqlCatalog, name: str) -> Path:
    return Path(catalog.load_table(f"schemahub.{name}").location().removeprefix("file://"))


def test_every_created_table_gets_a_folder_of_its_own(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog, lake: Path):
    duck.sql("create table a as select 1 as one")
    first = folder_of(catalog, "a")
    duck.sql("alter table a rename to b")
    duck.sql("create table a as select 2 as two")
    assert {first.parent, folder_of(catalog, "a").parent} == {lake / "schemahub"}
    assert folder_of(catalog, "b") == first != folder_of(catalog, "a")


def test_a_folder_s_name_takes_only_letters_and_digits_from_the_table_s_name(
    duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog, lake: Path
):
    duck.sql('create table "a b\\c" as select 1 as one')
    assert folder_of(catalog, r"a b\c").name.startswith("a_b_c-")


def test_a_table_can_be_created_partitioned_and_filled_in_one_transaction(
    duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog
):
    duck.begin()
    duck.sql("create table a (ts timestamp)")
    duck.sql("alter table a set partitioned by (day(ts))")
    duck.sql("insert into a values (timestamp '2026-01-01 00:00:00.123456')")
    duck.commit()
    table = catalog.load_table("schemahub.a")
    assert [field.name for field in table.spec().fields] == ["day_ts_1"]
    assert table.scan().to_arrow()["ts"].to_pylist()[0].microsecond == 123456


def test_metadata_files_do_not_pile_up(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog):
    duck.sql("create table a (one int)")
    for number in range(60):
        duck.execute("insert into a values (?)", [number])
    assert len(catalog.load_table("schemahub.a").snapshots()) == 60
    assert len(list(folder_of(catalog, "a").glob("metadata/*.metadata.json"))) == 51


def test_an_insert_of_no_rows_makes_no_snapshot(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog):
    duck.sql("create table a as select 1 as one")
    duck.sql("insert into a select 2 where false")
    assert len(catalog.load_table("schemahub.a").snapshots()) == 1


def test_a_conflicting_commit_fails_the_statement(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog):
    duck.sql("create table a as select 1::bigint as one")
    duck.begin()
    duck.sql("insert into a values (2)")
    catalog.load_table("schemahub.a").append(pa.table({"one": [3]}))
    with pytest.raises(duckdb.TransactionException, match="CommitFailedException"):
        duck.commit()
    assert sorted(catalog.load_table("schemahub.a").scan().to_arrow()["one"].to_pylist()) == [1, 3]


def test_a_conflict_on_one_table_of_a_transaction_changes_none(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog):
    for name in ("a", "b"):
        duck.sql(f"create table {name} as select 1::bigint as one")
    duck.begin()
    for name in ("a", "b"):
        duck.sql(f"insert into {name} values (2)")
    catalog.load_table("schemahub.b").append(pa.table({"one": [3]}))
    with pytest.raises(duckdb.TransactionException, match="CommitFailedException"):
        duck.commit()
    assert catalog.load_table("schemahub.a").scan().to_arrow()["one"].to_pylist() == [1]


def test_drop_removes_the_folder_of_that_table_only(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog, lake: Path):
    duck.sql("create table a as select 1 as one")
    duck.sql("create table ab as select 2 as two")
    dropped, kept = folder_of(catalog, "a"), folder_of(catalog, "ab")
    duck.sql("drop table a")
    assert not dropped.exists()
    assert [*(lake / "schemahub").iterdir()] == [kept]
    assert duck.sql("select * from ab").fetchall() == [(2,)]


def test_drop_keeps_the_files_of_a_table_that_another_tool_created(
    duck: duckdb.DuckDBPyConnection, raw_trades: Table, lake: Path
):
    duck.sql("drop table raw_trades")
    assert list((lake / "schemahub" / "raw_trades").rglob("*.parquet"))


def test_drop_keeps_a_folder_that_holds_another_table(duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog):
    duck.sql("create table a as select 1 as one")
    catalog.register_table("schemahub.b", catalog.load_table("schemahub.a").metadata_location)
    duck.sql("drop table a")
    assert catalog.load_table("schemahub.b").scan().to_arrow().num_rows == 1


def test_drop_keeps_a_folder_that_only_claims_to_belong_to_the_table(
    duck: duckdb.DuckDBPyConnection, catalog: SqlCatalog, lake: Path, tmp_path: Path
):
    namespace = lake / "schemahub"
    namespace.mkdir()
    (namespace / "link-01234567").symlink_to(tmp_path)
    claims = [
        (lake, ".."),
        (namespace, ""),
        (namespace, "."),
        (namespace, "schemahub"),
        (namespace / "a", "a"),
        (namespace / "link-01234567", "link-01234567"),
        (namespace / "a" / "b-01234567", "a/b-01234567"),
        (namespace / "c-01234567", "d-01234567"),
        (tmp_path / "e-01234567", "e-01234567"),
    ]
    for number, (folder, claim) in enumerate(claims):
        name, properties = f"t{number}", {"schemahub.own-folder": claim}
        table = catalog.create_table(
            f"schemahub.{name}", trades(0, 0).schema, location=f"file://{folder}", properties=properties
        )
        duck.sql(f"drop table {name}")
        assert not catalog.table_exists(f"schemahub.{name}")
        assert Path(table.metadata_location.removeprefix("file://")).exists(), folder


def test_a_table_swapped_in_survives_the_drop_of_its_predecessor(duck: duckdb.DuckDBPyConnection, lake: Path):
    duck.sql("create table a as select 1 as one")
    duck.sql("create table a__new as select 2 as one")
    duck.sql("alter table a rename to a__old")
    duck.sql("alter table a__new rename to a")
    duck.sql("drop table a__old")
    assert duck.sql("select * from a").fetchall() == [(2,)]
    assert len(list((lake / "schemahub").iterdir())) == 1


def test_the_folder_of_a_failed_create_is_removed_when_the_catalog_ends(tmp_path: Path):
    lake = tmp_path / "lake"
    with writing(lake) as duck, pytest.raises(duckdb.ConversionException):
        duck.sql("create table a as select cast(i::varchar || 'x' as int) as one from range(9) r(i)")
    assert list((lake / "schemahub").iterdir()) == []


def test_errors_follow_the_specification_and_are_logged_only_on_request(
    duck: duckdb.DuckDBPyConnection, lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    tables = "namespaces/schemahub/tables"
    with RestCatalog(lake, log_file=str(tmp_path / "catalog.log")) as rest, asking(rest) as client:
        missing = client.get(f"{tables}/a")
        malformed = client.post(tables, content="{", headers={"Content-Type": "application/json"})
        namespace = client.post("namespaces", json={"namespace": ["schemahub"]})
    assert missing.json()["error"] == {
        "message": "NoSuchTableError: Table does not exist: schemahub.a",
        "type": "NoSuchTableException",
        "code": 404,
    }
    assert (malformed.status_code, malformed.json()["error"]["type"]) == (400, "BadRequestException")
    assert (namespace.status_code, namespace.json()["error"]["type"]) == (409, "AlreadyExistsException")
    logged = (tmp_path / "catalog.log").read_text()
    assert "GET /v1/namespaces/schemahub/tables/a -> 404" in logged
    assert rest.secret not in logged
    assert capfd.readouterr() == ("", "")


STRANGERS = {
    "another user": (401, {"Authorization": ""}),
    "a guess": (401, {"Authorization": "Bearer 0123456789"}),
    "a page that was sent to another name": (403, {"Host": "evil.example"}),
    "a web page": (403, {"Origin": "https://evil.example"}),
    "a local web page": (403, {"Origin": "null"}),
    "a form": (415, {"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize(("status", "headers"), STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_is_refused_and_nothing_happens(
    client: httpx.Client, raw_trades: Table, lake: Path, catalog: SqlCatalog, status: int, headers: dict[str, str]
):
    before = sorted(lake.rglob("*"))
    created = client.post("namespaces/schemahub/tables", content=b'{"name": "a"}', headers=headers)
    assert created.status_code == status
    if "Content-Type" not in headers:  # a DELETE has no body
        deleted = client.delete("namespaces/schemahub/tables/raw_trades", headers=headers)
        listed = client.get("namespaces/schemahub/tables", headers=headers)
        assert (deleted.status_code, listed.status_code) == (status, status)
        assert "raw_trades" not in listed.text
    assert sorted(lake.rglob("*")) == before
    assert catalog.table_exists("schemahub.raw_trades")


def test_a_body_that_is_too_long_is_refused(client: httpx.Client):
    body = (b" " * 2**20 for _ in range(17))
    answer = client.post("transactions/commit", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def schema() -> dict[str, Any]:
    return {"type": "struct", "fields": [{"id": 1, "name": "a", "type": "int", "required": False}]}


def commit(client: httpx.Client, table: str, *updates: dict[str, Any]) -> httpx.Response:
    return client.post(f"namespaces/schemahub/tables/{table}", json={"requirements": [], "updates": updates})


def test_no_table_is_created_outside_the_lake(client: httpx.Client, lake: Path, tmp_path: Path):
    (lake / "way-out").symlink_to(tmp_path)
    outside = tmp_path / "outside"
    for location in (
        f"file://{outside}",
        str(outside),
        f"{lake}/../outside",
        f"file://{lake}/way-out/a",
        "a",
        "s3://b/a",
    ):
        wanted = {"name": "a", "schema": schema(), "location": location}
        refused = client.post("namespaces/schemahub/tables", json=wanted)
        assert (refused.status_code, "is not in the lake" in refused.text) == (403, True), location
    wanted = {"name": "a", "schema": schema(), "properties": {"write.metadata.path": f"file://{outside}"}}
    assert client.post("namespaces/schemahub/tables", json=wanted).status_code == 403
    (lake / "way-out").unlink()
    assert not outside.exists()
    assert not (lake / "schemahub").exists()


def test_no_table_can_be_moved_outside_the_lake(
    client: httpx.Client, raw_trades: Table, catalog: SqlCatalog, tmp_path: Path
):
    before = catalog.load_table("schemahub.raw_trades").metadata_location
    outside = f"file://{tmp_path}/outside"
    snapshot = {"snapshot-id": 1, "timestamp-ms": 1, "manifest-list": outside, "summary": {"operation": "append"}}
    for update in (
        {"action": "set-location", "location": outside},
        {"action": "set-properties", "updates": {"write.data.path": outside}},
        {"action": "add-snapshot", "snapshot": snapshot},
    ):
        assert commit(client, "raw_trades", update).status_code == 403
        identifier = {"namespace": ["schemahub"], "name": "raw_trades"}
        changes = [{"identifier": identifier, "requirements": [], "updates": [update]}]
        assert client.post("transactions/commit", json={"table-changes": changes}).status_code == 403
    assert catalog.load_table("schemahub.raw_trades").metadata_location == before


@pytest.mark.parametrize("name", ["", "../a", "a\nb", "\x1b[2J", "a" * 300])
def test_an_invalid_name_is_refused(client: httpx.Client, raw_trades: Table, catalog: SqlCatalog, name: str):
    source = {"namespace": ["schemahub"], "name": "raw_trades"}
    renamed = client.post("tables/rename", json={"source": source, "destination": source | {"name": name}})
    created = client.post("namespaces/schemahub/tables", json={"name": name, "schema": schema()})
    assert (renamed.status_code, created.status_code) == (400, 400)
    assert catalog.list_tables("schemahub") == [("schemahub", "raw_trades")]


@pytest.mark.parametrize("damage", ["missing", "empty", "random"])
def test_a_table_that_cannot_be_read_is_reported_with_its_file(
    duck: duckdb.DuckDBPyConnection, raw_trades: Table, damage: str
):
    metadata = Path(raw_trades.metadata_location.removeprefix("file://"))
    metadata.unlink()
    if damage != "missing":
        metadata.write_bytes({"empty": b"", "random": bytes(range(256))}[damage])
    with pytest.raises(duckdb.HTTPException) as failure:
        duck.execute("select * from schemahub.schemahub.raw_trades")
    (line,) = str(failure.value).splitlines()
    assert "`raw_trades` can't be read" in line
    assert str(metadata) in line
