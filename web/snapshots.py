"""Snapshots of a lake's tables: which files each consists of. Opens no file of rows, and runs no statement.

A page names the snapshot that it began with, so that what it shows stays the same while loads and runs go on. The list
of a snapshot's files is read once and kept, and still holds after Iceberg has forgotten the snapshot, for as long as
the files are there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakehouse.lake import Lake

from .bounded import Bounded
from .problems import Wrong

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

KEPT_FILES = 200_000
"""How many files the kept lists may have in total; a list of as many takes about 50 MB."""


@dataclass(frozen=True)
class File:
    """A data file, with the earliest and the latest event time in it, in microseconds since 1970, UTC."""

    path: str
    """As DuckDB reads it: a path, or an address in S3."""
    rows: int
    first_us: int
    last_us: int


@dataclass(frozen=True)
class Snapshot:
    id: int
    committed_at: datetime
    """UTC, with its zone."""
    files: tuple[File, ...]

    def within(self, from_us: int, to_us: int) -> list[str]:
        """The paths of the files that may have rows in [from_us, to_us)."""
        return [file.path for file in self.files if file.first_us < to_us and file.last_us >= from_us]


@dataclass(frozen=True)
class Published:
    """What the metadata say about a snapshot."""

    id: int
    committed_at: datetime
    rows: int
    added_rows: int


class Snapshots:
    """The snapshots of one table, whose rows have their event time in the column `time_column`."""

    def __init__(self, lake: Lake, table: str, time_column: str) -> None:
        self._lake = lake
        self.table = table
        self._time_column = time_column
        self._kept = Bounded[Snapshot](KEPT_FILES, lambda snapshot: 1 + len(snapshot.files))
        self._newest = Bounded[int | None](4)

    def newest(self) -> Snapshot:
        """The current snapshot; raises Wrong if the table isn't there or is empty."""
        address = self._lake.metadata_address(self.table) if self._lake.is_there else None
        found = None if address is None else self._newest.get(address, self._current_id)
        if found is None:
            raise Wrong(404, self.nothing())
        return self.at(found)

    def nothing(self) -> str:
        """What to do where there is no row."""
        return (
            f"{self._lake.location} has no trades in `{self.table}` yet; land and unify some with "
            f"`schemahub run pipeline {self.table}`, or simulated ones with `schemahub demo`"
        )

    def at(self, snapshot_id: int) -> Snapshot:
        """The snapshot with this id; raises Wrong if Iceberg has forgotten it and it was never read here."""
        return self._kept.get(snapshot_id, lambda: self._read(snapshot_id))

    def published(self) -> list[Published]:
        """Every snapshot that the table keeps, newest first."""
        table = self._open()
        snapshots = [] if table is None else table.metadata.snapshots
        found = [
            Published(each.snapshot_id, _moment(each.timestamp_ms), _count(each, "total"), _count(each, "added"))
            for each in snapshots
        ]
        return sorted(found, key=lambda each: each.committed_at, reverse=True)

    def gone(self, snapshot_id: int) -> Wrong:
        """What to say of a snapshot whose list or files are no longer there."""
        return Wrong(
            410,
            f"snapshot {snapshot_id} of {self.table} is no longer kept: a run has rewritten the table since; "
            "leave `snapshot` away to see the newest one",
        )

    def _open(self) -> "Table | None":
        return self._lake.open_to_plan(self.table) if self._lake.is_there else None

    def _current_id(self) -> int | None:
        table = self._open()
        snapshot = table.current_snapshot() if table else None
        return snapshot.snapshot_id if snapshot and _count(snapshot, "total") else None

    def _read(self, snapshot_id: int) -> Snapshot:
        table = self._open()
        if table is None:
            raise Wrong(404, self.nothing())
        snapshot = table.snapshot_by_id(snapshot_id)
        if snapshot is None:
            raise self.gone(snapshot_id)
        files = files_of(table, self._time_column, snapshot_id=snapshot_id)
        return Snapshot(snapshot_id, _moment(snapshot.timestamp_ms), tuple(files))


def files_of(table: "Table", time_column: str, *, snapshot_id: int | None = None) -> Sequence[File]:
    """The data files of a snapshot, or of the current one."""
    field = table.schema().find_field(time_column)
    found = []
    for task in table.scan(snapshot_id=snapshot_id).plan_files():
        if task.delete_files:
            raise Wrong(503, f"{table.name()[-1]} has files of deleted rows, which another tool has added; compact it")
        found.append(_file(task.file, field.field_id))
    return found


def _file(file: "DataFile", field_id: int) -> File:
    low, high = (_bound(bounds, field_id) for bounds in (file.lower_bounds, file.upper_bounds))
    path = file.file_path.removeprefix("file://")
    return File(path, file.record_count, 0 if low is None else low, 2**63 if high is None else high)


def _bound(bounds: "dict[int, bytes] | None", field_id: int) -> int | None:
    """A bound of a timestamp, which Iceberg stores as eight bytes: microseconds since 1970."""
    value = (bounds or {}).get(field_id)
    return None if value is None else int.from_bytes(value, "little", signed=True)


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def _count(snapshot: object, what: str) -> int:
    summary = getattr(snapshot, "summary", None)
    return int((summary[f"{what}-records"] if summary else None) or 0)
