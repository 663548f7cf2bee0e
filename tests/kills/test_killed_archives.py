"""Backfills from archives that are killed at any moment, with faults and odd files, lose and duplicate nothing.

They are slow, so only `make test-kills` runs them. KILLS_SEED repeats a printed seed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from simulator.exchanges import RunningSimulator
from tests.support.command_line import ROOT, landed_ids, ledger, leftovers, served

pytestmark = pytest.mark.kills

KILLS = 15
FAULTS = ("429:1/23", "500:1/29", "503:1/31", "cut:1/17", "truncated:1/19", "slow=0.2:1/3")
ODDITIES = ("header@01-03", "shuffled@12-29", "truncated=09:29@12-30", "wrong_checksum@01-02", "hole=30@12-31")
BACKFILL = ("backfill", "--exchange", "binance", "--products", "BTCUSDT,ETHUSDT", "--chunk-size", "100")


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    """About 2,000 trades of both products together on each of eight days, in two months."""
    start = datetime(2025, 12, 28, 6, tzinfo=UTC)
    with simulator.exchanges.running(
        trades=16_000, exchanges=("binance",), start=start, duration=timedelta(days=8), enforce_limits=False
    ) as running:
        yield running


def test_backfills_from_archives_that_are_killed_end_with_what_the_exchange_has(
    market: RunningSimulator, tmp_path: Path
) -> None:
    seed = os.environ.get("KILLS_SEED") or str(int(time.time()))
    print(f"KILLS_SEED={seed}")
    draw, lake = random.Random(seed), tmp_path / "lake"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_")},
        **market.environment,
        "PYTHONPATH": str(ROOT),
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_CLOCK_TOLERANCE": "4000d",
        "SCHEMAHUB_BINANCE_BULK_URL": market.urls["binance"],
    }

    def start() -> "subprocess.Popen[str]":
        flush = ("--flush-every", str(draw.choice((150, 400, 5_000))))
        end = ("--to", draw.choice(("2025-12-31T13:00", "2026-01-03", "2026-01-20")))
        command = [sys.executable, "-m", "schemahub.cli", *BACKFILL, *flush, *end]
        return subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    market.set_faults(*FAULTS)
    market.set_oddities(*ODDITIES)
    for _ in range(KILLS):
        running = start()
        time.sleep(draw.uniform(1.5, 7))
        running.send_signal(signal.SIGKILL)
        running.communicate()
    market.clear_faults()
    # the first one can't take January's archive, and the checksum of one of its days is wrong
    for end in (["--to", "2026-01-03"], []):
        last = subprocess.run(
            [sys.executable, "-m", "schemahub.cli", *BACKFILL, *end],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert last.returncode == 0, last.stdout + last.stderr
    products = served(market, "BTC-USDT", "ETH-USDT")
    assert landed_ids(lake, "binance") == Counter(trade for product in products for trade in product.ids)
    assert {row["channel"] for row in ledger(lake)} == {"file", "rest"}
    counted: Counter[str] = Counter()
    for row in ledger(lake):
        counted[row["stream"]] += row["row_count"]
    assert counted == {product.symbol: product.trades for product in products}
    for product in products:
        (held,) = read_coverage(LocalLake(lake), "raw_binance_trades").of(product.symbol)
        assert (held.low, held.high, held.rows) == (product.first_id, product.last_id + 1, product.trades)
    assert leftovers(lake) == []
