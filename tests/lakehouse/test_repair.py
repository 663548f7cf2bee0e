"""Damage in a lake is reported, nothing is written over it, and a repair restores the newest complete state."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lakehouse import coverage_record
from lakehouse.catalogs import pointers
from lakehouse.catalogs.pointers import path_of
from lakehouse.coverage_record import read_coverage, read_record
from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.lake import identifier
from lakehouse.layout import LANDED_TABLE_PROPERTIES
from lakehouse.ledger import LEDGER, loads
from lakehouse.local import LocalLake
from lakehouse.readable import check_whole
from lakehouse.repair.repair import examine, repair
from lakehouse.tables import ensure_table, existing_table
from tests.support.landing_program import MARKETS, RAW
from tests.support.landings import every_id_once, land_up_to, landed_ids

DECLARED = {RAW.name: RAW}
NAME = RAW.name

Damage = Callable[[Path], None]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def scrambled(path: Path) -> None:
    path.write_bytes(os.urandom(max(64, path.stat().st_size)))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES = [emptied, scrambled, cut, zeroed, Path.unlink]
FILES = ["metadata", "manifest list", "manifest", "data file"]


def newest(lake: LocalLake, name: str, what: str) -> Path:
    """The newest file of a kind that the table's current state refers to."""
    table = lake.catalog.load_table(identifier(name))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    manifests = [each for each in snapshot.manifests(table.io) if each.added_snapshot_id == snapshot.snapshot_id]
    entries = manifests[0].fetch_manifest_entry(table.io)
    files = [entry.data_file.file_path for entry in entries if entry.snapshot_id == snapshot.snapshot_id]
    addresses = [table.metadata_location, snapshot.manifest_list, manifests[0].manifest_path, files[-1]]
    return path_of(addresses[FILES.index(what)])


def reopened(lake: LocalLake) -> LocalLake:
    return LocalLake(lake.folder)


def mend(lake: LocalLake) -> list[str]:
    return [str(finding) for finding in repair(lake, DECLARED, writers=[NAME])]


def assert_whole(lake: LocalLake, last_id: int) -> None:
    """Check that the raw table holds each row once, and that the ledger agrees."""
    assert landed_ids(lake) == every_id_once(last_id)
    ledger = loads(lake)
    assert len({(row.load_id, row.stream) for row in ledger}) == len(ledger)
    assert sum(row.row_count for row in ledger) == last_id * len(MARKETS)
    for market in MARKETS:
        spans = sorted((int(row.first_id), int(row.last_id)) for row in ledger if row.stream == market)
        assert [first for first, _ in spans] == [1, *(last + 1 for _, last in spans[:-1])]
    assert examine(lake, DECLARED) == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lake with three loads, next to a copy to restore it from, because a lake can't be moved."""
    folder = tmp_path_factory.mktemp("repair") / "lake"
    with pytest.MonkeyPatch.context() as patched:
        # so that each load reads the manifests of the loads before it
        patched.setitem(LANDED_TABLE_PROPERTIES, "commit.manifest.min-count-to-merge", "2")
        for last_id in (10, 20, 30):
            land_up_to(LocalLake(folder), last_id)
    shutil.copytree(folder, folder.with_name("copy"))
    return folder


@pytest.fixture
def landed(made: Path) -> LocalLake:
    """A lake with three loads."""
    shutil.rmtree(made)
    shutil.copytree(made.with_name("copy"), made)
    return LocalLake(made)


