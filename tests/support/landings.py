"""Loads from the imaginary exchange of `landing_program`, and what the lake holds afterwards."""

import subprocess
import sys
from collections import Counter
from datetime import datetime

from lakehouse.lake import Lake, identifier
from lakehouse.tables import ensure_table
from loaders.landing.dlt_job import land
from loaders.landing.load import LoadInProgress, Origin
from tests.support import landing_program
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS, RAW, pieces

DATA = f"schemahub/{RAW.name}/data"
NOON = datetime(2026, 1, 5, 12)


def load_in_progress(lake: Lake, now: datetime = NOON) -> LoadInProgress:
    table = ensure_table(lake, RAW.table)
    return LoadInProgress(lake, RAW, table, Origin("imagined", "rest"), now=lambda: now)


def land_up_to(lake: Lake, last_id: int) -> None:
    load = load_in_progress(lake)
    land(load, pieces(lake, last_id))


def run_program(home: LakeHome, last_id: int, point: str = "") -> int:
    program = [sys.executable, landing_program.__file__, home.location, str(last_id), point]
    return subprocess.run(program, check=False, timeout=120).returncode


def landed_ids(lake: Lake) -> Counter[tuple[str, str]]:
    rows = lake.catalog.load_table(identifier(RAW.name)).scan().to_arrow()
    return Counter(zip(rows["market"].to_pylist(), rows["id"].to_pylist(), strict=True))


def every_id_once(last_id: int) -> Counter[tuple[str, str]]:
    return Counter((market, str(trade_id)) for market in MARKETS for trade_id in range(1, last_id + 1))
