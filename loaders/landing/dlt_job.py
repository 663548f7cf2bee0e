"""Land pieces in a raw table: exactly once, each row encoded once, one commit for each load.

dlt's extract step takes over the Parquet files that `encoders.py` writes from the Arrow batches, with the field ids of
the Iceberg table; its normalize step hard-links them; its load step runs two kinds of our own jobs: one puts a file
into the table's folder, and the other, once all files are there, commits them together with the coverage.

dlt's working folder is created for one load and removed after it. Only the lake is the truth: the coverage says what
was committed, and anything else is requested again. After a crash, whichever loader of the table comes next appends the
rows that the ledger lacks (`ledger_commits.record`).
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from .dlt_settings import use_own_settings

use_own_settings()

import dlt
from dlt.common.destination.client import HasFollowupJobs, LoadJob, RunnableLoadJob
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.runtime import signals
from dlt.common.schema.typing import TTableSchema
from dlt.destinations.impl.filesystem.factory import filesystem
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient, ReferenceFollowupJob
from dlt.pipeline.exceptions import PipelineStepFailed

from lakehouse.compaction import compact
from lakehouse.errors import LakeUnavailable, SchemaHubError
from lakehouse.ledger import LedgerRow, loads
from lakehouse.ledger_commits import record

from ..piece import Piece
from .commit import commit
from .encoders import EncodedFile, Encoders
from .load import LoadInProgress
from .working_folder import remove_leftovers, working_folder


class _StageFile(RunnableLoadJob, HasFollowupJobs):  # type: ignore[misc] # dlt is untyped for us
    """Puts one file into the table's folder. It is runnable, so that dlt's pool wakes up as soon as it is done."""

    def run(self) -> None:
        _attempt(self._job_client.load_in_progress, lambda load: load.stage(Path(self._file_path)))


class _CommitFiles(ReferenceFollowupJob):  # type: ignore[misc]
    """Commits the table once all its files are in place."""

    def run(self) -> None:
        _attempt(self._job_client.load_in_progress, commit)


def _attempt(load: LoadInProgress, step: Callable[[LoadInProgress], None]) -> None:
    try:
        step(load)
    except Exception as error:
        load.error = error  # dlt passes on only its text
        raise DestinationTerminalException(str(error)) from error


class _LakeClient(FilesystemClient):  # type: ignore[misc]
    """dlt's client for files, with our two jobs; its own bookkeeping goes to the working folder."""

    load_in_progress: LoadInProgress

    def get_load_job_class(self, table: TTableSchema, file_path: str) -> type[LoadJob]:
        if table["name"] == self.load_in_progress.raw.name and file_path.endswith(".parquet"):
            return _StageFile
        return super().get_load_job_class(table, file_path)  # type: ignore[no-any-return]

    def get_reference_followup_job_class(self, table: TTableSchema) -> type[ReferenceFollowupJob] | None:
        return _CommitFiles if table["name"] == self.load_in_progress.raw.name else None


class _LakeDestination(filesystem):  # type: ignore[misc]
    load_in_progress: LoadInProgress

    @property
    def client_class(self) -> type[FilesystemClient]:
        return type("LakeClient", (_LakeClient,), {"load_in_progress": self.load_in_progress})


def land(load: LoadInProgress, pieces: Iterator[Piece]) -> list[LedgerRow]:
    """Land `pieces` in one commit, and record it in the ledger.

    Args:
        load: an empty load.
        pieces: pieces that overlap neither each other nor, as far as the caller knows, what the table holds. They are
            taken one by one, so they need not fit into memory. What other loaders land meanwhile is left out.

    Returns:
        One ledger row per stream; none if nothing was left to land, in which case nothing is committed.
    """
    first = next(pieces, None)
    if first is None:
        return []
    with working_folder(load) as folder:
        is_interrupted = _land(load, chain([first], pieces), folder)
        if not load.is_done and not is_interrupted:
            raise LakeUnavailable(f"dlt ended without a commit to `{load.raw.name}` and without an error; run it again")
    rows: list[LedgerRow] = []
    if load.committed is not None:
        known = {} if load.ledger_rows is None else {load.load_id: load.ledger_rows}
        record(load.lake, load.raw, known)
        rows = known.get(load.load_id) or [row for row in loads(load.lake) if row.load_id == load.load_id]
        compact(load.committed)
        remove_leftovers(load)
    if is_interrupted:
        raise KeyboardInterrupt
    return rows


def _land(load: LoadInProgress, pieces: Iterator[Piece], folder: Path) -> bool:
    """Run dlt, or commit without it if the pieces have no rows. Returns whether Ctrl-C came while dlt loaded."""
    with Encoders() as encoders:
        files = load.files(pieces, encoders, folder)
        first = next(files, None)
        if first is not None:
            return _run_pipeline(load, chain([first], files), folder)
    if load.claims:
        commit(load)
    load.is_done = True
    return False


def _run_pipeline(load: LoadInProgress, files: Iterator[EncodedFile], folder: Path) -> bool:
    """Extract, normalize and load. Returns whether Ctrl-C came while dlt loaded, which finishes its work first."""
    no_rows = load.arrow_schema.empty_table()

    @dlt.resource(  # type: ignore[untyped-decorator] # dlt is untyped for us, see pyproject.toml
        name=load.raw.name,
        table_format="iceberg",
        write_disposition="append",
        # otherwise dlt would add a zone to timestamps
        columns={
            column.name: {"data_type": "timestamp", "timezone": False}
            for column in load.raw.table.columns
            if column.type == "timestamp"
        },
    )
    def rows() -> Iterator[Any]:
        for file in files:
            yield dlt.mark.with_file_import(str(file.path), "parquet", file.row_count, hints=no_rows)

    destination = _LakeDestination(bucket_url=f"file://{folder}/bookkeeping", destination_name="lake")
    destination.load_in_progress = load
    pipeline = dlt.pipeline("landing", str(folder / "dlt"), destination=destination, dataset_name="landing")
    try:
        pipeline.extract(rows(), loader_file_format="parquet")
        with signals.intercepted_signals():  # dlt does the same inside, but then the signal could not be queried
            pipeline.normalize()
            pipeline.load()
            return bool(signals.was_signal_received())
    except PipelineStepFailed as failure:
        cause = load.error or _cause(failure)
        if cause is None:
            raise
    raise cause


def _cause(failure: BaseException) -> BaseException | None:
    """The error, or Ctrl-C, that ended the pages, without the layers that dlt wraps it in."""
    error: BaseException | None = failure
    while error is not None:
        if isinstance(error, SchemaHubError | KeyboardInterrupt):
            return error
        error = error.__cause__ or error.__context__
    return None