@pytest.mark.parametrize("damage", [emptied, cut])
@pytest.mark.parametrize("what", FILES)
def test_a_raw_table_goes_back_to_its_newest_complete_state_and_its_coverage(
    landed: LocalLake, what: str, damage: Damage
) -> None:
    damaged = newest(landed, NAME, what)
    damage(damaged)
    lake = reopened(landed)
    before = {path: path.stat().st_mtime_ns for path in lake.folder.rglob("*")}
    told = [str(finding) for finding in examine(lake, DECLARED)]
    assert {path: path.stat().st_mtime_ns for path in lake.folder.rglob("*")} == before  # a dry run
    assert told[0].startswith(f"{NAME}: file://{damaged} ")
    assert "goes back to" in told[0]
    assert mend(lake) == told
    lake = reopened(lake)
    assert landed_ids(lake) == every_id_once(20)
    table = existing_table(lake, NAME)
    assert table is not None
    for market in MARKETS:
        assert [(held.low, held.high) for held in read_coverage(lake, NAME).of(market)] == [(1, 21)]
    assert_whole(lake, 20)
    land_up_to(lake, 40)
    assert_whole(reopened(lake), 40)


@pytest.mark.parametrize("damage", [scrambled])
@pytest.mark.parametrize("what", FILES)
def test_the_ledger_is_restored_with_every_load_of_the_raw_tables(landed: LocalLake, what: str, damage: Damage) -> None:
    damage(newest(landed, LEDGER, what))
    mend(reopened(landed))
    lake = reopened(landed)
    assert_whole(lake, 30)
    land_up_to(lake, 40)
    assert_whole(reopened(lake), 40)


def test_a_ledger_without_any_complete_state_is_created_again(landed: LocalLake) -> None:
    for path in landed.folder.glob("schemahub/schemahub_loads/metadata/*.metadata.json"):
        emptied(path)
    mend(reopened(landed))
    assert_whole(reopened(landed), 30)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("what", FILES)
def test_a_damaged_file_is_named_in_one_line_with_what_to_do(landed: LocalLake, what: str, damage: Damage) -> None:
    damaged = newest(landed, NAME, what)
    damage(damaged)
    lake = reopened(landed)
    with pytest.raises(LakeUnavailable) as caught:
        check_whole(lake, NAME)
    message = str(caught.value)
    assert str(damaged) in message
    assert "`schemahub repair`" in message
    assert "\n" not in message


@pytest.mark.parametrize("damage", [emptied, scrambled])
@pytest.mark.parametrize("what", ["metadata", "manifest list", "manifest"])
def test_landing_on_a_damaged_table_ends_in_one_line_that_names_the_file(
    landed: LocalLake, what: str, damage: Damage
) -> None:
    damaged = newest(landed, NAME, what)
    damage(damaged)
    with pytest.raises(LakeUnavailable) as caught:
        land_up_to(reopened(landed), 40)
    assert str(damaged) in str(caught.value)
    assert "\n" not in str(caught.value)


