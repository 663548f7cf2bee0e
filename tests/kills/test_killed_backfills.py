"""Backfills of all exchanges that are killed at any moment, with every fault switched on, lose and duplicate nothing.

They are slow, so only `make test-kills` runs them. KILLS_SEED repeats a printed seed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from simulator.exchanges import RunningSimulator
from tests.support.command_line import (
    ROOT,
    Served,
    assert_everything_landed_once,
    iceberg_table,
    served,
)

pytestmark = pytest.mark.kills

TRADES = 60_000
KILLS = 20
FAULTS = (
    "429:1/23",
    "418=1:1/41@binance",
    "500:1/29",
    "503:1/31",
    "cut:1/17",
    "truncated:1/19",
    "duplicate_page:1/7",
    "slow=0.05:1/5",
    "kraken_200:1/13",
    "short=300:1/3",
)
EXCHANGES = ("binance", "coinbase", "kraken")


@pytest.fixture(scope="module")
def exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=TRADES, enforce_limits=False) as running:
        yield running


def products_of(exchanges: RunningSimulator) -> list[Served]:
    every = served(exchanges, "BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT")
    return [each for each in every if each.exchange in EXCHANGES]


def start(exchange: str, products: list[Served], environment: dict[str, str], folder: Path) -> "subprocess.Popen[str]":
    names = ",".join(product.symbol for product in products if product.exchange == exchange)
    arguments = ("backfill", "--exchange", exchange, "--products", names, "--workers", "4", "--flush-every", "1500")
    return subprocess.Popen(
        [sys.executable, "-m", "schemahub.cli", *arguments],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_backfills_killed_twenty_times_end_with_what_the_exchanges_have(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KILLS_SEED") or time.time())
    print(f"KILLS_SEED={seed}")
    draw, lake = random.Random(seed), tmp_path / "lake"
    products = products_of(exchanges)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_")}
    environment = {
        **kept,
        **exchanges.environment,
        "PYTHONPATH": str(ROOT),
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_CLOCK_TOLERANCE": "400d",
    }
    exchanges.set_faults(*FAULTS)
    for _ in range(KILLS):
        running = start(draw.choice(EXCHANGES), products, environment, tmp_path)
        time.sleep(draw.uniform(1, 6))
        running.send_signal(signal.SIGKILL)
        running.communicate()
    for exchange in EXCHANGES:
        for _ in range(10):  # a fault may end a product, which the next run continues
            last = start(exchange, products, environment, tmp_path)
            if "Traceback" in (last.communicate(timeout=300)[1] or ""):
                pytest.fail(f"{exchange}: a traceback")
            if last.returncode == 0:
                break
        assert last.returncode == 0, exchange
    assert_everything_landed_once(lake, products)
    for product in products:
        ((low, high),) = [
            (held.low, held.high)
            for held in read_coverage(LocalLake(lake), f"raw_{product.exchange}_trades").of(product.symbol)
        ]
        assert (low, high) == (product.first_id, product.last_id + 1)

    exchanges.clear_faults()
    unified = subprocess.run(
        [sys.executable, "-m", "schemahub.cli", "run", "unify", "trades_unified"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert unified.returncode == 0, unified.stdout + unified.stderr
    rows = iceberg_table(lake, "trades_unified").scan(selected_fields=("exchange", "symbol", "trade_id")).to_arrow()
    found = sorted(zip(*(rows[name].to_pylist() for name in ("exchange", "symbol", "trade_id")), strict=True))
    assert len(found) == len(set(found)) == sum(product.trades for product in products)
