"""Athena's API for the tests of the local Athena itself, and the marker for tests that need it."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from simulator.aws.local_athena import LocalAthena
from tests.simulator.aws.queries import DATABASE, Queries
from tests.support.marking import mark_as_athena

_WITHOUT_AN_ATHENA = ("test_local_aws.py", "test_athena_statements.py")


@pytest.hookimpl(tryfirst=True)  # before pytest deselects what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_as_athena(items, Path(__file__).parent, without=_WITHOUT_AN_ATHENA)


@pytest.fixture(scope="module")
def query(athena: LocalAthena) -> Iterator[Queries]:
    with athena.in_use():
        queries = Queries(boto3.client("athena"), athena.new_bucket())
        queries(f"create schema if not exists `{DATABASE}`")
        yield queries
