"""Lakes of each kind for the tests of the models: empty ones, and ones with three loads."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from registry.registry import Registry
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, kraken
from tests.support.lakes import LakeHome, glue_home, local_home


@pytest.fixture(scope="session", params=["duckdb", pytest.param("athena", marks=pytest.mark.athena)])
def make_lake(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry
) -> Iterator[Callable[[], LakeUnderTest]]:
    """Return a function that makes empty lakes of one kind. They share a target path, so that dbt parses once."""
    target_path = tmp_path_factory.mktemp("dbt-target")
    with ExitStack() as stack:
        if request.param == "duckdb":
            homes: Callable[[], LakeHome] = lambda: local_home(tmp_path_factory.mktemp("the lake's"))  # noqa: E731
        else:
            athena = request.getfixturevalue("shared_athena")
            stack.enter_context(athena.in_use())
            homes = lambda: glue_home(athena.new_bucket(), tmp_path_factory.mktemp("lake"))  # noqa: E731
        yield lambda: LakeUnderTest(homes(), registry, target_path)


def _with_three_loads(lake: LakeUnderTest) -> LakeUnderTest:
    lake.land("raw_binance_trades", binance(1, 2, 3), load="b1", at="2026-01-05 12:00:00")
    lake.land("raw_coinbase_trades", coinbase(9, 10, 11), load="c1", at="2026-01-05 12:00:01")
    lake.land("raw_kraken_trades", kraken(9, 10), load="k1", at="2026-01-05 12:00:02")
    return lake


@pytest.fixture
def unified(make_lake: Callable[[], LakeUnderTest]) -> LakeUnderTest:
    """A lake whose first three loads, one for each exchange, are unified."""
    lake = _with_three_loads(make_lake())
    lake.dbt("build", "--exclude-resource-type", "test", "unit_test")
    return lake


@pytest.fixture
def quiet_lake(make_lake: Callable[[], LakeUnderTest]) -> LakeUnderTest:
    """A lake like `unified`, built with all dbt tests, for tests that add nothing; it is made again if it is gone."""
    if make_lake not in _quiet_lakes or not _quiet_lakes[make_lake].is_there:
        lake = _with_three_loads(make_lake())
        lake.dbt("build")
        _quiet_lakes[make_lake] = lake
    return _quiet_lakes[make_lake]


_quiet_lakes: dict[Callable[[], LakeUnderTest], LakeUnderTest] = {}
