"""All tests of this folder need the local Athena, and are marked so."""

from pathlib import Path

import pytest

from tests.support.marking import mark_as_athena


@pytest.hookimpl(tryfirst=True)  # before pytest deselects what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_as_athena(items, Path(__file__).parent)
