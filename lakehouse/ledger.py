"""The ledger `schemahub_loads`: what was landed, for those who read the raw tables.

Grain: one row per load, raw table and stream. Its rows are appended after the raw commit. That commit names the load in
a property of the raw table too, so where a crash came between the two, the next run reads the load's rows and appends
what is missing:

    schemahub.last-load = {"load_id": "1763942400.1", "landed_at": "2026-01-05T12:00:00"}

One is enough, for nobody commits to a raw table before its last load is in the ledger. Its size is the same for any
number of streams.
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
from .lake import Lake, check_ours, ensure_table, existing_table, readable
from .load_rows import LedgerRow as LedgerRow  # told of from here
from .load_rows import read_load
from .raw_table import RawTable
from .table import LakeTable

LEDGER = "schemahub_loads"


def ledger_table() -> LakeTable:
    """The ledger as it is declared; raises Misconfigured where its columns aren't those of LedgerRow."""
    table = declared_table(LEDGER)
    if (found := [column.name for column in table.columns]) != list(LedgerRow.__struct_fields__):
        raise Misconfigured(
            f"config/lake.yaml: tables.{LEDGER}.columns: expected {', '.join(LedgerRow.__struct_fields__)}, "
            f"found {', '.join(found)}; get the file back with git"
        )
    return table


LAST_LOAD = "schemahub.last-load"


class LastLoad(msgspec.Struct, frozen=True):
    """The value of the property `schemahub.last-load` of a raw table; `landed_at` is UTC without a zone."""

    load_id: str
    landed_at: datetime | None = None


def last_load(raw: Table) -> LastLoad | None:
    """The last load that was committed to a raw table; None where there was none."""
    text = raw.properties.get(LAST_LOAD)
    return None if text is None else msgspec.json.decode(text, type=LastLoad)


def last_load_property(load: LastLoad) -> dict[str, str]:
    return {LAST_LOAD: msgspec.json.encode(load).decode()}


def recorded_property(raw_table: str) -> str:
    """The ledger's property that names the last load of a raw table that it has."""
    return f"schemahub.recorded.{raw_table}"


def record(lake: Lake, raw: RawTable, table: Table, rows: Sequence[LedgerRow] | None = None) -> None:
    """Append the rows of the raw table's last load, read from it where not given, unless the ledger has them."""
    load = last_load(table)
    if load is not None:
        _append(lake, raw, table, load, rows)


# Loaders of other raw tables append at the same time; their rows are others, so a stale commit is made again.
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
    """Rows as the ledger takes them."""
    return pa.Table.from_pylist(
        [msgspec.structs.asdict(row) for row in rows], schema=ledger_table().arrow_schema(ledger.schema())
    )


def loads(lake: Lake) -> list[LedgerRow]:
    """Every row of the ledger, oldest load first; empty where nothing was landed yet.

    Raises:
        Misconfigured: the catalog has the ledger of another lake.
        LakeUnavailable: files of the ledger are missing.
    """
    ledger = existing_table(lake, LEDGER)
    if ledger is None:
        return []
    check_ours(lake, ledger)
    with readable(lake, LEDGER):
        return [LedgerRow(**row) for row in ledger.scan().to_arrow().sort_by("load_id").to_pylist()]


def is_committed(lake: Lake, raw: Table, load_id: str) -> bool:
    """Whether a load is in the raw table, which is then its last one, or was before it and is in the ledger."""
    last = last_load(raw)
    return (last is not None and last.load_id == load_id) or any(row.load_id == load_id for row in loads(lake))
