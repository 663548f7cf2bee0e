"""The states of a table that its folder still holds, newest first, and the newest complete one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.io import FileIO
from pyiceberg.table.metadata import TableMetadata

from .whole_state import Damage, damage_of, read_metadata

_VERSION = re.compile(r"(\d+)-")


@dataclass(frozen=True)
class State:
    """A state of a table, given by one metadata file."""

    address: str
    metadata: TableMetadata

    @property
    def row_count(self) -> int:
        snapshot = self.metadata.current_snapshot()
        summary = snapshot.summary if snapshot else None
        return int(summary["total-records"] or 0) if summary else 0


def newest_whole_state(folder: Path, io: FileIO) -> State | None:
    """The newest complete state in a table's folder, or None."""
    return next((state for state in _states(folder, io) if damage_of(state.address, io) is None), None)


def _states(folder: Path, io: FileIO) -> Iterator[State]:
    found = []
    for path in (folder / "metadata").glob("*.metadata.json"):
        address = f"file://{path}"
        try:
            found.append(State(address, read_metadata(address, io)))
        except Damage:
            continue
    yield from sorted(found, key=_age, reverse=True)


def _age(state: State) -> tuple[int, int]:
    version = _VERSION.match(state.address.rpartition("/")[2])
    return state.metadata.last_updated_ms, int(version[1]) if version else 0
