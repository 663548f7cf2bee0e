"""What a lake of each kind tells of its tables without opening them with a catalog."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse.duckdb import reader
from lakehouse.errors import LakeUnavailable
from lakehouse.lake import Lake
from lakehouse.ledger import LEDGER, LedgerRow, loads
from lakehouse.local import LocalLake
from lakehouse.tables import existing_table, state_of
from tests.support.lakes import LakeHome
from tests.support.landings import RAW, land_up_to


def define_view(lake: Lake, sql: str) -> None:
    if isinstance(lake, LocalLake):
        (lake.folder / "views.duckdb").write_text(sql)
        return
    glue = boto3.client("glue")
    view = {"Name": "candles", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": sql}
    try:
        glue.create_table(DatabaseName="schemahub", TableInput=view)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(DatabaseName="schemahub", TableInput=view)


def test_a_lake_in_which_nothing_was_landed_tells_of_no_table(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    assert lake.table_state(RAW.name) is None
    assert lake.open_to_plan(RAW.name) is None
    assert lake.rows(RAW.name, ("id",)) == []
    assert RAW.name not in lake.written().tables


def test_the_state_and_the_rows_of_a_table_are_those_that_pyiceberg_reads(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 20)
    land_up_to(lake, 30)
    table, ledger = existing_table(lake, RAW.name), existing_table(lake, LEDGER)
    assert table is not None
    assert ledger is not None
    assert lake.table_state(RAW.name) == state_of(table)
    read = lake.open_to_plan(RAW.name)
    assert read is not None
    assert read.metadata == table.metadata
    expected = ledger.scan().to_arrow().to_pylist()
    assert sorted(lake.rows(LEDGER, LedgerRow.__struct_fields__), key=str) == sorted(expected, key=str)


def test_what_is_written_changes_with_a_commit_and_with_a_view_and_only_then(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 20)
    define_view(lake, "select 1")
    first = lake.written()
    assert lake_home.open().written() == first
    land_up_to(lake, 30)
    second = lake.written()
    changed = {name for name, address in second.tables.items() if first.tables.get(name) != address}
    assert changed == {RAW.name, LEDGER}
    assert second.views == first.views
    define_view(lake, "select 2")
    assert lake.written().views.keys() == first.views.keys()
    assert lake.written().views != first.views


def test_a_table_that_a_run_replaces_meanwhile_is_read_as_it_is_then(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(lake, 20)
    read, replaced = reader.rows, False

    def replace_once(address: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        nonlocal replaced
        if not replaced:
            replaced = True
            land_up_to(lake, 30)
            Path(address.removeprefix("file://")).unlink()
        return read(address, columns)

    monkeypatch.setattr(reader, "rows", replace_once)
    assert {row.last_id for row in loads(lake)} == {"20", "30"}


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [emptied, Path.unlink])
@pytest.mark.parametrize("pattern", ["metadata/*.metadata.json", "metadata/snap-*.avro", "data/**/*.parquet"])
def test_a_damaged_file_is_named_in_one_line(lake: LocalLake, pattern: str, damage: Callable[[Path], None]) -> None:
    land_up_to(lake, 20)
    for path in (lake.folder / "schemahub" / LEDGER).glob(pattern):
        damage(path)
    with pytest.raises(LakeUnavailable, match=rf"`{LEDGER}` of .* is missing or damaged: .*`schemahub repair`") as told:
        loads(LocalLake(lake.folder))
    assert "\n" not in str(told.value)


def test_a_file_that_was_restored_in_its_place_is_read_again(lake: LocalLake) -> None:
    land_up_to(lake, 20)
    before = loads(lake)
    (path,) = (lake.folder / "schemahub" / LEDGER).glob("data/**/*.parquet")
    content, times = path.read_bytes(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"")
    with pytest.raises(LakeUnavailable):
        loads(lake)
    path.write_bytes(content)
    os.utime(path, ns=times)
    assert loads(lake) == before
