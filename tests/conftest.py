"""One simulator and one local AWS for the whole run, and a lake of one's own for each test."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator.exchanges
from lakehouse.local import LocalLake
from registry.registry import PROJECT, Registry, load_registry
from simulator.aws import local_athena, local_aws
from simulator.aws.local_athena import LocalAthena
from simulator.aws.local_aws import LocalAws
from simulator.exchanges import RunningSimulator
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.lakes import LakeHome, glue_home, local_home
from tests.support.parsed_project import keep_for_any_lake, parse_once

MARKET_TRADES = 24_000
ATHENA_SETTINGS = {"SCHEMAHUB_WORKGROUP": "primary", "SCHEMAHUB_ATHENA_POLL_SECONDS": "0.05", "SCHEMAHUB_THREADS": "4"}
"""The one workgroup of an empty account, and less waiting."""


# A shell that starts the tests with `&` has them, and their children, ignore Ctrl-C, which some send and expect
signal.signal(signal.SIGINT, signal.default_int_handler)

keep_for_any_lake()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start long modules first, so that no worker is left with one of them while the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores, because some tests wait for request limits, locks or processes."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_finish() -> None:
    """Let the garbage collector look at what tests create, and not again and again at all that was imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20)  # it is a tenth of the time otherwise, mostly while dbt reads the project


@pytest.fixture(scope="session")
def shared_exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=MARKET_TRADES, enforce_limits=False) as running:
        yield running


@pytest.fixture
def exchanges(shared_exchanges: RunningSimulator) -> Iterator[RunningSimulator]:
    """The simulated exchanges, without faults unless the test sets some."""
    yield shared_exchanges
    shared_exchanges.clear_faults()


@pytest.fixture(scope="session")
def every_exchange() -> Iterator[RunningSimulator]:
    """A market that trades on all simulated exchanges, where the shared one has those of the demo."""
    every = tuple(simulated_exchanges())
    with simulator.exchanges.running(trades=MARKET_TRADES // 2, exchanges=every, enforce_limits=False) as running:
        yield running


@pytest.fixture(scope="session")
def target_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for dbt, which finds the project parsed there, for whatever lake."""
    of_all, folder = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("target")
    parse_once((of_all.parent if "PYTEST_XDIST_WORKER" in os.environ else of_all) / "parsed", folder)
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path / "lake")


@pytest.fixture(scope="session")
def shared_aws() -> Iterator[LocalAws]:
    """S3 and Glue on this machine."""
    with local_aws.running() as aws:
        yield aws


@pytest.fixture
def aws(shared_aws: LocalAws) -> Iterator[LocalAws]:
    """S3 and Glue on this machine, found by whoever asks the environment."""
    with shared_aws.in_use():
        yield shared_aws


@pytest.fixture(scope="session")
def shared_athena() -> Iterator[LocalAthena]:
    """S3, Glue and an Athena that executes, for tests that are marked `athena`."""
    with local_athena.running() as athena, pytest.MonkeyPatch.context() as environment:
        for name, value in ATHENA_SETTINGS.items():
            environment.setenv(name, value)
        yield athena


@pytest.fixture(scope="session")
def athena(shared_athena: LocalAthena) -> LocalAthena:
    """A local AWS with an Athena; `with athena.in_use():` points this process there."""
    return shared_athena


@pytest.fixture
def s3_home(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LakeHome:
    """A place for a lake in S3 and Glue."""
    home = glue_home(aws.new_bucket(), tmp_path)
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(params=["local", "glue"])
def lake_home(request: pytest.FixtureRequest, tmp_path: Path) -> LakeHome:
    """A place for a lake of each kind."""
    if request.param == "local":
        return local_home(tmp_path)
    home: LakeHome = request.getfixturevalue("s3_home")
    return home


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The project's own mappings and targets."""
    return load_registry(PROJECT)
