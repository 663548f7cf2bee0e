"""The demo empties its lake each time, and must never empty another lake."""

import pytest

from lakehouse.errors import ConcurrentWriter, Misconfigured
from lakehouse.local import LocalLake
from schemahub.runs.context import RunContext
from schemahub.runs.demo import running_demo
from schemahub.settings import load_settings
from schemahub.simulated_lake import is_simulated, new_lake


def test_a_new_folder_becomes_a_simulated_lake(lake: LocalLake) -> None:
    assert not is_simulated(lake)
    new_lake(lake)
    assert is_simulated(lake)


def test_a_simulated_lake_is_emptied(lake: LocalLake) -> None:
    new_lake(lake)
    (lake.folder / "catalog.db").touch()
    new_lake(lake)
    assert is_simulated(lake)
    assert sorted(path.name for path in lake.folder.iterdir()) == [".schemahub", "SIMULATED.txt"]


@pytest.mark.parametrize("precious", ["catalog.db", "views.duckdb", "thesis.txt", "photos/"])
def test_a_folder_with_anything_else_in_it_is_refused_and_kept(lake: LocalLake, precious: str) -> None:
    lake.folder.mkdir()
    path = lake.folder / precious
    path.mkdir() if precious.endswith("/") else path.touch()
    for _ in range(2):
        with pytest.raises(Misconfigured, match="name another folder with --lake"):
            new_lake(lake)
    assert path.exists()
    assert not is_simulated(lake)


def test_a_folder_that_holds_only_a_work_folder_is_accepted(lake: LocalLake) -> None:
    assert lake.work_folder.is_dir()
    new_lake(lake)
    assert is_simulated(lake)


@pytest.mark.parametrize("at_work", ["demo", "unify", "raw_kraken_trades"])
def test_a_lake_that_another_process_writes_to_is_not_emptied(lake: LocalLake, at_work: str) -> None:
    new_lake(lake)
    (lake.folder / "views.duckdb").touch()
    is_refused = pytest.raises(ConcurrentWriter, match=f"`{at_work}` is being written by another process")
    demo = running_demo(RunContext(load_settings(lake=str(lake.folder))), trades=1_000)
    with lake.writing(at_work), is_refused, demo:
        pass
    assert (lake.folder / "views.duckdb").exists()
