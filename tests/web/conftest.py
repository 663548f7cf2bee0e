from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lakehouse.local import LocalLake
from tests.support.unified_trades import Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

SECOND = 1_000_000


def market() -> list[Traded]:
    """Five minutes in which Binance steps once a second, and Coinbase 60 ms later, 4 bps below its price in dollars."""
    trades = []
    for step in range(300):
        price = 40_000 + 40 * (step % 2) + step
        for number in range(20):
            us = step * SECOND + number * 48_000
            side = "BUY" if number % 2 else "SELL"
            key = f"{step * 20 + number:09d}"
            trades.append(Traded("BINANCE", "BTCUSDT", us, price * 1.0004, side, 0.5, key))
            trades.append(Traded("COINBASE", "BTC-USD", us + 60_000, price, side, 0.25, key))
    return trades


@pytest.fixture(scope="session")
def market_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "lake"
    add_trades(LocalLake(folder), market())
    return folder


@pytest.fixture(scope="session")
def site(market_lake: Path) -> Iterator[httpx.Client]:
    """The web app over a lake of two venues and five minutes."""
    with running(create_app(context_of(market_lake))) as client:
        yield client
