"""What a load landed of each symbol, told from the raw rows themselves, where nobody remembers it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from .raw_table import RawTable

LOAD = "_dlt_load_id"


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


@dataclass
class SymbolRows:
    """Some rows of one symbol, in the venue's order."""

    row_count: int
    first_id: str
    last_id: str
    min_trade_ts: datetime | None
    max_trade_ts: datetime | None

    @classmethod
    def of(cls, raw: RawTable, rows: pa.RecordBatch | pa.Table) -> "SymbolRows":
        ids = rows[raw.trade_id]
        earliest, latest = trade_times(rows[raw.trade_time])
        return cls(rows.num_rows, ids[0].as_py(), ids[-1].as_py(), earliest, latest)

    def add(self, later: "SymbolRows") -> None:
        """Take in rows that come after these."""
        self.row_count += later.row_count
        self.last_id = later.last_id
        self.min_trade_ts = min(filter(None, (self.min_trade_ts, later.min_trade_ts)), default=None)
        self.max_trade_ts = max(filter(None, (self.max_trade_ts, later.max_trade_ts)), default=None)


def trade_times(times: pa.Array | pa.ChunkedArray) -> tuple[datetime | None, datetime | None]:
    """The earliest and the latest of some times, UTC; times that Python can't hold, or none, are left out."""
    known = times.filter(pc.and_(pc.greater_equal(times, _EARLIEST), pc.less_equal(times, _LATEST)))
    found = pc.min_max(known).as_py()
    return found["min"], found["max"]


_EARLIEST, _LATEST = (pa.scalar(moment, pa.timestamp("us")) for moment in (datetime.min, datetime.max))


def read_load(raw: RawTable, table: Table, load_id: str, *, landed_at: datetime | None) -> list[LedgerRow]:
    """The ledger rows of a load, by symbol.

    Args:
        raw: declares the columns of `table`.
        table: the raw table; of its files only those of the load are read.
        load_id: which load.
        landed_at: when it was committed, UTC; where that isn't known, the time when it began stands in for it.
    """
    columns = (raw.symbol, raw.trade_id, raw.trade_time, "_channel", "_source_ingest_ts")
    found = table.scan(row_filter=EqualTo(term=Reference(LOAD), value=literal(load_id)), selected_fields=columns)
    parts: dict[str, list[SymbolRows]] = {}
    provenance: dict[str, tuple[str, datetime]] = {}
    for batch in found.to_arrow_batch_reader():
        for symbol in pc.unique(batch[raw.symbol]).to_pylist():
            rows = batch.filter(pc.equal(batch[raw.symbol], symbol))
            parts.setdefault(symbol, []).append(SymbolRows.of(raw, rows))
            provenance[symbol] = rows["_channel"][0].as_py(), rows["_source_ingest_ts"][0].as_py()
    return [
        ledger_row(raw, load_id, symbol, _joined(parts[symbol]), *provenance[symbol], landed_at=landed_at)
        for symbol in sorted(parts)
    ]


def ledger_row(
    raw: RawTable,
    load_id: str,
    symbol: str,
    rows: SymbolRows,
    channel: str,
    ingest_ts: datetime,
    *,
    landed_at: datetime | None,
) -> LedgerRow:
    """The row of the ledger for what a load landed of a symbol."""
    return LedgerRow(
        load_id=load_id,
        raw_table=raw.table.name,
        exchange=raw.exchange,
        symbol=symbol,
        channel=channel,
        row_count=rows.row_count,
        first_id=rows.first_id,
        last_id=rows.last_id,
        min_trade_ts=rows.min_trade_ts,
        max_trade_ts=rows.max_trade_ts,
        ingest_ts=ingest_ts,
        landed_at=landed_at or ingest_ts,
    )


# a load has several files, which are read in any order; ids rise, and numbers have no zeros in front
def _joined(parts: list[SymbolRows]) -> SymbolRows:
    first, *others = sorted(
        parts, key=lambda part: (part.min_trade_ts or datetime.min, len(part.first_id), part.first_id)
    )
    for part in others:
        first.add(part)
    return first
