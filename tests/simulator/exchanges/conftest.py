from collections.abc import Callable, Iterator

import httpx
import pytest

import simulator.exchanges
from simulator.exchanges import Market, RunningSimulator

TRADES = 20_000
SEED = 7

Get = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def market() -> Market:
    """The market that `running` serves, drawn in this process."""
    return simulator.exchanges.draw_market(trades=TRADES, seed=SEED)


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    """A simulator without limits, in which no test switches on faults, so that all tests can share it."""
    with simulator.exchanges.running(trades=TRADES, seed=SEED, enforce_limits=False) as running:
        yield running


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def get(running: RunningSimulator, client: httpx.Client) -> Get:
    """Send a request to an exchange of `running`: `get("binance", "/api/v3/trades", symbol="BTCUSDT")`."""

    def get(exchange: str, path: str, headers: dict[str, str] | None = None, **query: object) -> httpx.Response:
        return client.get(running.urls[exchange] + path, headers=headers, params={k: str(v) for k, v in query.items()})

    return get
