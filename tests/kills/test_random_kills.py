"""Runs that are killed at any moment, on a growing market, with every fault switched on and with wrong clocks.

They are slow, so only `make test-kills` runs them: each round is a separate process. KILLS_SEED repeats a printed seed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import simulator.exchanges
from registry.registry import Registry
from simulator.exchanges import RunningSimulator
from tests.support.clocks import shifted_clock
from tests.support.command_line import ID_COLUMNS, landed_ids, ledger, leftovers
from tests.support.tapes import Trade, tape, unified

pytestmark = pytest.mark.kills

TRADES = 20_000
KILLS = 25
FAULTS = (
    "429:1/23",
    "418=1:1/41@binance",
    "500:1/29",
    "503:1/31",
    "cut:1/17",
    "truncated:1/19",
    "duplicate_page:1/7",
    "slow=0.2:1/5",
    "kraken_200:1/13",
    "kraken_200=EGeneral:Internal error:1/11",
    "short=300:1/3",
)
CLOCKS = (0, 0, 120, -120, 1_200, -1_200, 86_400, -86_400, 330 * 86_400, -330 * 86_400)
"""The seconds by which a run's clock is ahead."""
COMMANDS = (
    ("run", "pipeline", "trades_unified"),
    ("run", "pipeline", "trades_unified"),
    ("run", "ingest", *ID_COLUMNS),
    ("run", "unify", "trades_unified"),
)


@pytest.fixture(scope="module")
def exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=TRADES, enforce_limits=False) as running:
        yield running


def environment(exchanges: RunningSimulator, lake: Path) -> dict[str, str]:
    return {
        **shifted_clock(lake.with_name("clock")),
        **exchanges.environment,
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_SINCE": "2025-12-01",
        "SCHEMAHUB_SYMBOLS": "BTC-USD,ETH-USD,BTC-USDT,ETH-USDT",
        "SCHEMAHUB_CLOCK_TOLERANCE": "400d",  # otherwise these clocks would be refused
    }


def set_clock(lake: Path, ahead: int) -> None:
    lake.with_name("clock").write_text(str(ahead))


def start(arguments: tuple[str, ...], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "schemahub.cli", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_nothing_is_lost_or_duplicated_whenever_a_run_is_killed(
    exchanges: RunningSimulator, registry: Registry, tmp_path: Path
) -> None:
    seed = os.environ.get("KILLS_SEED", f"{datetime.now(UTC):%Y%m%d%H%M}")
    print(f"KILLS_SEED={seed}")
    chance, lake = random.Random(seed), tmp_path / "lake"
    exchanges.set_faults(*FAULTS)
    killed = rounds = 0
    while killed < KILLS:  # a run that ended by itself doesn't count
        rounds += 1
        assert rounds <= 4 * KILLS, f"only {killed} of {rounds} runs were killed before they ended"
        exchanges.show((killed + 1) / KILLS)
        set_clock(lake, chance.choice(CLOCKS))
        process = start(chance.choice(COMMANDS), environment(exchanges, lake))
        time.sleep(chance.uniform(0.2, 4.5))
        set_clock(lake, chance.choice(CLOCKS))  # the clock jumps during the run
        time.sleep(chance.uniform(0.2, 4.5))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        _, said = process.communicate()
        assert "Traceback" not in said, said
    exchanges.clear_faults()
    set_clock(lake, 0)
    finish(lake, exchanges)
    assert Counter(unified(lake)) == Counter(tape(registry, TRADES).items())
    of_raw: Counter[Trade] = Counter()
    for exchange in ID_COLUMNS:
        for (symbol, trade_id), count in landed_ids(lake, exchange).items():
            of_raw[exchange.upper(), symbol, str(trade_id)] += count
    assert of_raw == Counter(tape(registry, TRADES).keys())
    assert sum(row["row_count"] for row in ledger(lake)) == len(tape(registry, TRADES))
    assert leftovers(lake) == []


def finish(lake: Path, exchanges: RunningSimulator) -> None:
    """Do what a person does once the clock is right again: a full refresh adds the rows that a wrong clock kept out."""
    for arguments in (
        ("run", "pipeline", "trades_unified"),
        ("run", "unify", "trades_unified", "--full-refresh"),
        ("run", "pipeline", "trades_unified"),
    ):
        process = start(arguments, environment(exchanges, lake))
        told, said = process.communicate()
        assert process.returncode == 0, told + said
        assert said == "", said
