"""A simulator as a child process, for tests, the demo and benchmarks.

    with running(trades=20_000, seed=7) as simulator:
        httpx.get(f"{simulator.urls['binance']}/api/v3/trades", params={"symbol": "BTCUSDT"})

The simulator has a process of its own, so that it takes no time from what is tested. It ends with the block, or when
its parent dies.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from simulator.exchanges.market import DEFAULT_DURATION, DEFAULT_SEED, DEFAULT_START, DEFAULT_TRADES
from simulator.exchanges.server import READY, exchange_environment, exchange_urls, stream_urls
from simulator.exchanges.settings import DEFAULT_EXCHANGES

_STOP_TIMEOUT_S = 5


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that listens at `base_url`."""

    base_url: str

    @property
    def urls(self) -> dict[str, str]:
        """For each exchange, the base URL for clients."""
        return exchange_urls(self.base_url)

    @property
    def stream_urls(self) -> dict[str, str]:
        """For each exchange, the base URL of its WebSockets."""
        return stream_urls(self.base_url)

    @property
    def environment(self) -> dict[str, str]:
        """`SCHEMAHUB_<EXCHANGE>_URL` for each exchange."""
        return exchange_environment(self.urls)

    def market(self) -> dict[str, Any]:
        """For each exchange and product: symbol, trades, first_id, last_id, first_time_ns and last_time_ns."""
        return self._call("GET", "market")

    def stats(self) -> dict[str, Any]:
        """`requests`: the number for each exchange and path; `responses`: the number for each exchange and status."""
        return self._call("GET", "stats")

    def streams(self) -> dict[str, dict[str, int]]:
        """For each exchange the numbers of WebSocket connections `opened` and `open`, and of `messages` sent."""
        return self._call("GET", "streams")

    def faults(self) -> list[dict[str, Any]]:
        """The active faults, each with the keys fault, exchange, seen and struck."""
        found: list[dict[str, Any]] = self._call("GET", "faults")["faults"]
        return found

    def set_faults(self, *faults: str) -> None:
        """Replace the active faults by these; raises ValueError if one of them can't be parsed."""
        self._call("POST", "faults", {"faults": faults})

    def clear_faults(self) -> None:
        """Switch off all faults."""
        self._call("DELETE", "faults")

    def set_oddities(self, *oddities: str) -> None:
        """Replace the oddities of bulk files by these; raises ValueError if one of them can't be parsed."""
        self._call("POST", "oddities", {"oddities": oddities})

    def show(self, share: float) -> None:
        """Serve the first `share` of every tape from now on, as if it were earlier.

        WebSockets report the trades that are new. If the market's time passes, it goes on from this share of it.
        """
        self._call("POST", "shown", {"share": share})

    def _call(self, method: str, name: str, body: Any = None) -> dict[str, Any]:
        # without `verify=False`, each call would read all certificates of the machine, although there is no TLS
        response = httpx.request(method, f"{self.base_url}/_simulator/{name}", json=body, trust_env=False, verify=False)
        answer: dict[str, Any] = response.json()
        if response.status_code == 400:
            raise ValueError(answer["message"])
        return answer


@contextmanager
def running(
    *,
    trades: int = DEFAULT_TRADES,
    seed: int = DEFAULT_SEED,
    exchanges: Sequence[str] = DEFAULT_EXCHANGES,
    start: datetime = DEFAULT_START,
    recordings: Path | None = None,
    faults: Sequence[str] = (),
    enforce_limits: bool = True,
    limit_scale: float = 1,
    port: int = 0,
    duration: timedelta = DEFAULT_DURATION,
    speed: float = 0,
    shown: float | None = None,
    connection_age_s: float = 24 * 3600,
    ping_interval_s: float = 20,
    oddities: Sequence[str] = (),
    endless: bool = False,
    clock_offsets: Sequence[str] = (),
) -> Iterator[RunningSimulator]:
    """Run a simulator for the length of a `with` block; the arguments are those of `Settings`.

    Raises:
        RuntimeError: the simulator did not start; its own messages are on standard error.
    """
    options = [f"--trades={trades}", f"--seed={seed}", f"--start={start.isoformat()}", f"--port={port}"]
    options += [f"--exchange={name}" for name in exchanges]
    options += [f"--limit-scale={limit_scale}", *(f"--fault={fault}" for fault in faults)]
    options += [f"--oddity={oddity}" for oddity in oddities]
    options += [f"--hours={duration / timedelta(hours=1)}", f"--speed={speed}"]
    options += [f"--connection-age={connection_age_s}", f"--ping-interval={ping_interval_s}"]
    options += [] if shown is None else [f"--shown={shown}"]
    options += [] if recordings is None else [f"--recordings={recordings}"]
    options += [f"--clock-offset={offset}" for offset in clock_offsets]
    options += ["--endless"] if endless else []
    options += [] if enforce_limits else ["--no-limits"]
    command = [sys.executable, "-m", "simulator", *options, "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield RunningSimulator(_read_base_url(process))
        finally:
            _stop(process)


def _read_base_url(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(READY):
        raise RuntimeError(
            f"the simulator ended with status {process.wait()} before it was ready; see its messages above"
        )
    return line.removeprefix(f"{READY} on ").partition(": ")[0]


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
