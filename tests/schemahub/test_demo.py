"""The demo makes its lake anew each time, and must never do so to anybody else's."""

from pathlib import Path

import pytest

from loaders.exceptions import Misconfigured
from loaders.local_lake import LocalLake
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
    path = lake.folder / precious
    path.mkdir() if precious.endswith("/") else path.touch()
    for _ in range(2):
        with pytest.raises(Misconfigured, match="name another folder in SCHEMAHUB_LAKE"):
            new_lake(lake)
    assert path.exists()
    assert not is_simulated(lake)


def test_a_folder_that_was_only_looked_at_is_taken(tmp_path: Path) -> None:
    LocalLake(tmp_path / "lake")
    new_lake(LocalLake(tmp_path / "lake"))
