"""The ledger `schemahub_loads`: what was landed, for those who read the raw tables.

Grain: one row per load, raw table and symbol. Its rows are appended after the raw commit. That commit keeps them in
a property of the raw table too, so where a crash came between the two, the next run appends what is missing:

    schemahub.last-load = {"load_id": "1763942400.1", "rows": [{"symbol": "BTC-USD", …}]}

One is enough, for nobody commits to a raw table before its last load is in the ledger.
"""

from datetime import datetime

import msgspec
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from .lake import Lake, check_place, ensure_table, existing_table, readable
from .lake_table import Column, LakeTable
from .upkeep import tend

LEDGER = LakeTable(
    "schemahub_loads",
    (
        Column("load_id", "string", "The load; `_dlt_load_id` of its rows in the raw table."),
        Column("raw_table", "string", "The raw table that the load was landed in."),
        Column("exchange", "string", "The connector that landed it, for example coinbase."),
        Column("symbol", "string", "The product, as the venue writes it."),
        Column("channel", "string", "rest, stream or bulk."),
        Column("row_count", "long", "Rows landed for this symbol in this load."),
        Column("first_id", "string", "Id of the first trade landed, in the venue's order."),
        Column("last_id", "string", "Id of the last trade landed, in the venue's order."),
        Column("min_trade_ts", "timestamp", "Earliest trade time landed, UTC."),
        Column("max_trade_ts", "timestamp", "Latest trade time landed, UTC."),
        Column("ingest_ts", "timestamp", "`_source_ingest_ts` of the load's rows, UTC."),
        Column("landed_at", "timestamp", "When the raw commit was prepared, UTC; partitions the ledger by day."),
    ),
    "landed_at",
)

LAST_LOAD = "schemahub.last-load"


class LedgerRow(msgspec.Struct, frozen=True):
    """One row of the ledger; see LEDGER for the columns. Times are UTC without a zone."""

    load_id: str
    raw_table: str
    exchange: str
    symbol: str
    channel: str
    row_count: int
    first_id: str
    last_id: str
    min_trade_ts: datetime | None
    max_trade_ts: datetime | None
    ingest_ts: datetime
    landed_at: datetime


class LastLoad(msgspec.Struct, frozen=True):
    """The value of the property `schemahub.last-load` of a raw table."""

    load_id: str
    rows: list[LedgerRow]


def last_load(raw: Table) -> LastLoad | None:
    """The last load that was committed to a raw table; None where there was none."""
    text = raw.properties.get(LAST_LOAD)
    return None if text is None else msgspec.json.decode(text, type=LastLoad)


def last_load_property(load: LastLoad) -> dict[str, str]:
    return {LAST_LOAD: msgspec.json.encode(load).decode()}


def record(lake: Lake, raw: Table) -> None:
    """Append the rows of the raw table's last load, unless the ledger has them."""
    load = last_load(raw)
    if load is not None:
        _append(lake, load, recorded=f"schemahub.recorded.{raw.name()[-1]}")


# Loaders of other raw tables append at the same time; their rows are others, so a stale commit is made again.
@retry(
    retry=retry_if_exception_type(CommitFailedException),
    wait=wait_random(0, 0.5),
    stop=stop_after_attempt(20),
    reraise=True,
)
def _append(lake: Lake, load: LastLoad, *, recorded: str) -> None:
    ledger = ensure_table(lake, LEDGER)
    if ledger.properties.get(recorded) == load.load_id:
        return
    rows = pa.Table.from_pylist(
        [msgspec.structs.asdict(row) for row in load.rows], schema=LEDGER.arrow_schema(ledger.schema())
    )
    with ledger.transaction() as transaction:
        transaction.append(rows)
        transaction.set_properties({recorded: load.load_id})
    tend(ledger, gather=True)


def loads(lake: Lake) -> list[LedgerRow]:
    """Every row of the ledger, oldest load first; empty where nothing was landed yet.

    Raises:
        Misconfigured: the catalog has the ledger of another lake.
        LakeUnavailable: files of the ledger are missing.
    """
    ledger = existing_table(lake, LEDGER.name)
    if ledger is None:
        return []
    check_place(lake, ledger)
    with readable(lake, LEDGER.name):
        return [LedgerRow(**row) for row in ledger.scan().to_arrow().sort_by("load_id").to_pylist()]


def is_committed(lake: Lake, raw: Table, load_id: str) -> bool:
    """Whether a load is in the raw table, which is then its last one, or was before it and is in the ledger."""
    last = last_load(raw)
    return (last is not None and last.load_id == load_id) or any(row.load_id == load_id for row in loads(lake))
