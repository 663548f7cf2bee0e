"""Everything that a commit wrote, files and their folders, is on the disk before the catalog refers to it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table.update import AddSnapshotUpdate
from sqlalchemy import event

from lakehouse.catalogs import durable_folder
from lakehouse.catalogs.folder_catalog import FolderCatalog
from lakehouse.catalogs.pointers import path_of
from lakehouse.lake import identifier
from lakehouse.ledger import LEDGER
from lakehouse.local import LocalLake
from tests.support.landing_program import RAW
from tests.support.landings import land_up_to


class Disk:
    """Records which paths had been synced when a row of the catalog was written."""

    def __init__(self) -> None:
        self.synced: set[Path] = set()
        self.before: dict[str, set[Path]] = {}
        """The paths synced before a row was written, by the metadata address in the row."""

    def sync(self, descriptor: int) -> None:
        self.synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")))

    def watch(self, catalog: FolderCatalog) -> None:
        @event.listens_for(catalog.engine, "before_cursor_execute")
        def note(_1: object, _2: object, statement: str, parameters: tuple[str, ...], *_: object) -> None:
            if statement.startswith(("INSERT INTO iceberg_tables", "UPDATE iceberg_tables")):
                address = next(each for each in parameters if str(each).endswith(".metadata.json"))
                self.before[address] = set(self.synced)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(durable_folder.os, "fsync", disk.sync)
    return disk


def files_of(lake: LocalLake, name: str) -> set[Path]:
    """Every file that the table's current metadata refers to, directly or indirectly."""
    table = lake.catalog.load_table(identifier(name))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    manifests = snapshot.manifests(table.io)
    addresses = [table.metadata_location, snapshot.manifest_list, *(each.manifest_path for each in manifests)]
    addresses += [task.file.file_path for task in table.scan().plan_files()]
    return {path_of(address) for address in addresses}


@pytest.mark.parametrize("name", [RAW.name, LEDGER])
def test_everything_a_load_wrote_is_synced_before_the_catalog_refers_to_it(
    lake: LocalLake, disk: Disk, name: str
) -> None:
    disk.watch(lake.catalog)
    known: set[Path] = set()
    for number in range(1, 4):
        land_up_to(lake, number)
        files = files_of(lake, name)
        synced = disk.before[lake.catalog.load_table(identifier(name)).metadata_location]
        assert files - known - synced == set()
        for file in files - known:
            folders = [folder for folder in file.parents if folder.is_relative_to(lake.folder)]
            assert set(folders) - synced == set(), file
        known |= files


def test_everything_another_tool_wrote_is_synced_before_the_catalog_refers_to_it(lake: LocalLake, disk: Disk) -> None:
    land_up_to(lake, 1)
    catalog = SqlCatalog("schemahub", uri=f"sqlite:///{lake.folder}/catalog.db", warehouse=lake.location)
    theirs = catalog.load_table(identifier(LEDGER))
    sent: list[AddSnapshotUpdate] = []
    commit: Callable[..., object] = catalog.commit_table
    disk.watch(lake.catalog)
    disk.synced.clear()

    def through_ours(table: object, requirements: object, updates: tuple[object, ...]) -> object:
        sent.extend(update for update in updates if isinstance(update, AddSnapshotUpdate))
        return lake.catalog.commit_table(table, requirements, updates)  # type: ignore[arg-type]

    catalog.commit_table = through_ours  # type: ignore[assignment, method-assign]
    known = files_of(lake, LEDGER)
    theirs.append(theirs.scan().to_arrow())
    assert sent
    assert commit
    address = lake.catalog.load_table(identifier(LEDGER)).metadata_location
    assert files_of(lake, LEDGER) - known - disk.before[address] == set()


def test_a_commit_syncs_only_new_files_however_many_exist(lake: LocalLake, disk: Disk) -> None:
    counts = []
    for number in range(1, 6):
        disk.synced.clear()
        land_up_to(lake, number)
        counts.append(len(disk.synced))
    assert max(counts[1:]) - min(counts[1:]) <= 2


def test_sqlite_syncs_the_catalog_itself(lake: LocalLake) -> None:
    with lake.catalog.engine.connect() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 3  # EXTRA: the journal's removal too
