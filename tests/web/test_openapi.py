"""What `/openapi.json` promises is kept, whatever is asked."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

PATHS = [
    "/api/bars",
    "/api/basis",
    "/api/candles",
    "/api/day",
    "/api/events",
    "/api/lake",
    "/api/lead-lag",
    "/api/moves",
    "/api/snapshots",
    "/api/symbols",
    "/api/tick",
    "/api/ticks",
]


@pytest.fixture(scope="module")
def described(site: httpx.Client) -> Any:
    return schemathesis.openapi.from_dict(site.get("/openapi.json").json())


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_described(site: httpx.Client, described: Any, path: str) -> None:
    @given(case=described[path]["GET"].as_strategy())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def check(case: Any) -> None:
        # a symbol of the right form may still not be in the lake, which is 404
        case.call_and_validate(base_url=str(site.base_url), excluded_checks=[positive_data_acceptance], timeout=30)

    check()


def test_every_address_of_the_pages_is_described(site: httpx.Client) -> None:
    paths = site.get("/openapi.json").json()["paths"]
    assert paths.keys() >= set(PATHS)
    for path, operations in paths.items():
        for operation in operations.values():
            assert operation["description"], path
            assert {"200", "422", "503"} <= operation["responses"].keys()
