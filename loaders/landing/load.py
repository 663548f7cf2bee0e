"""A load in progress: its rows, its files in the table's folder, and what they claim.

It knows nothing of dlt, which only drives it (`dlt_job.py`), and `commit.py` commits it.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from lakehouse.coverage import Stretch
from lakehouse.lake import Lake
from lakehouse.ledger import LedgerRow
from lakehouse.raw_table import RawTable

from ..piece import Piece
from .encoders import EncodedFile, Encoders, number_of, write_file
from .encodings import parquet_options
from .file_check import check_file, check_row_count
from .gather import Batch, Gatherer, Keys, Part

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Origin:
    """Where the rows of a load come from."""

    source: str
    """The base URL or file that the rows come from."""
    channel: str
    """How the rows are received: rest, stream or file."""
    file: str | None = None
    """The name of the source's file; None if the rows are not in one."""
    checksum: str | None = None
    """The SHA-256 of that file, as hexadecimal digits; None in all loads of a file but its last."""


@dataclass(frozen=True)
class StagedFile:
    """A file in the table's folder, where no reader sees it before the commit."""

    path: Path
    """The same file in the load's working folder."""
    data_file: DataFile
    parts: list[Part]


@dataclass
class LoadInProgress:
    """A load until its commit. A load is one flush, and one commit."""

    lake: Lake
    raw: RawTable
    table: Table
    """The table as it was when the load began."""
    origin: Origin
    now: Callable[[], datetime]
    """Returns the time, UTC without a zone."""
    key_column: str | None = None
    """The column whose values are the keys of rows; by default that of the ids."""

    load_id: str = ""
    folder: Path | None = None
    """The working folder of the load, which is removed after it."""
    staged: list[StagedFile] = field(default_factory=list)
    ledger_rows: list[LedgerRow] | None = None
    """One ledger row per stream after the commit; None if they must be read in the raw table."""
    committed: Table | None = None
    """The table after the commit; None if nothing was left to commit, because other loaders had landed it."""
    is_done: bool = False
    error: Exception | None = None
    """The error that stopped the load, if any."""
    is_in_doubt: bool = False
    """Whether a commit was sent whose outcome is unknown, because no response came."""

    def __post_init__(self) -> None:
        self.started_at = self.now()
        # its time alone could be that of another load
        self.load_id = f"{self.started_at.replace(tzinfo=UTC).timestamp():.6f}-{secrets.token_hex(4)}"
        self.keys = Keys(self.raw, self.key_column or self.raw.id_column)
        self._gatherer = Gatherer(self.keys)
        self._encoded: dict[int, EncodedFile] = {}
        self._staging = Lock()

    @property
    def claims(self) -> list[tuple[str, Stretch]]:
        """What the load claims without rows."""
        return self._gatherer.claims

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of the load's files, with the field ids of the Iceberg table."""
        return self.raw.table.arrow_schema(self.table.schema())

    def files(self, pieces: Iterator[Piece], encoders: Encoders, folder: Path) -> Iterator[EncodedFile]:
        """Write the rows of `pieces` to Parquet files in `folder`, and return each one when it is complete."""
        for number, file in enumerate(encoders.files(self._gatherer.batches(pieces), folder, self._write)):
            self._encoded[number] = file
            yield file

    def _write(self, path: Path, batch: Batch, number: int) -> None:
        write_file(path, self.with_provenance(batch.rows), number, parquet_options(self.raw))

    def with_provenance(self, rows: pa.Table) -> pa.Table:
        """Rows in the page schema as rows of the raw table; texts that are the same in all rows are dictionaries."""
        schema = self.arrow_schema
        provenance = {
            "_source": _repeated_text(self.origin.source, rows.num_rows),
            "_source_ingest_ts": pa.repeat(pa.scalar(self.started_at, pa.timestamp("us")), rows.num_rows),
            "_channel": _repeated_text(self.origin.channel, rows.num_rows),
            "_dlt_load_id": _repeated_text(self.load_id, rows.num_rows),
        }
        columns = [rows[name] if name in rows.schema.names else provenance[name] for name in schema.names]
        fields = [field.with_type(column.type) for field, column in zip(schema, columns, strict=True)]
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def stage(self, job_file: Path) -> None:
        """Put a file into the table's folder, where no reader sees it before the commit; threads may share this."""
        footer = pq.read_metadata(job_file)
        check_file(footer, self.raw.table, self.table.schema(), job_file)
        number = number_of(footer)
        encoded = self._encoded[number]
        check_row_count(footer.num_rows, encoded.row_count, self.raw.table)
        # the address is the same at every attempt, so that no second copy is left
        staged = self._put(job_file, footer, f"{self.load_id}-{number}.parquet", encoded.parts)
        with self._staging:
            self.staged.append(StagedFile(encoded.path, staged.data_file, staged.parts))

    def stage_rest(self, rows: pa.Table, parts: list[Part]) -> StagedFile:
        """Put what is left of a file, as rows of the raw table, into the table's folder."""
        if self.folder is None:
            raise RuntimeError("a load without a working folder has no files")
        number = f"{len(self._encoded)}-{secrets.token_hex(4)}"
        path = self.folder / f"{number}.parquet"
        write_file(path, rows, len(self._encoded), parquet_options(self.raw))
        footer = pq.read_metadata(path)
        check_file(footer, self.raw.table, self.table.schema(), path)
        return self._put(path, footer, f"{self.load_id}-{number}.parquet", parts)

    def _put(self, path: Path, footer: pq.FileMetaData, name: str, parts: list[Part]) -> StagedFile:
        address = f"{self.data_folder}/{name}"
        self.lake.put(path, address)
        return StagedFile(path, self._data_file(path, footer, address), parts)

    def _data_file(self, path: Path, footer: pq.FileMetaData, address: str) -> DataFile:
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
            file_size_in_bytes=path.stat().st_size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    def discard(self, file: StagedFile) -> None:
        """Remove a file from the table's folder that no commit names."""
        self.lake.remove_files(self.data_folder, file.data_file.file_path.rpartition("/")[2])

    def discard_all(self) -> None:
        """Remove all files of this load from the table's folder; no commit may name one."""
        self.lake.remove_files(self.data_folder, f"{self.load_id}-")

    @property
    def data_folder(self) -> str:
        return f"{self.table.location()}/data"


def _repeated_text(text: str, count: int) -> pa.DictionaryArray:
    """A column with the same text in every row, as a dictionary, so that Parquet's writer needn't hash every row."""
    places = pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(bytes(4 * count))])
    return pa.DictionaryArray.from_arrays(places, [text])
