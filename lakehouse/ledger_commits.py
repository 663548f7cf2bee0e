"""Append rows to the ledger.

A load's rows are appended after its raw commit. That commit also records the
load in a property of the raw table, so if a crash occurs between the two commits, the next run reads the load's rows
and appends what is missing:

    schemahub.last-load = {"load_id": "1763942400.1", "landed_at": "2026-01-05T12:00:00"}

One property is enough, because nothing commits to a raw table before its last load is in the ledger. The property's
size doesn't depend on the number of streams.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from .compaction import compact
from .declared import declared_table
from .errors import Misconfigured
from .lake import Lake
from .ledger import LEDGER, LedgerRow, loads
from .load_rows import read_load
from .raw_table import RawTable
from .readable import readable
from .table import LakeTable
from .tables import ensure_table


def ledger_table() -> LakeTable:
    """The ledger as declared; raises Misconfigured if its columns aren't those of LedgerRow."""
    table = declared_table(LEDGER)
    if (found := [column.name for column in table.columns]) != list(LedgerRow.__struct_fields__):
        raise Misconfigured(
            f"config/lake.yaml: tables.{LEDGER}.columns: expected {', '.join(LedgerRow.__struct_fields__)}, "
            f"found {', '.join(found)}; restore the file with git"
        )
    return table


LAST_LOAD = "schemahub.last-load"


class LastLoad(msgspec.Struct, frozen=True):
    """The value of the property `schemahub.last-load` of a raw table; `landed_at` is UTC without a zone."""

    load_id: str
    landed_at: datetime | None = None


def last_load(raw: Table) -> LastLoad | None:
    """The last load that was committed to a raw table, or None."""
    text = raw.properties.get(LAST_LOAD)
    return None if text is None else msgspec.json.decode(text, type=LastLoad)


def last_load_property(load: LastLoad) -> dict[str, str]:
    return {LAST_LOAD: msgspec.json.encode(load).decode()}


def recorded_property(raw_table: str) -> str:
    """The ledger's property that names the last load it has recorded of a raw table."""
    return f"schemahub.recorded.{raw_table}"


def record(lake: Lake, raw: RawTable, table: Table, rows: Sequence[LedgerRow] | None = None) -> None:
    """Append the rows of the raw table's last load unless the ledger has them; reads them there if not given."""
    load = last_load(table)
    if load is not None:
        _append(lake, raw, table, load, rows)


# Loaders of other raw tables append different rows at the same time, so a stale commit can safely be retried.
@retry(
    retry=retry_if_exception_type(CommitFailedException),
    wait=wait_random(0, 0.5),
    stop=stop_after_attempt(20),
    reraise=True,
)
def _append(lake: Lake, raw: RawTable, table: Table, load: LastLoad, rows: Sequence[LedgerRow] | None) -> None:
    ledger = ensure_table(lake, ledger_table())
    recorded = recorded_property(raw.name)
    if ledger.properties.get(recorded) == load.load_id:
        return
    if rows is None:
        with readable(lake, raw.name):
            rows = read_load(raw, table, load.load_id, landed_at=load.landed_at)
    with ledger.transaction() as transaction:
        transaction.append(as_arrow(rows, ledger))
        transaction.set_properties({recorded: load.load_id})
    compact(ledger, gather=True)


def as_arrow(rows: Sequence[LedgerRow], ledger: Table) -> pa.Table:
    """The rows as an Arrow table in the ledger's schema."""
    return pa.Table.from_pylist(
        [msgspec.structs.asdict(row) for row in rows], schema=ledger_table().arrow_schema(ledger.schema())
    )


def is_committed(lake: Lake, raw: Table, load_id: str) -> bool:
    """Whether a load is in the raw table: either it is the table's last one, or an earlier one in the ledger."""
    last = last_load(raw)
    return (last is not None and last.load_id == load_id) or any(row.load_id == load_id for row in loads(lake))
