"""Tables stay fast to read and write after any number of loads, and compaction loses no rows."""

import pytest

from lakehouse import compaction as upkeep
from lakehouse.compaction import compact
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER, loads
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS, RAW
from tests.support.landings import every_id_once, land_up_to, landed_ids

LOADS = 8


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 5)
    monkeypatch.setattr(upkeep, "KEPT_SNAPSHOTS", 2)


def counts(lake: Lake, name: str) -> tuple[int, int]:
    """The numbers of snapshots and of files of a table."""
    table = lake.catalog.load_table(identifier(name))
    return len(table.metadata.snapshots), len(list(table.scan().plan_files()))


def test_many_loads_leave_few_snapshots_and_few_files_of_the_ledger(lake_home: LakeHome, few: None) -> None:
    lake = lake_home.open()
    for number in range(1, LOADS + 1):
        land_up_to(lake, number)
        assert counts(lake, RAW.name)[0] <= 5
        snapshots, files = counts(lake, LEDGER)
        assert snapshots <= 7  # merging files adds two
        assert files <= 6
    assert landed_ids(lake) == every_id_once(LOADS)
    ledger = loads(lake)
    assert {(row.stream, row.last_id) for row in ledger} == {
        (market, str(number)) for number in range(1, LOADS + 1) for market in MARKETS
    }
    assert len(ledger) == LOADS * len(MARKETS)
    assert counts(lake, RAW.name)[1] == LOADS  # raw rows are never rewritten


def test_a_reader_of_the_ledger_is_not_disturbed_by_compaction(lake_home: LakeHome, few: None) -> None:
    lake = lake_home.open()
    for number in range(1, 6):
        land_up_to(lake, number)
    before = lake.catalog.load_table(identifier(LEDGER))
    land_up_to(lake, 6)
    assert counts(lake, LEDGER)[1] == 1
    assert before.scan().to_arrow().num_rows == 5 * len(MARKETS)


def test_compaction_gives_way_to_a_simultaneous_writer(
    lake_home: LakeHome, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_home.open()
    for number in range(1, 6):
        land_up_to(lake, number)
    late = lake.catalog.load_table(identifier(LEDGER))
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 100)
    land_up_to(lake, 6)
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 4)
    compact(late, gather=True)
    assert len(loads(lake)) == 6 * len(MARKETS)
    land_up_to(lake, 7)
    assert len(loads(lake)) == 7 * len(MARKETS)


def test_a_tagged_snapshot_is_kept(lake_home: LakeHome, few: None) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1)
    table = lake.catalog.load_table(identifier(LEDGER))
    named = table.current_snapshot()
    assert named is not None
    table.manage_snapshots().create_tag(named.snapshot_id, "audit").commit()
    for number in range(2, 8):
        land_up_to(lake, number)
    table.refresh()
    assert table.scan(snapshot_id=named.snapshot_id).to_arrow().num_rows == len(MARKETS)
    assert counts(lake, LEDGER)[0] < 7
