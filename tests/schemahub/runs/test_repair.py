"""`schemahub repair` reports what it would do, and does it on request. Every command notices a lost lake."""

from pathlib import Path

import pytest

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from lakehouse.pending import RECORDED, check_is_there, read_landed
from lakehouse.tables import existing_table
from registry.registry import Registry, load_registry
from schemahub.runs.context import RunContext
from schemahub.runs.repair import run_repair
from schemahub.runs.unify import unify
from schemahub.settings import load_settings
from schemahub.show.repair import repair_lines
from tests.support.connectors import CONNECTORS
from tests.support.lake_under_test import LakeUnderTest, binance
from tests.support.lakes import LakeHome, local_home

RAW = "raw_binance_trades"
REGISTRY = load_registry()


@pytest.fixture
def landed(tmp_path: Path, registry: Registry) -> LocalLake:
    """A lake of two loads, one of which dbt has recorded."""
    made = LakeUnderTest(local_home(tmp_path), registry, tmp_path / "target")
    for number in (1, 2):
        made.land(RAW, binance(number), load=f"b{number}", at="2026-01-05 12:00:00")
    lake = LocalLake(tmp_path / "lake")
    raw = made.table(RAW)
    for name in (RECORDED, "trades_unified"):
        folder = f"file://{lake.folder}/schemahub/{name}-0a1b2c3d"
        lake.catalog.create_table(f"schemahub.{name}", raw.schema(), location=folder).append(raw.scan().to_arrow())
    return LocalLake(lake.folder)


def metadata_of(lake: LocalLake, name: str) -> Path:
    address = LocalLake(lake.folder).metadata_address(name)
    assert address is not None
    return Path(address.removeprefix("file://"))


def lines_of(lake: LocalLake, *, apply: bool) -> list[str]:
    repair = run_repair(lake, REGISTRY, apply=apply)
    repair.check_done()
    return list(repair_lines(repair))


def test_a_complete_lake_is_reported_as_complete(landed: LocalLake) -> None:
    assert lines_of(landed, apply=False) == ["every table is complete, and the ledger matches the raw tables"]


def test_what_would_be_done_is_reported_and_done_on_request(landed: LocalLake) -> None:
    metadata_of(landed, RAW).write_bytes(b"")
    lines = lines_of(LocalLake(landed.folder), apply=False)
    assert lines[-1] == "nothing was changed; `schemahub repair --apply` does this"
    assert [line.partition(":")[0] for line in lines[:-1]] == [RAW, "trades_unified", RECORDED, "schemahub_loads"]
    assert "is empty; goes back to" in lines[0]
    assert "lists 1 load that raw_binance_trades doesn't have" in lines[3]
    done = lines_of(LocalLake(landed.folder), apply=True)
    assert done[:-1] == lines[:-1]
    lake = LocalLake(landed.folder)
    assert [row.load_id for row in loads(lake)] == ["b1"]
    assert existing_table(lake, RECORDED) is None  # so that the next run unifies all raw rows
    assert lines_of(lake, apply=False)[-1].startswith("every table is complete")


def test_a_damaged_record_of_what_is_unified_stops_a_run_before_it_writes(
    landed: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = landed.catalog.load_table(f"schemahub.{RECORDED}")
    (task,) = table.scan().plan_files()
    Path(task.file.file_path.removeprefix("file://")).unlink()
    ran = []
    monkeypatch.setattr("schemahub.runs.unify.run_dbt", lambda *arguments, **_: ran.append(arguments))
    context = RunContext(load_settings(lake=str(landed.folder)))
    with pytest.raises(LakeUnavailable, match=rf"`{RECORDED}` of .* is damaged: .* is missing; `schemahub repair`"):
        unify(context, "trades_unified")
    assert ran == []
    lines_of(LocalLake(landed.folder), apply=True)
    unify(RunContext(load_settings(lake=str(landed.folder))), "trades_unified")
    assert ran


def test_a_lost_catalog_is_not_mistaken_for_an_empty_lake(landed: LocalLake, registry: Registry) -> None:
    (landed.folder / "catalog.db").unlink()
    lake = LocalLake(landed.folder)
    for look in (lambda: read_landed(lake, registry.targets_by_raw_table), lambda: check_is_there(lake)):
        with pytest.raises(
            LakeUnavailable, match="is missing or empty; `schemahub repair` shows what it would restore"
        ):
            look()
    lines = lines_of(LocalLake(landed.folder), apply=True)
    assert lines[0].startswith("catalog.db: ")
    lake = LocalLake(landed.folder)
    assert {row.load_id for row in loads(lake)} == {"b1", "b2"}
    for connector in CONNECTORS.values():
        assert existing_table(lake, connector.raw.name) is not None


def test_nothing_is_changed_if_a_person_must_repair_something_first(landed: LocalLake) -> None:
    for path in landed.folder.glob(f"schemahub/{RAW}/metadata/*.metadata.json"):
        path.write_bytes(b"")
    catalog = (landed.folder / "catalog.db").read_bytes()
    with pytest.raises(LakeUnavailable, match=f"nothing was changed, because only you can repair {RAW}"):
        run_repair(LocalLake(landed.folder), REGISTRY, apply=True).check_done()
    assert (landed.folder / "catalog.db").read_bytes() == catalog


def test_a_lake_in_s3_is_not_repaired(s3_home: LakeHome) -> None:
    with pytest.raises(Misconfigured, match="`repair` restores a lake in a folder, not s3://"):
        run_repair(s3_home.open(), REGISTRY, apply=False)
