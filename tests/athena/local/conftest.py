"""Athena's API for the tests of the local Athena itself."""

from collections.abc import Iterator

import boto3
import pytest

from simulator.aws.local_athena import LocalAthena
from tests.athena.local.queries import DATABASE, Queries


@pytest.fixture(scope="module")
def query(athena: LocalAthena) -> Iterator[Queries]:
    with athena.in_use():
        queries = Queries(boto3.client("athena"), athena.new_bucket())
        queries(f"create schema if not exists `{DATABASE}`")
        yield queries
