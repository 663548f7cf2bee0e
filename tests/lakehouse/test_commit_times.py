"""The times of commits increase, whatever the clocks say and whichever tool chose them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import AddSnapshotUpdate

from lakehouse import compaction as upkeep
from lakehouse.catalogs import commit_times
from lakehouse.catalogs.commit_times import in_order
from lakehouse.compaction import compact
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER
from lakehouse.local import LocalLake
from tests.support.clocks import assert_times_rise, shifted_clock
from tests.support.lakes import LakeHome
from tests.support.landing_program import RAW
from tests.support.landings import every_id_once, land_up_to, landed_ids

MINUTE, DAY = 60, 86_400
STEPS = [2 * MINUTE, -2 * MINUTE, 20 * MINUTE, -20 * MINUTE, DAY, -DAY, 330 * DAY, -330 * DAY]
SetClock = Callable[[int], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """A function that sets the clock of commits ahead by a number of seconds."""
    right = commit_times.now_ms

    def set_to(seconds: int) -> None:
        monkeypatch.setattr(commit_times, "now_ms", lambda: right() + 1000 * seconds)

    return set_to


def metadata(lake: Lake, name: str) -> TableMetadata:
    return lake.catalog.load_table(identifier(name)).metadata


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 5)
    monkeypatch.setattr(upkeep, "KEPT_SNAPSHOTS", 3)


def test_times_increase_and_nothing_fails_whatever_the_clock_does(
    lake_home: LakeHome, set_clock: SetClock, few: None
) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1)
    for number, step in enumerate(STEPS, start=2):
        set_clock(step)
        land_up_to(lake, number)
        for name in (RAW.name, LEDGER):
            assert_times_rise(metadata(lake, name))
    assert landed_ids(lake) == every_id_once(len(STEPS) + 1)


def test_a_load_has_the_time_of_its_commit_if_the_clock_is_right(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1)
    before = commit_times.now_ms()
    land_up_to(lake, 2)
    assert before <= metadata(lake, RAW.name).snapshots[-1].timestamp_ms <= commit_times.now_ms()


def test_maintenance_with_a_wrong_clock_moves_no_time_ahead_which_would_stop_java(
    lake_home: LakeHome, set_clock: SetClock, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_home.open()
    for number in range(1, 5):
        land_up_to(lake, number)
    table = lake.catalog.load_table(identifier(LEDGER))
    right = commit_times.now_ms()
    set_clock(DAY)
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 1)
    compact(table, gather=True)
    with table.transaction() as transaction:
        transaction.set_properties({"comment": "seen"})
    assert len(table.refresh().metadata.snapshots) == 3
    assert_times_rise(table.metadata)
    assert table.metadata.last_updated_ms <= right


def test_a_log_that_another_tool_left_out_of_order_is_put_in_order(lake: Lake) -> None:
    land_up_to(lake, 1)
    land_up_to(lake, 2)
    current = metadata(lake, RAW.name)
    late = current.snapshot_log[0].model_copy(update={"timestamp_ms": current.last_updated_ms + 1000 * DAY})
    crooked = current.model_copy(update={"snapshot_log": [late, *current.snapshot_log[1:]]})
    changed = crooked.model_copy(update={"properties": {**crooked.properties, "comment": "seen"}})
    logged = [entry.timestamp_ms for entry in in_order(crooked, changed, now=0).snapshot_log]
    assert logged == sorted(logged)


@pytest.mark.parametrize("off", [-330 * DAY, -20 * MINUTE, 20 * MINUTE, 330 * DAY])
def test_times_that_another_tool_chose_are_put_in_order(lake: LocalLake, off: int) -> None:
    land_up_to(lake, 1)
    theirs = SqlCatalog("schemahub", uri=f"sqlite:///{lake.folder}/catalog.db", warehouse=lake.location)
    table = theirs.load_table(identifier(LEDGER))

    def through_ours(table: Table, requirements: Any, updates: Any) -> CommitTableResponse:
        moved = [
            AddSnapshotUpdate(snapshot=_moved(update.snapshot, off))
            if isinstance(update, AddSnapshotUpdate)
            else update
            for update in updates
        ]
        return lake.catalog.commit_table(table, requirements, tuple(moved))

    theirs.commit_table = through_ours  # type: ignore[assignment, method-assign]
    table.append(table.scan().to_arrow())
    table.refresh().delete("true")
    assert_times_rise(metadata(lake, LEDGER))
    assert metadata(lake, LEDGER).last_updated_ms <= commit_times.now_ms() + MINUTE


def _moved(snapshot: Snapshot, seconds: int) -> Snapshot:
    return snapshot.model_copy(update={"timestamp_ms": snapshot.timestamp_ms + 1000 * seconds})


_INSERT = """
import sys
from pathlib import Path
from tests.support.duckdb_writer import writing
with writing(Path(sys.argv[1])) as connection:
    if sys.argv[2] == "0":
        connection.execute("create table schemahub.schemahub.trades as select 0 as id")
    connection.execute(f"insert into schemahub.schemahub.trades select {sys.argv[2]}")
"""


def test_commits_of_duckdb_have_increasing_times_too(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    for number, ahead in enumerate((0, DAY)):
        shift.write_text(str(ahead))
        command: list[Any] = [sys.executable, "-c", _INSERT, tmp_path / "lake", str(number)]
        done = subprocess.run(
            command, env=shifted_clock(shift), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert_times_rise(metadata(LocalLake(tmp_path / "lake"), "trades"))
    table = LocalLake(tmp_path / "lake").catalog.load_table("schemahub.trades")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [0, 0, 1]
