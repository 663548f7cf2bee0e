"""Derive a load's ledger rows from its raw rows, for loads that are missing in the ledger."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from .ledger import LedgerRow
from .raw_table import RawTable

LOAD = "_dlt_load_id"


@dataclass
class StreamRows:
    """A summary of some rows of one stream, in the stream's order."""

    row_count: int
    first_id: str
    last_id: str
    min_event_ts: datetime | None
    max_event_ts: datetime | None

    @classmethod
    def of(cls, raw: RawTable, rows: pa.RecordBatch | pa.Table) -> "StreamRows":
        ids = rows[raw.id_column]
        earliest, latest = event_times(rows[raw.time_column])
        return cls(rows.num_rows, ids[0].as_py(), ids[-1].as_py(), earliest, latest)

    def add(self, later: "StreamRows") -> None:
        """Extend this summary by rows that come after these."""
        self.row_count += later.row_count
        self.last_id = later.last_id
        self.min_event_ts = min(filter(None, (self.min_event_ts, later.min_event_ts)), default=None)
        self.max_event_ts = max(filter(None, (self.max_event_ts, later.max_event_ts)), default=None)


def event_times(times: pa.Array | pa.ChunkedArray) -> tuple[datetime | None, datetime | None]:
    """The earliest and the latest time, UTC; ignores nulls and times outside the range of Python's datetime."""
    known = times.filter(pc.and_(pc.greater_equal(times, _EARLIEST), pc.less_equal(times, _LATEST)))
    found = pc.min_max(known).as_py()
    return found["min"], found["max"]


_EARLIEST, _LATEST = (pa.scalar(moment, pa.timestamp("us")) for moment in (datetime.min, datetime.max))


def read_load(raw: RawTable, table: Table, load_id: str, *, landed_at: datetime | None) -> list[LedgerRow]:
    """The ledger rows of a load, by stream.

    Args:
        raw: declares the columns of `table`.
        table: the raw table; only the load's own files are read.
        load_id: the load's id.
        landed_at: when the load was committed, UTC; if None, the time at which the load began is used instead.
    """
    columns = (raw.stream_column, raw.id_column, raw.time_column, "_channel", "_source_ingest_ts")
    found = table.scan(row_filter=EqualTo(term=Reference(LOAD), value=literal(load_id)), selected_fields=columns)
    parts: dict[str, list[StreamRows]] = {}
    provenance: dict[str, tuple[str, datetime]] = {}
    for batch in found.to_arrow_batch_reader():
        for stream in pc.unique(batch[raw.stream_column]).to_pylist():
            rows = batch.filter(pc.equal(batch[raw.stream_column], stream))
            parts.setdefault(stream, []).append(StreamRows.of(raw, rows))
            provenance[stream] = rows["_channel"][0].as_py(), rows["_source_ingest_ts"][0].as_py()
    return [
        ledger_row(raw, load_id, stream, _joined(parts[stream]), *provenance[stream], landed_at=landed_at)
        for stream in sorted(parts)
    ]


def ledger_row(
    raw: RawTable,
    load_id: str,
    stream: str,
    rows: StreamRows | None,
    channel: str,
    ingest_ts: datetime,
    *,
    landed_at: datetime | None,
    coverage: str | None = None,
    file: str | None = None,
    checksum: str | None = None,
) -> LedgerRow:
    """The ledger row for the rows of one stream in a load; None for a load that only claims that there are no rows."""
    return LedgerRow(
        load_id=load_id,
        raw_table=raw.name,
        source=raw.source,
        stream=stream,
        channel=channel,
        row_count=rows.row_count if rows else 0,
        first_id=rows.first_id if rows else None,
        last_id=rows.last_id if rows else None,
        min_event_ts=rows.min_event_ts if rows else None,
        max_event_ts=rows.max_event_ts if rows else None,
        ingest_ts=ingest_ts,
        landed_at=landed_at or ingest_ts,
        coverage=coverage,
        file=file,
        checksum=checksum,
    )


# a load has several files, which are read in any order; ids increase, and numeric ids have no leading zeros
def _joined(parts: list[StreamRows]) -> StreamRows:
    first, *others = sorted(
        parts, key=lambda part: (part.min_event_ts or datetime.min, len(part.first_id), part.first_id)
    )
    for part in others:
        first.add(part)
    return first
