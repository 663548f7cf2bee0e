"""One simulator for the whole run, and a lake of one's own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator
from loaders.lake import LocalLake
from simulator import RunningSimulator

MARKET_TRADES = 24_000


@pytest.fixture(scope="session")
def shared_exchanges() -> Iterator[RunningSimulator]:
    with simulator.running(trades=MARKET_TRADES, enforce_limits=False) as running:
        yield running


@pytest.fixture
def exchanges(shared_exchanges: RunningSimulator) -> Iterator[RunningSimulator]:
    """The simulated exchanges, without faults unless the test sets some."""
    yield shared_exchanges
    shared_exchanges.clear_faults()


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path / "lake")
