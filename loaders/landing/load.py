"""A load in progress: counts the rows, puts files into the table's folder, and commits them.

It knows nothing of dlt, which only drives it (`dlt_job.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from lakehouse.errors import ConcurrentWriter
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LedgerRow
from lakehouse.ledger_commits import LastLoad, is_committed, last_load, last_load_property
from lakehouse.load_rows import StreamRows, ledger_row
from lakehouse.raw_table import RawTable
from lakehouse.readable import readable

from ..connector import Cursor, Page
from .file_check import check_file, check_row_count
from .watermarks import watermark_properties

_EPOCH = date(1970, 1, 1)
_ROWS_TOGETHER = 100_000
"""The number of rows that get their provenance at once; pages of 1,000 rows one by one would take longer."""


@dataclass
class _Stream:
    """What a load has received of one stream so far."""

    cursor: Cursor
    rows: StreamRows


class _Constants:
    """Columns that have one value in all rows of a load; they are built once and cut to length."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._longest: dict[str, pa.Array] = {}

    def column(self, name: str, count: int) -> pa.Array:
        longest = self._longest.get(name)
        if longest is None or len(longest) < count:
            longest = self._longest[name] = pa.repeat(self._values[name], count)
        return longest[:count]


@dataclass
class LoadInProgress:
    """A load until its commit: its rows, files and watermarks."""

    lake: Lake
    raw: RawTable
    table: Table
    source: str
    """The base URL or file that the rows come from."""
    channel: str
    """How the rows are received: rest, stream or bulk."""
    now: Callable[[], datetime]
    """Returns the time, UTC without a zone."""
    started_at: datetime = field(init=False)
    load_id: str = ""
    streams: dict[str, _Stream] = field(default_factory=dict)
    files: list[DataFile] = field(default_factory=list)
    ledger_rows: list[LedgerRow] = field(default_factory=list)
    """The ledger rows, set by the commit."""
    committed: Table | None = None
    """The table as it is after the commit."""
    error: Exception | None = None
    """The error that stopped the load, if any."""
    is_in_doubt: bool = False
    """Whether a commit was sent whose outcome is unknown, because no response came."""

    def __post_init__(self) -> None:
        self.started_at = self.now()

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of `tables`, with the field ids of the Iceberg table."""
        return self.raw.table.arrow_schema(self.table.schema())

    def tables(self, pages: Iterator[Page], load_id: str) -> Iterator[pa.Table]:
        """The pages as rows of the raw table, many pages at a time; counts them."""
        self.load_id = load_id
        provenance = _Constants(
            {
                "_source": self.source,
                "_source_ingest_ts": pa.scalar(self.started_at, pa.timestamp("us")),
                "_channel": self.channel,
                "_dlt_load_id": load_id,
            }
        )
        gathered: list[pa.RecordBatch] = []
        rows = 0
        for page in pages:
            self._count(page)
            gathered.append(page.rows)
            rows += page.rows.num_rows
            if rows >= _ROWS_TOGETHER:
                yield self._with_provenance(gathered, provenance)
                gathered, rows = [], 0
        if gathered:
            yield self._with_provenance(gathered, provenance)

    def _count(self, page: Page) -> None:
        rows = StreamRows.of(self.raw, page.rows)
        if (seen := self.streams.get(page.stream)) is None:
            self.streams[page.stream] = _Stream(page.cursor, rows)
        else:
            seen.cursor = page.cursor
            seen.rows.add(rows)

    def _with_provenance(self, pages: list[pa.RecordBatch], provenance: "_Constants") -> pa.Table:
        rows, schema = pa.Table.from_batches(pages), self.arrow_schema
        columns = [
            rows[name] if name in rows.schema.names else provenance.column(name, rows.num_rows) for name in schema.names
        ]
        return pa.Table.from_arrays(columns, schema=schema)

    def _address(self, job_file: Path) -> str:
        """The address of a job's file. It is the same at every attempt, so that no second copy is left."""
        file_id = job_file.name.split(".")[1]
        return f"{self._data_folder}/{self.load_id}-{file_id}.parquet"

    def stage(self, job_file: Path) -> None:
        """Put a file into the table's folder, where no reader sees it before the commit."""
        address = self._address(job_file)
        footer = pq.read_metadata(job_file)
        check_file(footer, self.raw.table, self.table.schema(), job_file)
        self.lake.put(job_file, address)
        self.files.append(self._data_file(job_file, footer, address))

    def _data_file(self, job_file: Path, footer: pq.FileMetaData, address: str) -> DataFile:
        # pyiceberg's public `add_files` refuses files with field ids, which make ours safe to read
        schema = self.table.schema()
        statistics = data_file_statistics_from_parquet_metadata(
            footer,
            compute_statistics_plan(schema, self.table.properties),
            parquet_path_to_id_mapping(schema),
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=address,
            file_format=FileFormat.PARQUET,
            partition=Record((self.started_at.date() - _EPOCH).days),
            spec_id=self.table.spec().spec_id,
            file_size_in_bytes=job_file.stat().st_size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    def commit(self) -> None:
        """Commit one snapshot with all files and, in the same commit, the watermarks and the load's id."""
        with readable(self.lake, self.raw.name):
            self._commit()

    def _commit(self) -> None:
        table = self.lake.catalog.load_table(identifier(self.raw.name))
        if table.metadata_location != self.table.metadata_location:
            # dlt repeats a job if it did not see its end; in that case the commit exists already
            if not self._is_ours(table):
                raise self._overtaken()
            self.committed = table
            return
        counted = sum(seen.rows.row_count for seen in self.streams.values())
        check_row_count(sum(file.record_count for file in self.files), counted, self.raw.table)
        self.is_in_doubt = True
        try:
            with table.transaction() as transaction:
                summary = {"schemahub.load-id": self.load_id}
                # a fast append never merges manifests, so planning would take longer with every load
                with transaction.update_snapshot(snapshot_properties=summary).merge_append() as append:
                    for file in self.files:
                        append.append_data_file(file)
                cursors = {stream: seen.cursor for stream, seen in self.streams.items()}
                landed_at = self.now()
                self.ledger_rows = self._ledger_rows(landed_at)
                load = LastLoad(self.load_id, landed_at)
                transaction.set_properties({**watermark_properties(cursors), **last_load_property(load)})
        except CommitFailedException as error:  # the commit was refused, so nothing of it is in the table
            self.is_in_doubt = False
            raise self._overtaken() from error
        self.is_in_doubt = False
        self.committed = table

    def discard_files_of(self, load_id: str) -> None:
        """Remove the files that a load put into the table's folder, unless they were committed."""
        table = self.lake.catalog.load_table(identifier(self.raw.name))
        if not is_committed(self.lake, table, load_id):
            self.lake.remove_files(self._data_folder, f"{load_id}-")

    @property
    def _data_folder(self) -> str:
        return f"{self.table.location()}/data"

    def _is_ours(self, table: Table) -> bool:
        last = last_load(table)
        return last is not None and last.load_id == self.load_id

    def _overtaken(self) -> ConcurrentWriter:
        return ConcurrentWriter(
            f"`{self.raw.name}` was written by another process during this load; "
            "nothing of this load was kept, run it again"
        )

    def _ledger_rows(self, landed_at: datetime) -> list[LedgerRow]:
        return [
            ledger_row(self.raw, self.load_id, stream, seen.rows, self.channel, self.started_at, landed_at=landed_at)
            for stream, seen in sorted(self.streams.items())
        ]
