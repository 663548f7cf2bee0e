from pathlib import Path

import pytest
from pyiceberg.table import Table

from tests.profiles.dbt_project import PROJECT, Dbt
from tests.support.plain_lake import beside_the_lake, catalog, lake, raw_trades

__all__ = ["beside_the_lake", "catalog", "lake", "raw_trades"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project, which is parsed only once, because dbt keeps what it has parsed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "models").mkdir()
    for name, text in PROJECT.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def dbt(project: Path, lake: Path, raw_trades: Table, monkeypatch: pytest.MonkeyPatch) -> Dbt:
    monkeypatch.delenv("SCHEMAHUB_LAKE", raising=False)  # the profile's default is `lake` in the current directory
    return Dbt(project, lake)
