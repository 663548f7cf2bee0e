"""`live` in this process against the simulated exchanges, and what the lake must hold afterwards.

with listening(exchanges, tmp_path / "lake", "kraken") as live:
    live.show_until_heard(0.2)
    exchanges.show(0.5)
live.assert_complete()
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.coverage_record import read_coverage
from loaders.channels.runs import Run
from loaders.stream import Quote
from schemahub.runs.context import RunContext
from schemahub.runs.ingest import symbols_of
from schemahub.runs.live import LiveState, run_live
from schemahub.settings import Settings
from simulator.exchanges import RunningSimulator
from tests.support.command_line import ROOT, Served, landed_ids, ledger, leftovers, served

PATIENCE = 30.0
SYMBOLS = ("BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT")


def wait_until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it didn't happen"
        time.sleep(0.02)


@dataclass
class Live:
    """One call of `run_live` in a thread of its own."""

    exchanges: RunningSimulator
    context: RunContext
    names: Sequence[str]
    stop: threading.Event = field(default_factory=threading.Event)
    states: Sequence[LiveState] = ()
    heard: dict[tuple[str, str], list[Run]] = field(default_factory=lambda: defaultdict(list))
    quotes: list[tuple[str, Quote]] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return Path(self.context.settings.lake)

    @property
    def holes(self) -> int:
        return sum(state.holes for state in self.states)

    @property
    def landed(self) -> int:
        return sum(state.landed for state in self.states)

    def report(self, states: Sequence[LiveState]) -> None:
        self.states = states

    def hear(self, exchange: str, run: Run) -> None:
        self.heard[exchange, run.stream].append(run)

    def products(self) -> list[Served]:
        """What the simulator shows now of the products that are listened to."""
        wanted = symbols_of(self.context, self.names)
        every = served(self.exchanges, *self.context.settings.symbols)
        return [each for each in every if each.symbol in wanted.get(each.exchange, ())]

    def show_until_heard(self, share: float) -> float:
        """Let trades happen until one of each product was heard; returns the share of the market that is shown then."""
        wanted = {(each.exchange, each.symbol) for each in self.products()}
        ends = time.monotonic() + PATIENCE
        while not wanted <= self.heard.keys():
            assert time.monotonic() < ends, f"nothing heard of {wanted - self.heard.keys()}"
            share = min(1.0, share + 0.005)
            self.exchanges.show(share)
            time.sleep(0.1)
        return share

    def first_id(self, product: Served) -> int:
        return min(run.low for run in self.heard[product.exchange, product.symbol])

    def is_complete(self, *, since_first: bool) -> bool:
        """Whether the coverage says that everything shown has landed, from the first id shown or heard on."""
        return not self.missing(since_first=since_first)

    def missing(self, *, since_first: bool) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """What the coverage lacks of each product, if anything."""
        found = {}
        for each in self.products():
            held = read_coverage(self.context.lake, f"raw_{each.exchange}_trades").of(each.symbol)
            low = each.first_id if since_first else self.first_id(each)
            if parts := held.missing(low, each.last_id + 1):
                found[each.exchange, each.symbol] = parts
        return found

    def assert_complete(self, *, since_first: bool = False) -> None:
        """Check that raw tables, coverage and ledger hold everything shown, once and in order."""
        assert self.missing(since_first=since_first) == {}
        products = self.products()
        lows = {
            (each.exchange, each.symbol): each.first_id if since_first else self.first_id(each) for each in products
        }
        for name in self.names:
            of_name = [each for each in products if each.exchange == name]
            ids = [(each.symbol, n) for each in of_name for n in range(lows[name, each.symbol], each.last_id + 1)]
            assert landed_ids(self.lake, name) == Counter(ids), name
        counted: Counter[tuple[str, str]] = Counter()
        for row in ledger(self.lake):
            counted[row["source"], row["stream"]] += row["row_count"]
        assert counted == {
            (each.exchange, each.symbol): each.last_id + 1 - lows[each.exchange, each.symbol] for each in products
        }
        assert leftovers(self.lake) == []


def settings_for(exchanges: RunningSimulator, lake: Path | str, **changes: Any) -> Settings:
    given = {
        "lake": str(lake),
        "symbols": SYMBOLS,
        "since": "2026-01-01",
        "urls": exchanges.urls,
        "stream_urls": exchanges.stream_urls,
        "clock_tolerance": "9000d",
        "live_every": 0.5,
    }
    return Settings(**{**given, **changes})


@contextmanager
def listening(
    exchanges: RunningSimulator,
    lake: Path | str,
    *names: str,
    since: datetime | None = None,
    land: bool = True,
    **settings: Any,
) -> Iterator[Live]:
    """Listen for the length of a `with` block, and land what is in hand at its end."""
    live = Live(exchanges, RunContext(settings_for(exchanges, lake, **settings)), names)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            live.states = run_live(
                live.context,
                symbols_of(live.context, names),
                stop=live.stop,
                since=since,
                report=live.report,
                on_trades=live.hear,
                on_quote=lambda exchange, quote: live.quotes.append((exchange, quote)),
                land=land,
            )
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield live
    finally:
        live.stop.set()
        thread.join(60)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def environment_for(exchanges: RunningSimulator, lake: Path | str, **changes: str) -> dict[str, str]:
    """The environment of a command that listens to the simulated exchanges."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_")}
    streams = {f"SCHEMAHUB_{name.upper()}_STREAM_URL": url for name, url in exchanges.stream_urls.items()}
    ours = {
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_SYMBOLS": ",".join(SYMBOLS),
        "SCHEMAHUB_SINCE": "2026-01-01",
        "SCHEMAHUB_CLOCK_TOLERANCE": "9000d",
        "PYTHONPATH": str(ROOT),
    }
    return {**kept, **exchanges.environment, **streams, **ours, **changes}


def start(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "schemahub.cli", *arguments],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
