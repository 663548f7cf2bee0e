"""Several loaders land in one table at the same time: every row once, and rows, coverage and ledger agree."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import loads
from schemahub.settings import PROJECT
from tests.support import racing_program
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS, RAW
from tests.support.landings import DATA, every_id_once, land_up_to, landed_ids
from tests.support.racing_program import KINDS

Racer = subprocess.Popen[bytes]


def start(home: LakeHome, kind: str, seed: int, last_id: int) -> Racer:
    arguments = (home.location, kind, str(seed), str(last_id))
    return subprocess.Popen([sys.executable, "-m", racing_program.__name__, *arguments], cwd=PROJECT)


def assert_everything_agrees(lake: Lake, last_id: int) -> None:
    assert landed_ids(lake) == every_id_once(last_id)
    for market in MARKETS:
        (held,) = read_coverage(lake, RAW.name).of(market)
        assert (held.low, held.high, held.rows) == (1, last_id + 1, last_id)
    rows = lake.catalog.load_table(identifier(RAW.name)).scan().to_arrow()
    by_load = Counter(zip(rows["_dlt_load_id"].to_pylist(), rows["market"].to_pylist(), strict=True))
    assert {(row.load_id, row.stream): row.row_count for row in loads(lake)} == by_load


@pytest.mark.slow
def test_loaders_of_one_table_run_at_the_same_time(lake_home: LakeHome) -> None:
    last_id = 4_000
    racers = [start(lake_home, kind, seed, last_id) for seed, kind in enumerate(KINDS)]
    assert [racer.wait(timeout=120) for racer in racers] == [0, 0, 0]
    assert_everything_agrees(lake_home.open(), last_id)


@pytest.mark.kills
def test_loaders_that_are_killed_while_others_run_lose_and_duplicate_nothing(lake_home: LakeHome) -> None:
    seed = int(os.environ.get("KILLS_SEED") or time.time())
    print(f"KILLS_SEED={seed}")
    draw, last_id, kills = random.Random(seed), 25_000, 0
    racers = {kind: start(lake_home, kind, seed, last_id) for kind in KINDS}
    ends = time.monotonic() + 40
    while time.monotonic() < ends and any(racer.poll() is None for racer in racers.values()):
        time.sleep(draw.uniform(0.5, 4))
        kind = draw.choice(KINDS)
        if racers[kind].poll() is None:
            racers[kind].send_signal(signal.SIGKILL)
            racers[kind].wait()
            kills += 1
        racers[kind] = start(lake_home, kind, seed + kills, last_id)
    assert kills >= 5
    assert {racer.wait(timeout=300) for racer in racers.values()} <= {0}
    lake = lake_home.open()
    assert_everything_agrees(lake, last_id)
    land_up_to(lake, last_id + 1)  # whose loader removes what the killed ones left
    table = lake.catalog.load_table(identifier(RAW.name))
    named = {path.rpartition("/")[2] for path in table.inspect.files()["file_path"].to_pylist()}
    assert len(lake_home.files(DATA) - named) <= kills  # files that were cut by a load that was killed right then
