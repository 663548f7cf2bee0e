"""`live` that is killed at any moment while its connections are cut, beside an ingest now and then."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from simulator.exchanges import RunningSimulator
from tests.support.command_line import landed_ids, ledger, leftovers, served
from tests.support.live_lake import SYMBOLS, environment_for, start, wait_until

pytestmark = pytest.mark.kills

EXCHANGE = "coinbase"
KILLS = 12
FAULTS = ("disconnect:1/60x10", "drop:1/40", "repeat:1/20", "reorder:1/15", "garbage:1/70")


@pytest.fixture(scope="module")
def exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=40_000, enforce_limits=False, shown=0.05) as running:
        yield running


def held_in_one_piece(lake: Path, exchanges: RunningSimulator) -> bool:
    """Whether the coverage has everything shown, without a hole."""
    coverage = read_coverage(LocalLake(lake), f"raw_{EXCHANGE}_trades")
    products = [each for each in served(exchanges, *SYMBOLS) if each.exchange == EXCHANGE]
    return all(not coverage.of(each.symbol).missing(each.first_id, each.last_id + 1) for each in products)


def kill(process: "subprocess.Popen[str]") -> bool:
    """Kill a process; whether it was still running."""
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    _, said = process.communicate()
    assert "Traceback" not in said, said
    return was_running


def test_live_that_is_killed_beside_ingests_loses_and_duplicates_nothing(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    seed = os.environ.get("KILLS_SEED", f"{datetime.now(UTC):%Y%m%d%H%M}")
    print(f"KILLS_SEED={seed}")
    chance, lake = random.Random(seed), tmp_path / "lake"
    environment = environment_for(exchanges, lake)
    ingest = ("run", "ingest", EXCHANGE)
    run(environment, *ingest)
    exchanges.set_faults(*FAULTS)
    share, killed = 0.05, 0
    while killed < KILLS:
        live = start(environment, "live", "--exchanges", EXCHANGE, "--every", "0.5")
        ends = time.monotonic() + chance.uniform(2, 9)
        beside = start(environment, *ingest) if chance.random() < 0.5 else None
        while time.monotonic() < ends:
            share = min(0.8, share + 0.001)
            exchanges.show(share)
            time.sleep(0.1)
        if beside is not None:
            killed += kill(beside) if chance.random() < 0.3 else beside.communicate() is None
        killed += kill(live)
    exchanges.clear_faults()
    finish(environment, lake, exchanges)
    products = [each for each in served(exchanges, *SYMBOLS) if each.exchange == EXCHANGE]
    assert landed_ids(lake, EXCHANGE) == Counter(trade for product in products for trade in product.ids)
    counted: Counter[str] = Counter()
    for row in ledger(lake):
        counted[row["stream"]] += row["row_count"]
    assert counted == {product.symbol: product.trades for product in products}
    # files that a load had cut when it was killed, after its commit
    left = leftovers(lake)
    assert all("/data/" in str(path) for path in left), left
    assert len(left) <= killed


def run(environment: dict[str, str], *arguments: str) -> None:
    process = start(environment, *arguments)
    told, said = process.communicate()
    assert process.returncode == 0, told + said


def finish(environment: dict[str, str], lake: Path, exchanges: RunningSimulator) -> None:
    """Listen until nothing is missing, and stop as a person does."""
    live = start(environment, "live", "--exchanges", EXCHANGE, "--every", "0.5")
    opened = exchanges.streams()[EXCHANGE]["opened"]
    wait_until(lambda: exchanges.streams()[EXCHANGE]["opened"] > opened or live.poll() is not None)
    exchanges.show(0.85)
    wait_until(lambda: held_in_one_piece(lake, exchanges), 90)
    live.send_signal(signal.SIGINT)
    told, said = live.communicate(timeout=60)
    assert (live.returncode, said) == (0, ""), told + said
