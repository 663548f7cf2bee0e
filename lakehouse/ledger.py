"""The ledger `schemahub_loads`: what has been landed, for readers of the raw tables.

Grain: one row per load, raw table and stream. `ledger_commits.py` appends its rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from .coverage_record import listed_loads
from .lake import Lake, TableState, check_ours

LEDGER = "schemahub_loads"


class LedgerRow(msgspec.Struct, frozen=True):
    """One row of the ledger; config/lake.yaml says what each column means. Times are UTC without a zone."""

    load_id: str
    raw_table: str
    source: str
    stream: str
    channel: str
    row_count: int
    first_id: str | None
    """This, `last_id` and the event times are None where a load has only claims that there are no rows."""
    last_id: str | None
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


def recorded_property(raw_table: str, load_ids: Sequence[str]) -> dict[str, str]:
    """The ledger's property that names the loads of a raw table's list that the ledger has."""
    return {f"schemahub.recorded.{raw_table}": msgspec.json.encode(load_ids).decode()}


def recorded_loads(ledger_properties: Mapping[str, str], raw_table: str) -> set[str]:
    """The ids of those loads of a raw table's list that the ledger has."""
    text = ledger_properties.get(f"schemahub.recorded.{raw_table}", "[]")
    return set(msgspec.json.decode(text, type=list[str]))


def has_unrecorded_loads(raw: TableState, ledger: TableState | None, raw_table: str) -> bool:
    """Whether the ledger lacks loads of a raw table, because their process ended before it could append them."""
    recorded = recorded_loads(ledger.properties if ledger else {}, raw_table)
    return any(load_id not in recorded for load_id in listed_loads(raw.properties))


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
