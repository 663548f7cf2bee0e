"""What the catalog hands out of a table: only its current state, with a time that is in the past by any clock.

Why: docs/decisions/016-the-catalog-hands-out-one-timeless-snapshot.md
"""

from typing import Any

from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import SnapshotLogEntry

LONG_AGO_MS = 1
"""The time of every snapshot that is handed out, in milliseconds since 1970."""


def current_state(metadata: TableMetadata) -> dict[str, Any]:
    """The metadata as JSON, without history: at most one snapshot and one reference to it, and no real times."""
    snapshot = metadata.current_snapshot()
    main = metadata.refs.get(MAIN_BRANCH)
    history: dict[str, Any] = {"snapshots": [], "snapshot_log": []}
    if snapshot is not None:
        history = {
            "snapshots": [snapshot.model_copy(update={"timestamp_ms": LONG_AGO_MS})],
            "snapshot_log": [SnapshotLogEntry(snapshot_id=snapshot.snapshot_id, timestamp_ms=LONG_AGO_MS)],
        }
    timeless = metadata.model_copy(
        update={
            **history,
            "last_updated_ms": LONG_AGO_MS,
            "metadata_log": [],
            "refs": {MAIN_BRANCH: main} if main else {},
            "statistics": [],
            "partition_statistics": [],
        }
    )
    return timeless.model_dump(mode="json", by_alias=True, exclude_none=True)
