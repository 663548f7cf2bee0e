"""A project whose `config/` the tests may damage."""

from pathlib import Path

import pytest

from tests.support.spoilable_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