def lost(catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("delete from iceberg_tables")
        connection.commit()


@pytest.mark.parametrize("damage", [emptied, lost, Path.unlink])
def test_a_lost_catalog_is_noticed_before_anything_is_written_over_it(landed: LocalLake, damage: Damage) -> None:
    damage(landed.folder / "catalog.db")
    lake = reopened(landed)
    for act in (lambda: land_up_to(lake, 40), lambda: existing_table(lake, NAME), lambda: loads(lake)):
        with pytest.raises(LakeUnavailable, match=r"its catalog catalog\.db is missing or empty; `schemahub repair`"):
            act()


@pytest.mark.parametrize("damage", [*DAMAGES, lost])
def test_a_lost_catalog_is_rebuilt_from_the_tables_files(landed: LocalLake, damage: Damage) -> None:
    catalog = landed.folder / "catalog.db"
    damage(catalog)
    told = mend(reopened(landed))
    assert told[0].startswith("catalog.db: is missing, empty or damaged; is rebuilt from the tables")
    lake = reopened(landed)
    assert_whole(lake, 30)
    land_up_to(lake, 40)
    assert_whole(reopened(lake), 40)


def test_a_locked_catalog_is_not_taken_for_a_lost_one(landed: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointers, "LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(landed.folder / "catalog.db")) as other:
        other.execute("begin exclusive")
        with pytest.raises(LakeUnavailable, match="database is locked; another program has kept it locked"):
            mend(reopened(landed))
    assert_whole(reopened(landed), 30)


def test_a_damaged_catalog_is_named_in_one_line_with_what_to_do(landed: LocalLake) -> None:
    scrambled(landed.folder / "catalog.db")
    with pytest.raises(LakeUnavailable, match=r"catalog.db' can't be used as the lake's catalog: .*`schemahub repair`"):
        loads(reopened(landed))


def test_tables_of_dbt_are_rebuilt_if_they_or_their_raw_tables_are_damaged(landed: LocalLake) -> None:
    folder = landed.folder / "schemahub" / "trades_unified-0a1b2c3d"
    raw = landed.catalog.load_table(identifier(NAME))
    built = landed.catalog.create_table("schemahub.trades_unified", raw.schema(), location=f"file://{folder}")
    built.append(raw.scan().to_arrow())
    emptied(path_of(built.metadata_location))
    assert "the next `run unify` or `run events` rebuilds it from the raw tables" in mend(reopened(landed))[0]
    lake = reopened(landed)
    assert existing_table(lake, "trades_unified") is None
    assert_whole(lake, 30)


def test_a_raw_table_without_any_complete_state_is_left_to_a_person(landed: LocalLake) -> None:
    for path in landed.folder.glob(f"schemahub/{NAME}/metadata/*.metadata.json"):
        emptied(path)
    (finding,) = examine(reopened(landed), DECLARED)
    assert "restore its files from a copy, or move" in str(finding)
    before = (landed.folder / "catalog.db").read_bytes()
    mend(reopened(landed))
    assert (landed.folder / "catalog.db").read_bytes() == before
    (landed.folder / "schemahub" / NAME).rename(landed.folder / "aside")
    mend(reopened(landed))
    lake = reopened(landed)
    land_up_to(lake, 5)
    assert_whole(lake, 5)


def test_a_new_lake_whose_first_run_was_killed_is_not_mistaken_for_a_lost_one(lake: LocalLake) -> None:
    ensure_table(lake, RAW.table)
    (lake.folder / "catalog.db").unlink()
    land_up_to(reopened(lake), 5)
    assert_whole(reopened(lake), 5)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_of_the_coverage_is_restored_from_the_ledger(
    lake: LocalLake, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage_record, "_MOST_LOADS", 2)
    for last_id in (10, 20, 30, 40):
        land_up_to(lake, last_id)
    base = read_record(lake, NAME, lake.catalog.load_table(identifier(NAME)).properties).base
    assert base is not None
    damage(path_of(base))
    coverage_record._read_before.clear()
    with pytest.raises(LakeUnavailable, match=f"{base}, .* is missing or damaged; `schemahub repair`"):
        land_up_to(lake, 50)
    (told,) = mend(lake)
    assert told.startswith(f"{NAME}: {base}, ")
    assert_whole(lake, 40)
    land_up_to(lake, 50)
    assert_whole(lake, 50)


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_lake_elsewhere_than_where_it_was_created_is_not_repaired(tmp_path: Path, *, is_copy: bool) -> None:
    land_up_to(LocalLake(tmp_path / "lake"), 10)
    shutil.copytree(tmp_path / "lake", tmp_path / "moved")
    if not is_copy:
        shutil.rmtree(tmp_path / "lake")
    for run in (lambda lake: examine(lake, DECLARED), mend):
        with pytest.raises(Misconfigured, match=r"moved' was created in '.*/lake', .* move it back, .* nothing was ch"):
            run(LocalLake(tmp_path / "moved"))
    if not is_copy:
        (tmp_path / "moved").rename(tmp_path / "lake")
    assert landed_ids(LocalLake(tmp_path / "lake")) == every_id_once(10)
    assert examine(LocalLake(tmp_path / "lake"), DECLARED) == []
