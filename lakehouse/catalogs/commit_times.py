"""Give commits increasing times, whatever the clock says.

Engines order snapshots by their times: DuckDB ignores a snapshot from "the future", and Iceberg's Java and Rust
libraries refuse a table whose log is out of order. But clocks are set back, and several machines have different clocks.
So the time of a commit is always later than that of the table's last commit:

- A commit that only appends rows gets the current time, or a millisecond after the last commit if that is later.
- Every other commit (properties, columns, maintenance) gets a millisecond after the last one. It needs no true time,
  and must not move the table's time ahead: Java refuses to commit more than a minute before the last commit, and
  Athena, which uses Java, writes to tables that we compact.
"""

import time
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import MetadataLogEntry, Operation, Snapshot, SnapshotLogEntry
from pyiceberg.table.update import TableRequirement, TableUpdate
from pyiceberg.typedef import Identifier

Entry = TypeVar("Entry", SnapshotLogEntry, MetadataLogEntry)


def now_ms() -> int:
    """The time by this machine's clock, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class OrderedCommits(MetastoreCatalog):
    """A mixin for catalogs that puts the times of all commits in order, even if another tool chose them."""

    def _update_and_stage_table(
        self,
        current_table: Table | None,
        table_identifier: Identifier,
        requirements: tuple[TableRequirement, ...],
        updates: tuple[TableUpdate, ...],
    ) -> StagedTable:
        staged = super()._update_and_stage_table(current_table, table_identifier, requirements, updates)
        base = current_table.metadata if current_table else None
        if staged.metadata != base:
            staged.metadata = in_order(base, staged.metadata, now=now_ms())
        return staged


def in_order(base: TableMetadata | None, changed: TableMetadata, *, now: int) -> TableMetadata:
    """`changed`, derived from `base`, with times that follow those of `base`; all times are milliseconds since 1970."""
    last = _last_time(base)
    added = added_snapshots(base, changed)
    is_true = base is None or all(_appends(snapshot) for snapshot in added)
    times: dict[int, int] = {}
    for snapshot in added:
        last = times[snapshot.snapshot_id] = max(now, last + 1) if is_true else last + 1
    if not times:
        last = last + 1 if base else max(now, last)
    logged = {(entry.snapshot_id, entry.timestamp_ms) for entry in base.snapshot_log} if base else set()
    log = [
        entry
        if (entry.snapshot_id, entry.timestamp_ms) in logged
        else entry.model_copy(update={"timestamp_ms": times.get(entry.snapshot_id, last)})
        for entry in changed.snapshot_log
    ]
    snapshots = [
        each.model_copy(update={"timestamp_ms": times[each.snapshot_id]}) if each.snapshot_id in times else each
        for each in changed.snapshots
    ]
    return changed.model_copy(
        update={
            "snapshots": snapshots,
            "snapshot_log": _sorted(log),
            "metadata_log": _sorted(changed.metadata_log),
            "last_updated_ms": last,
        }
    )


def added_snapshots(base: TableMetadata | None, changed: TableMetadata) -> list[Snapshot]:
    """The snapshots of `changed` that `base` doesn't have, in the order of their commits."""
    known = {snapshot.snapshot_id for snapshot in base.snapshots} if base else set()
    return [snapshot for snapshot in changed.snapshots if snapshot.snapshot_id not in known]


def _last_time(base: TableMetadata | None) -> int:
    if base is None:
        return 0
    logged = (entry.timestamp_ms for log in (base.snapshot_log, base.metadata_log) for entry in log)
    return max([base.last_updated_ms, *(snapshot.timestamp_ms for snapshot in base.snapshots), *logged])


def _appends(snapshot: Snapshot) -> bool:
    return snapshot.summary is not None and snapshot.summary.operation == Operation.APPEND


# a table that was written by another tool, or before this module existed, may have a log that is out of order
def _sorted(log: Sequence[Entry]) -> list[Entry]:
    times = accumulate((entry.timestamp_ms for entry in log), max)
    return [entry.model_copy(update={"timestamp_ms": at}) for entry, at in zip(log, times, strict=True)]
