import os

import pytest

from registry.registry import Registry
from simulator.exchanges import RunningSimulator
from tests.schemahub.planned_lakes import land_first
from tests.support.command_line import ROOT, Cli
from tests.support.lake_under_test import LakeUnderTest, Restore
from tests.support.one_place import OnePlace


@pytest.fixture(scope="session")
def cli(shared_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("cli")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_") and name != "COLUMNS"
    }
    return Cli(
        {
            **kept,
            **shared_exchanges.environment,
            "PYTHONPATH": str(ROOT),
            "SCHEMAHUB_DBT_TARGET_PATH": str(folder / "target"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "SCHEMAHUB_SINCE": "2026-01-05",
        },
        folder,
    )


@pytest.fixture(scope="session")
def restore(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Restore:
    """Return a function that gives a new copy of a lake whose first loads, one per exchange, are unified."""
    folder = tmp_path_factory.mktemp("plan")
    place = OnePlace(folder)
    built = LakeUnderTest(place.emptied(), registry, folder / "target")
    land_first(built)
    built.dbt("seed")
    built.dbt("run")
    place.keep("unified")
    return lambda: LakeUnderTest(place.restored("unified"), registry, folder / "target")
