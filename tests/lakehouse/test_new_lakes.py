"""Several processes may be the first to open a lake."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from schemahub.settings import PROJECT
from tests.support.landing_program import RAW

PROGRAM = """
import sys, time
from lakehouse.open import open_lake
from lakehouse.tables import ensure_table
from tests.support.landing_program import RAW
time.sleep(max(0, float(sys.argv[2]) - time.time()))
ensure_table(open_lake(sys.argv[1]), RAW.table)
"""


@pytest.mark.slow
def test_a_new_lake_is_created_by_several_processes_at_once(tmp_path: Path) -> None:
    for attempt in range(2):
        lake = tmp_path / f"lake{attempt}"
        start = str(time.time() + 4)
        racers = [
            subprocess.Popen([sys.executable, "-c", PROGRAM, str(lake), start], cwd=PROJECT, stderr=subprocess.PIPE)
            for _ in range(4)
        ]
        assert [racer.communicate(timeout=60)[1].decode() for racer in racers] == [""] * 4
        assert LocalLake(lake).catalog.load_table(identifier(RAW.name)).metadata.snapshots == []
