import os
from pathlib import Path

import pytest

from registry.registry import Registry
from simulator.exchanges import RunningSimulator
from tests.schemahub.planned_lakes import land_first
from tests.support.command_line import ROOT, Cli
from tests.support.lake_under_test import LakeUnderTest, Restore
from tests.support.one_place import OnePlace


@pytest.fixture(scope="session")
def cli(shared_exchanges: RunningSimulator, target_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("cli")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_") and name != "COLUMNS"
    }
    return Cli(
        {
            **kept,
            **shared_exchanges.environment,
            "PYTHONPATH": str(ROOT),
            "SCHEMAHUB_DBT_TARGET_PATH": str(target_path),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "SCHEMAHUB_SINCE": "2026-01-05",
        },
        folder,
    )


@pytest.fixture(scope="session")
def restore(tmp_path_factory: pytest.TempPathFactory, registry: Registry, target_path: Path) -> Restore:
    """Return a function that gives a new copy of a lake whose first loads, one per exchange, are unified."""
    place = OnePlace(tmp_path_factory.mktemp("plan"))
    built = LakeUnderTest(place.emptied(), registry, target_path)
    land_first(built)
    built.dbt("seed")
    built.dbt("run")
    place.keep("unified")
    return lambda: LakeUnderTest(place.restored("unified"), registry, target_path)
