"""Marks all tests of this folder, because they need the local Athena."""

from pathlib import Path

import pytest

from tests.support.marking import mark_as_athena


@pytest.hookimpl(tryfirst=True)  # before pytest deselects marked tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_as_athena(items, Path(__file__).parent)
