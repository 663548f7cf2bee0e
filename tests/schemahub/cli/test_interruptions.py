"""Runs that are killed, or stopped by Ctrl-C."""

import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.exchanges import RunningSimulator
from tests.support.command_line import Cli, assert_everything_landed_once, leftovers, served

pytestmark = pytest.mark.long

COMMAND = ("run", "ingest", "binance", "coinbase", "kraken", "--symbols", "BTC-USDT")

INTERRUPTED_WITHIN_A_TEXT = """
import sys
from schemahub.cli import main
from schemahub.cli.app import app
app.command("interrupted")(lambda: exec("raise KeyboardInterrupt"))
sys.argv[1:] = ["interrupted"]
main()
"""

INTERRUPTED_WITHIN_A_CALLBACK = """
import os, signal, sys, time, weakref
from schemahub.cli import main
from schemahub.cli.app import app

class Watched: pass

def interrupted():
    watched = Watched()
    reference = weakref.ref(watched, lambda _: os.kill(os.getpid(), signal.SIGINT))
    del watched
    time.sleep(20)

app.command("interrupted")(interrupted)
sys.argv[1:] = ["interrupted"]
main()
"""


@pytest.mark.kills
def test_runs_that_are_killed_or_stopped_at_any_moment_lose_and_duplicate_nothing(
    cli: Cli, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    moments = random.Random(7)
    exchanges.set_faults("slow=0.2:1/2")
    for way in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        run = cli.start(*COMMAND, lake=lake)
        time.sleep(moments.uniform(1.0, 3.5))
        run.send_signal(way)
        run.communicate()
    exchanges.clear_faults()
    finished = cli(*COMMAND, lake=lake)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert_everything_landed_once(lake, served(exchanges, "BTC-USDT"))


@pytest.mark.parametrize("seconds", [0.1, 1.0])
def test_ctrl_c_stops_a_run_at_once_with_one_line(
    cli: Cli, exchanges: RunningSimulator, tmp_path: Path, seconds: float
) -> None:
    lake = tmp_path / "lake"
    exchanges.set_faults("slow=0.3:1/1")
    run = cli.start(*COMMAND, lake=lake)
    wait_for_requests(exchanges)
    time.sleep(seconds)
    began = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert (run.returncode, said.splitlines()) == (
        130,
        ["stopped; what was landed until then is complete, and the next run continues from there"],
    )
    assert time.monotonic() - began < 5
    assert leftovers(lake) == []


@pytest.mark.parametrize("program", [INTERRUPTED_WITHIN_A_TEXT, INTERRUPTED_WITHIN_A_CALLBACK])
def test_ctrl_c_where_python_loses_it_ends_with_the_usual_exit_code(tmp_path: Path, program: str) -> None:
    (tmp_path / "interrupted.py").write_text(program)
    run = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stderr.count("\n"), run.stderr[:8]) == (130, 1, "stopped;")


def test_ctrl_c_stops_a_run_that_waits_for_a_silent_exchange(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = cli.environment_of(tmp_path / "lake", SCHEMAHUB_BINANCE_URL=url)
        run = replace(cli, environment=command).start("run", "ingest", "binance", lake=tmp_path / "lake")
        connection, _ = server.accept()
        connection.recv(65_536)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
        connection.close()
    assert (run.returncode, said.count("\n")) == (130, 1)
    assert time.monotonic() - began < 2


def wait_for_requests(exchanges: RunningSimulator) -> None:
    """Wait until the run has sent a request; before that, Python itself is still starting."""
    while not exchanges.faults()[0]["seen"]:
        time.sleep(0.02)


@pytest.mark.slow
def test_a_run_ends_when_nobody_reads_its_output_any_more(cli: Cli, tmp_path: Path) -> None:
    with cli.start("run", "unify", "trades_unified", lake=tmp_path / "lake") as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        run.stdout.close()
        run.wait(timeout=60)
    assert cli("run", "unify", "trades_unified", lake=tmp_path / "lake").returncode == 0
