"""Run processes with a wrong clock, and check that a table's times are valid whatever the clocks said.

environment = shifted_clock(shift)      # for a process whose clock is ahead by the seconds in the file `shift`
"""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from pyiceberg.table.metadata import TableMetadata

_SOURCE = Path(__file__).with_name("clock_shift.c")


def shifted_clock(shift: Path) -> dict[str, str]:
    """The environment for a process whose clock is ahead, or behind, by the number of seconds in the file `shift`.

    The file may be changed while the process runs. Skips the test if no such clock can be set up.
    """
    return {**os.environ, "LD_PRELOAD": str(_library()), "CLOCK_SHIFT_FILE": str(shift)}


@functools.cache
def _library() -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler, which makes the library that shifts a process's clock")
    folder = Path(tempfile.mkdtemp(prefix="clock-shift-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "clock_shift.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the library that shifts a process's clock can't be built: {done.stderr.splitlines()[:1]}")
    return library


def assert_times_rise(metadata: TableMetadata) -> None:
    """Check what Iceberg's Java and Rust require before they open a table, without the minute that they tolerate."""
    times = [each.timestamp_ms for each in sorted(metadata.snapshots, key=lambda each: each.sequence_number or 0)]
    assert all(earlier < later for earlier, later in pairwise(times)), times
    for log in (metadata.snapshot_log, metadata.metadata_log):
        logged = [entry.timestamp_ms for entry in log]
        assert all(earlier < later for earlier, later in pairwise(logged)), logged
        assert not logged or logged[-1] <= metadata.last_updated_ms
    assert not times or times[-1] <= metadata.last_updated_ms
