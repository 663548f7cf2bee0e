import os
import shutil

import pytest

from lakehouse.duckdb.catalog_process import _close_catalogs
from profiles.local_iceberg import release_views
from registry.registry import Registry
from simulator.exchanges import RunningSimulator
from tests.schemahub.planned_lakes import land_first
from tests.support.command_line import ROOT, Cli
from tests.support.lake_under_test import LakeUnderTest, Restore
from tests.support.lakes import LakeHome


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
    lake, kept = folder / "lake", folder / "kept"

    def opened() -> LakeUnderTest:
        return LakeUnderTest(LakeHome(str(lake), {}), registry, folder / "target")

    built = opened()
    land_first(built)
    built.dbt("seed")
    built.dbt("run")
    release_views()
    shutil.copytree(lake, kept)

    def restored() -> LakeUnderTest:
        release_views()
        _close_catalogs()  # the catalog of the lake that is removed
        shutil.rmtree(lake)
        shutil.copytree(kept, lake)  # to where it was, because Iceberg's metadata contain absolute addresses
        return opened()

    return restored
