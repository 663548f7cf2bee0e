"""Landing the streams of three exchanges with many messages a second: whether it keeps up, and loses none.

Each message has one trade, and comes over a WebSocket on loopback from another process. Trades count when they are in
the raw tables, which `live` writes every ten seconds.
"""

import json
import os
import resource
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from loaders.channels.runs import Run
from loaders.connectors import load_connector
from schemahub.runs.attention import row_count
from schemahub.runs.context import RunContext
from schemahub.runs.live import run_live
from schemahub.settings import load_settings

from .measure import Measurement, expect, in_own_process
from .size import SIZES, Size
from .stream_messages import PRODUCTS
from .stream_server import serving
from .trades import COLUMNS, START

_RATE = 20_000
"""Messages a second of all exchanges together."""
_NOBODY = "http://127.0.0.1:9"
"""Where the exchanges' REST servers would be. Nothing is missing, so nothing is requested."""
_PATIENCE = 3.0
"""How many times as long as the messages are sent they are waited for."""


def findings(size: Size) -> list[Measurement]:
    """Measure in a process of its own, so that it has its own peak of memory."""
    run = in_own_process(__name__, size.name)
    return [
        Measurement(
            f"live: {_RATE:,} messages a second for {size.live_seconds} s, none lost: speed of sending",
            run["rate"] / _RATE,
            0.98,
            at_least=True,
            unit="x",
            detail=f"{run['rate']:,.0f} trades/s landed, {run['cores']:.2f} of one core, peak memory "
            f"{run['peak_gb']:.2f} GB",
        )
    ]


def main(size: Size) -> None:
    """Land until every message has been landed, and print what it took as JSON."""
    each = _RATE * size.live_seconds // len(PRODUCTS)
    with tempfile.TemporaryDirectory() as folder, serving(each, _RATE / len(PRODUCTS)) as streams:
        for name, address in streams.items():
            os.environ[f"SCHEMAHUB_{name.upper()}_STREAM_URL"] = address
            os.environ[f"SCHEMAHUB_{name.upper()}_URL"] = _NOBODY
        run = _live(Path(folder), each, size)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**run, "peak_gb": peak_gb}))


def _live(folder: Path, each: int, size: Size) -> dict[str, Any]:
    began = time.monotonic()
    # the messages are of one moment, and a clock that differed much from it would be refused
    context = RunContext(
        load_settings(lake=str(folder)), now=lambda: START + timedelta(seconds=time.monotonic() - began)
    )
    stop, heard = threading.Event(), _Heard(each * len(PRODUCTS))

    def on_trades(_: str, run: Run) -> None:
        if heard.add(run.rows.num_rows):
            stop.set()

    symbols = {name: [product.symbol for product in products] for name, products in PRODUCTS.items()}
    states = run_live(context, symbols, stop=stop, seconds=20 + size.live_seconds * _PATIENCE, on_trades=on_trades)
    expect("problems", [line for state in states for line in (*state.outcome.problems, *state.warnings)], [])
    for name in PRODUCTS:
        expect(f"{name}: rows in the raw table", row_count(context.lake, load_connector(name, COLUMNS).raw.name), each)
    return {"rate": heard.rate, "cores": heard.cores}


class _Heard:
    """Counts trades from the first to the last; threads may share it."""

    def __init__(self, wanted: int) -> None:
        self._wanted, self._count, self._lock = wanted, 0, threading.Lock()
        self._first = self._last = self._worked = 0.0

    def add(self, count: int) -> bool:
        """Count more trades; whether these are all."""
        with self._lock:
            now = time.perf_counter()
            if not self._count:
                self._first, self._worked = now, -time.process_time()
            self._count += count
            if self._count == self._wanted:
                self._last, self._worked = now, self._worked + time.process_time()
            return self._count >= self._wanted

    @property
    def rate(self) -> float:
        return self._wanted / (self._last - self._first)

    @property
    def cores(self) -> float:
        """The use of the processor meanwhile, in cores."""
        return self._worked / (self._last - self._first)


if __name__ == "__main__":
    main(SIZES[sys.argv[1]])
