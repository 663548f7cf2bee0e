"""Lakes of each kind for the tests of the models: empty ones, and ones with three loads."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from registry.registry import Registry
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, kraken
from tests.support.lakes import LakeHome, glue_home
from tests.support.one_place import OnePlace


class LakeMaker:
    """Makes lakes of one kind. They share a target path and, in folders, a place, where a kept lake is restored."""

    def __init__(self, open_at: Callable[[LakeHome], LakeUnderTest], homes: Callable[[], LakeHome] | OnePlace) -> None:
        self._open_at = open_at
        self._homes = homes
        self.quiet: LakeUnderTest | None = None

    def __call__(self) -> LakeUnderTest:
        """Make an empty lake."""
        return self._open_at(self._homes.emptied() if isinstance(self._homes, OnePlace) else self._homes())

    def with_three_loads(self, *build: str) -> LakeUnderTest:
        """Make a lake with one load for each exchange, after a `dbt build` with these arguments."""
        name = " ".join(("built", *build))
        if isinstance(self._homes, OnePlace) and self._homes.has(name):
            return self._open_at(self._homes.restored(name))
        lake = self()
        lake.land("raw_binance_trades", binance(1, 2, 3), load="b1", at="2026-01-05 12:00:00")
        lake.land("raw_coinbase_trades", coinbase(9, 10, 11), load="c1", at="2026-01-05 12:00:01")
        lake.land("raw_kraken_trades", kraken(9, 10), load="k1", at="2026-01-05 12:00:02")
        lake.dbt("build", *build)
        if isinstance(self._homes, OnePlace):
            self._homes.keep(name)
        return lake

    def unified(self) -> LakeUnderTest:
        """Make a lake whose first three loads, one for each exchange, are unified."""
        return self.with_three_loads("--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="session", params=["duckdb", pytest.param("athena", marks=pytest.mark.athena)])
def make_lake(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry, target_path: Path
) -> Iterator[LakeMaker]:
    with ExitStack() as stack:
        if request.param == "duckdb":
            homes: Callable[[], LakeHome] | OnePlace = OnePlace(tmp_path_factory.mktemp("the lake's"))
        else:
            athena = request.getfixturevalue("shared_athena")
            stack.enter_context(athena.in_use())
            homes = lambda: glue_home(athena.new_bucket(), tmp_path_factory.mktemp("lake"))  # noqa: E731
        yield LakeMaker(lambda home: LakeUnderTest(home, registry, target_path), homes)


@pytest.fixture
def unified(make_lake: LakeMaker) -> LakeUnderTest:
    """A lake whose first three loads, one for each exchange, are unified."""
    return make_lake.unified()


@pytest.fixture
def quiet_lake(make_lake: LakeMaker) -> LakeUnderTest:
    """A lake like `unified`, built with all dbt tests, for tests that add nothing; it is made again if it is gone."""
    if make_lake.quiet is None or not make_lake.quiet.is_there:
        make_lake.quiet = make_lake.with_three_loads()
    return make_lake.quiet
