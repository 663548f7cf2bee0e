import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

import simulator.exchanges
from simulator.exchanges import RunningSimulator
from tests.support.browser import chromium
from tests.support.command_line import ROOT, Cli
from tests.support.unified_trades import context_of
from tests.support.web_server import running
from web.app import create_app


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def busy_exchanges() -> Iterator[RunningSimulator]:
    """Enough trades that a basis, and who leads, can be told."""
    with simulator.exchanges.running(trades=80_000, enforce_limits=False) as found:
        yield found


@pytest.fixture(scope="session")
def unified_lake(busy_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake as the pipeline leaves it, with the simulated market's trades."""
    folder = tmp_path_factory.mktemp("unified")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_")}
    settings = {"SCHEMAHUB_SINCE": "2020-01-01", "SCHEMAHUB_DBT_TARGET_PATH": str(folder / "target")}
    cli = Cli({**kept, **busy_exchanges.environment, "PYTHONPATH": str(ROOT), **settings}, folder)
    finished = cli("run", "pipeline", "trades_unified", lake=folder / "lake")
    assert finished.returncode == 0, finished.stderr
    return folder / "lake"


@pytest.fixture(scope="session")
def whole_site(unified_lake: Path) -> Iterator[httpx.Client]:
    """The web app over the lake that the pipeline has built."""
    with running(create_app(context_of(unified_lake))) as client:
        yield client
