"""A live stream, an ingest that cron starts again and again, and a backfill: on one table, with kills and faults.

They are slow, so only `make test-kills` runs them. KILLS_SEED repeats a printed seed.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import loads
from registry.registry import Registry
from simulator.exchanges import RunningSimulator
from tests.support.command_line import Served, served
from tests.support.lakes import LakeHome
from tests.support.live_lake import SYMBOLS, environment_for, start, wait_until
from tests.support.tapes import tape, unified

pytestmark = pytest.mark.kills

EXCHANGE = "binance"
RAW = f"raw_{EXCHANGE}_trades"
TRADES = 20_000
SHOWN = 0.4
SINCE = "2026-01-05 01:00"
"""A third of the market's time; what was traded before is for the backfill alone."""
BACKFILLED_UNTIL = "2026-01-05 01:30"
KILLS = 12
DISCONNECTS = 10
LONGEST = 80.0
"""The seconds after which the kills end, however few there were."""
FAULTS = (
    "disconnect:1/70",
    "drop:1/90",
    "repeat:1/40",
    "reorder:1/30",
    "garbage:1/200",
    "429:1/31",
    "503:1/29",
    "cut:1/23",
    "truncated:1/37",
    "duplicate_page:1/17",
    "slow=0.2:1/4",
    "short=300:1/4",
)

Process = subprocess.Popen[str]


@pytest.fixture
def exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=TRADES, exchanges=[EXCHANGE], enforce_limits=False, shown=SHOWN) as running:
        yield running


@dataclass
class Loader:
    """A command that is started again whenever it has ended."""

    arguments: Sequence[str]
    pause: tuple[float, float]
    """The bounds of the seconds between its end and its next start."""
    environment: dict[str, str]
    draw: random.Random
    kills: int = 0
    ends: int = 0
    """How often it has ended by itself."""
    failures: list[str] = field(default_factory=list)
    """What it said when it failed. A fault that goes on may end a command, and the next one continues."""
    _process: Process | None = None
    _due: float = 0.0

    def step(self) -> None:
        """Start it if it is time to."""
        if self._process is not None and self._process.poll() is not None:
            self._heed_end(self._process)
        if self._process is None and time.monotonic() >= self._due:
            self._process = start(self.environment, *self.arguments)

    def kill(self) -> None:
        if (running := self._process) is None:
            return
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            self.kills += 1
            assert "Traceback" not in running.communicate()[1]
            self._process = None
        else:
            self._heed_end(running)

    def finish(self) -> None:
        """Run it once to a good end."""
        self.kill()
        for _ in range(3):
            said = run(self.environment, *self.arguments)
            if said is None:
                return
            self.failures.append(said)
        pytest.fail(f"{self.arguments}: {self.failures}")

    def _heed_end(self, ended: Process) -> None:
        _, said = ended.communicate()
        assert "Traceback" not in said, said
        self.ends += 1
        if ended.returncode:
            self.failures.append(said)
        self._process, self._due = None, time.monotonic() + self.draw.uniform(*self.pause)


def run(environment: dict[str, str], *arguments: str) -> str | None:
    """Run a command to its end; returns what it complained of, or None if it ended well."""
    process = start(environment, *arguments)
    told, said = process.communicate(timeout=120)
    return None if process.returncode == 0 else told + said


def disconnects(exchanges: RunningSimulator) -> int:
    return sum(fault["struck"] for fault in exchanges.faults() if fault["fault"] == "disconnect")


