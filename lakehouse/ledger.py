"""The ledger `schemahub_loads`: what has been landed, for readers of the raw tables.

Grain: one row per load, raw table and stream. `ledger_commits.py` appends its rows.
"""

from datetime import datetime

import msgspec

from .lake import Lake, check_ours

LEDGER = "schemahub_loads"


class LedgerRow(msgspec.Struct, frozen=True):
    """One row of the ledger; config/lake.yaml says what each column means. Times are UTC without a zone."""

    load_id: str
    raw_table: str
    source: str
    stream: str
    channel: str
    row_count: int
    first_id: str
    last_id: str
    min_event_ts: datetime | None
    max_event_ts: datetime | None
    ingest_ts: datetime
    landed_at: datetime
    coverage: str | None = None
    """None where `loads` reads the ledger, and in rows that were derived from raw rows alone."""
    file: str | None = None
    checksum: str | None = None


_LONG = "coverage"
"""The column that only a repair needs."""


def loads(lake: Lake) -> list[LedgerRow]:
    """Every row of the ledger, oldest load first; empty if nothing has been landed yet.

    Raises:
        Misconfigured: the ledger in the catalog belongs to another lake.
        LakeUnavailable: files of the ledger are missing.
    """
    if (state := lake.table_state(LEDGER)) is None:
        return []
    check_ours(lake, LEDGER, state)
    rows = lake.rows(LEDGER, [name for name in LedgerRow.__struct_fields__ if name != _LONG])
    return sorted((LedgerRow(**row) for row in rows), key=lambda row: (row.landed_at, row.load_id, row.stream))
