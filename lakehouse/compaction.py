"""Keep a table that grows by small commits fast to read and write.

Each load adds a snapshot to its raw table and a file with a few rows to the ledger. A commit rewrites the list of all
snapshots, and reading opens every file, so both would become slower with every load. Therefore, from time to time, the
ledger's files are merged into one per day, and all but the latest snapshots are expired.

Files that no snapshot refers to any more stay where they are, because a query that began earlier may still read them.
Athena's VACUUM and Spark's remove_orphan_files remove them.
"""

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table

from .layout import MOST_SNAPSHOTS

KEPT_SNAPSHOTS = 10

_EPOCH = date(1970, 1, 1)


def compact(table: Table, *, gather: bool = False) -> None:
    """Expire old snapshots where there are many; with `gather`, also merge the files of each partition into one."""
    if len(table.metadata.snapshots) <= MOST_SNAPSHOTS:
        return
    # another writer committed, or expired the same snapshots, at this moment; the next load tries again
    with suppress(CommitFailedException, ValueError):
        if gather and (crowded := _crowded(table)):
            table.overwrite(table.scan(crowded).to_arrow(), overwrite_filter=crowded)
        snapshots = sorted(table.metadata.snapshots, key=lambda snapshot: snapshot.sequence_number or 0)
        named = {reference.snapshot_id for reference in table.metadata.refs.values()}  # by a person's tag, for example
        old = [each.snapshot_id for each in snapshots[:-KEPT_SNAPSHOTS] if each.snapshot_id not in named]
        table.maintenance.expire_snapshots().by_ids(old).commit()


def _crowded(table: Table) -> BooleanExpression | str | None:
    """A filter for the rows of days with several files; all rows of an unpartitioned table; None if no day has."""
    if table.spec().is_unpartitioned():
        return AlwaysTrue()
    (by_day,) = table.spec().fields
    files = Counter(task.file.partition[0] for task in table.scan().plan_files())
    crowded = [day for day, count in files.items() if count > 1]
    if not crowded:
        return None
    # this includes all later days, which are few, because loads arrive in the order of their days
    first = _EPOCH + timedelta(days=min(crowded))
    return f"{table.schema().find_column_name(by_day.source_id)} >= '{first}T00:00:00'"