def test_live_ingest_and_backfill_side_by_side_land_everything_once(
    exchanges: RunningSimulator, lake_home: LakeHome, registry: Registry
) -> None:
    seed = os.environ.get("KILLS_SEED") or f"{datetime.now(UTC):%Y%m%d%H%M}"
    print(f"KILLS_SEED={seed}")
    draw, lake = random.Random(seed), lake_home.open()
    environment = environment_for(exchanges, lake_home.location, SCHEMAHUB_SINCE=SINCE)
    names = ",".join(each.symbol for each in served(exchanges, *SYMBOLS))
    live = Loader(("live", "--exchanges", EXCHANGE, "--every", "1"), (0, 0.5), environment, draw)
    cron = Loader(("run", "ingest", EXCHANGE), (0.5, 2), environment, draw)
    options = ("--workers", "4", "--flush-every", "700", "--chunk-size", "100", "--checkpoint-s3")
    older = ("backfill", "--exchange", EXCHANGE, "--products", names, "--to", BACKFILLED_UNTIL, *options)
    backfill = Loader(older, (2, 4), environment, draw)
    loaders = (live, cron, backfill)
    exchanges.set_faults(*FAULTS)
    share, began, kill_at = SHOWN, time.monotonic(), time.monotonic() + 4
    while time.monotonic() - began < LONGEST:
        if sum(each.kills for each in loaders) >= KILLS and disconnects(exchanges) >= DISCONNECTS:
            break
        for each in loaders:
            each.step()
        if time.monotonic() >= kill_at:
            draw.choices(loaders, weights=(3, 2, 2))[0].kill()
            kill_at = time.monotonic() + draw.uniform(0.5, 5)
        share = min(0.95, share + 0.0012)
        exchanges.show(share)
        time.sleep(0.1)
    print(f"killed {[each.kills for each in loaders]}, ended {[each.ends for each in loaders]}")
    print(f"{disconnects(exchanges)} disconnects, {share:.0%} shown, {time.monotonic() - began:.0f} s")
    assert all(each.kills for each in loaders)
    assert disconnects(exchanges) >= DISCONNECTS
    exchanges.clear_faults()
    live.kill()
    listen_to_the_end(environment, exchanges)
    backfill.finish()
    cron.finish()
    assert run(environment, "gaps", "--fill") is None
    assert_everything_agrees(lake, served(exchanges, *SYMBOLS))
    assert len(unknown_files(lake_home, lake)) <= sum(each.kills for each in loaders)
    if not lake_home.is_on_aws:
        assert run(environment, "run", "unify", "trades_unified") is None
        assert Counter(unified(Path(lake_home.location))) == Counter(tape(registry, TRADES, [EXCHANGE]).items())


def listen_to_the_end(environment: dict[str, str], exchanges: RunningSimulator) -> None:
    """Listen while the rest of the market happens, and stop as a person does."""
    opened = exchanges.streams()[EXCHANGE]["opened"]
    live = start(environment, "live", "--exchanges", EXCHANGE, "--every", "1")
    wait_until(lambda: exchanges.streams()[EXCHANGE]["opened"] > opened or live.poll() is not None)
    for share in (0.96, 0.97, 0.98, 0.99, 1):
        exchanges.show(share)
        time.sleep(0.5)
    live.send_signal(signal.SIGINT)
    told, said = live.communicate(timeout=60)
    assert (live.returncode, said) == (0, ""), told + said


def assert_everything_agrees(lake: Lake, products: list[Served]) -> None:
    """Check that raw rows, tape, coverage and ledger are the same."""
    rows = lake.catalog.load_table(identifier(RAW)).scan().to_arrow()
    landed = Counter(zip(rows["symbol"].to_pylist(), map(int, rows["id"].to_pylist()), strict=True))
    assert landed == Counter(trade for product in products for trade in product.ids)
    for product in products:
        (held,) = read_coverage(lake, RAW).of(product.symbol)
        assert (held.low, held.high, held.rows) == (product.first_id, product.last_id + 1, product.trades)
    by_load = Counter(zip(rows["_dlt_load_id"].to_pylist(), rows["symbol"].to_pylist(), strict=True))
    ledger = loads(lake)
    assert Counter({(row.load_id, row.stream): row.row_count for row in ledger if row.row_count}) == by_load
    assert {row.channel for row in ledger} == {"rest", "stream"}


def unknown_files(home: LakeHome, lake: Lake) -> set[str]:
    """Data files that the table doesn't name: of loads that were killed right when they had cut them."""
    table = lake.catalog.load_table(identifier(RAW))
    named = {path.rpartition("/")[2] for path in table.inspect.files()["file_path"].to_pylist()}
    return home.files(f"schemahub/{RAW}/data") - named
