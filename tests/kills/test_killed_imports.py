"""Imports of many files that are killed at any moment: in the end raw table, files, coverage and ledger agree."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from schemahub.settings import PROJECT
from tests.support import importing_program
from tests.support.command_line import iceberg_table, landed_ids, ledger, leftovers

pytestmark = pytest.mark.kills

FILES = 12
ROWS = 1_000
OVERLAP = 100
KILLS = 8
START_US = 1_767_571_200_000_000


def write_files(folder: Path, draw: random.Random) -> tuple[range, list[str]]:
    """Files of Binance that overlap, some of them shuffled, and files of Kraken; the ids, and the lines of Kraken's."""
    folder.mkdir()
    for number in range(FILES):
        rows = [
            f"{each},100.5,2,201,{START_US + each * 1_000},True,True"
            for each in range(number * ROWS, (number + 1) * ROWS + OVERLAP)
        ]
        if number % 3 == 0:
            draw.shuffle(rows)
        (folder / f"BTCUSDT-trades-2026-01-{number + 1:02}.csv").write_text("\n".join(rows))
    sales = [f"{START_US // 10**6 + each // 3},{100 + each % 2},0.5" for each in range(3 * ROWS)]
    for name, part in (("a", sales[: 2 * ROWS - 2 * ROWS % 3]), ("b", sales[ROWS - ROWS % 3 :])):
        (folder / name).mkdir()
        (folder / name / "XBTUSD.csv").write_text("\n".join(part))
    return range(FILES * ROWS + OVERLAP), sales


def start(lake: Path, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", importing_program.__name__, str(lake), str(folder)], cwd=PROJECT, start_new_session=True
    )


def test_imports_that_are_killed_lose_and_duplicate_nothing(tmp_path: Path) -> None:
    seed = os.environ.get("KILLS_SEED") or str(int(time.time()))
    print(f"KILLS_SEED={seed}")
    draw, place, kills = random.Random(seed), tmp_path / "lake", 0
    ids, sales = write_files(tmp_path / "files", draw)
    while kills < KILLS:
        process = start(place, tmp_path / "files")
        try:
            assert process.wait(draw.uniform(1.5, 4)) == 0
            break  # everything is in
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills >= 2
    assert start(place, tmp_path / "files").wait(300) == 0
    assert landed_ids(place, "binance") == Counter(("BTCUSDT", each) for each in ids)
    landed = iceberg_table(place, "raw_kraken_trades").scan().to_arrow()["_raw_payload"].to_pylist()
    assert Counter(landed) == Counter(sales)
    by_stream: Counter[str] = Counter()
    for row in ledger(place):
        by_stream[row["stream"]] += row["row_count"]
    assert by_stream == {"BTCUSDT": len(ids), "XBTUSD (time and sales)": len(sales)}
    lake = LocalLake(place)
    for table, stream in (("raw_binance_trades", "BTCUSDT"), ("raw_kraken_trades", "XBTUSD (time and sales)")):
        (stretch,) = read_coverage(lake, table).of(stream)
        assert stretch.rows == by_stream[stream]
    taken_over = {row["checksum"] for row in ledger(place) if row["checksum"]}
    assert len(taken_over) == FILES + 2
    # the next load of each table removes what the killed ones left
    (tmp_path / "files" / "BTCUSDT-trades-2026-02-01.csv").write_text(f"{ids.stop},100.5,2,201,{START_US},True,True")
    (tmp_path / "files" / "XBTUSD.csv").write_text(f"{START_US // 10**6 - 1},100,0.5")
    assert start(place, tmp_path / "files").wait(300) == 0
    assert leftovers(place) == []
