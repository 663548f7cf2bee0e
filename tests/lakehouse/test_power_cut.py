"""Landed rows survive a power cut: a real file system, whose disk is copied at the moment of the cut."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS
from tests.support.landings import every_id_once, landed_ids, run_program

MEGABYTES = 64


@dataclass
class Machine:
    """A machine with a separate file system, whose disk is a file."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "mounted"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"

    def start(self) -> None:
        # within ten minutes, nothing reaches the disk unless it is synced
        _call("mount", "-o", "loop,commit=600", str(self.disk), str(self.root))

    def cut_the_power(self) -> None:
        """Keep only what is on the disk."""
        left = self.folder / "left.img"
        shutil.copyfile(self.disk, left)
        _call("umount", str(self.root))
        left.replace(self.disk)
        self.start()


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    machine.root.mkdir()
    with machine.disk.open("wb") as disk:
        disk.truncate(MEGABYTES * 1024**2)
    try:
        _call("mkfs.ext4", "-q", "-F", str(machine.disk))
        machine.start()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"can't mount a separate file system here, which needs root and loop devices: {error}")
    yield machine
    _call("umount", "-l", str(machine.root))


def test_what_was_landed_survives_a_power_cut(machine: Machine) -> None:
    home = LakeHome(str(machine.root / "lake"), {})
    for last_id in (100, 250):
        assert run_program(home, last_id) == 0  # a process of its own, so that this one holds no file open
        machine.cut_the_power()
        lake = LocalLake(machine.root / "lake")
        assert landed_ids(lake) == every_id_once(last_id)
        assert sum(row.row_count for row in loads(lake)) == last_id * len(MARKETS)
        lake.catalog.close()
