"""One local Athena for all tests of a session that ask for it, and the marker for the tests of this folder."""

from pathlib import Path

import pytest

from simulator.aws.local_athena import LocalAthena

_WITHOUT_AN_ATHENA = {"test_local_aws.py", "test_athena_statements.py"}


@pytest.hookimpl(tryfirst=True)  # before pytest deselects what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.name not in _WITHOUT_AN_ATHENA:
            item.add_marker(pytest.mark.athena)


@pytest.fixture(scope="session")
def athena(shared_athena: LocalAthena) -> LocalAthena:
    """A local AWS with an Athena; `with athena.in_use():` points this process there."""
    return shared_athena
