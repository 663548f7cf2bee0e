"""A copy of the project whose `config/` tests may change, and whose files are generated."""

from pathlib import Path

import pytest

from tests.support.generated_project import GeneratedProject


@pytest.fixture
def project(tmp_path: Path) -> GeneratedProject:
    return GeneratedProject(tmp_path)
