"""Land pages in a raw table: exactly once, each row encoded once, one commit.

dlt's extract step takes over the Parquet files that `encoders.py` writes from the Arrow batches, with the field ids of
the Iceberg table; its normalize step hard-links them; its load step runs two kinds of our own jobs: one puts a file
into the table's folder, and the other, once all files are there, commits them together with the watermarks and the
ledger rows of the load.

dlt's working folder is created for one load and removed after it. Only the lake is the truth: the watermarks show what
was committed, and anything else is requested again. After a crash the next run continues from the watermarks; only the
ledger may lack a row, which that run appends (`ledger_commits.record`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from lakehouse.ledger import LedgerRow
from lakehouse.ledger_commits import record

from ..connector import Page
from .encoders import Encoders
from .encodings import parquet_options
from .load import LoadInProgress

_LOAD_ID = "load_id"
"""A file that names the load to which a working folder belongs, for a run that finds the folder after a crash."""


class _StageFile(RunnableLoadJob, HasFollowupJobs):  # type: ignore[misc] # dlt is untyped for us
    """Puts one file into the table's folder. It is runnable, so that dlt's pool wakes up as soon as it is done."""

    def run(self) -> None:
        _attempt(self._job_client.load_in_progress, lambda load: load.stage(Path(self._file_path)))


class _CommitFiles(ReferenceFollowupJob):  # type: ignore[misc]
    """Commits the table once all its files are in place."""

    def run(self) -> None:
        _attempt(self._job_client.load_in_progress, lambda load: load.commit())


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


def land(load: LoadInProgress, pages: Iterator[Page]) -> list[LedgerRow]:
    """Land `pages` in one commit, and record it in the ledger.

    Args:
        load: an empty load with the table as it was when its watermarks were read; nothing is landed if the table has
            been written since.
        pages: pages that continue those watermarks. They are taken one by one, so they need not fit into memory.

    Returns:
        One ledger row per stream; none if there were no pages, in which case nothing is committed.

    Raises:
        ConcurrentWriter: another process wrote the table meanwhile; nothing was landed.
    """
    first = next(pages, None)
    if first is None:
        return []
    with _working_folder(load) as folder:
        is_interrupted = _run_pipeline(load, chain([first], pages), folder)
    if load.committed is not None:
        record(load.lake, load.raw, load.committed, load.ledger_rows)
        compact(load.committed)
    if is_interrupted:
        raise KeyboardInterrupt
    if load.committed is None:
        raise LakeUnavailable(f"dlt ended without a commit to `{load.raw.name}` and without an error; run it again")
    return load.ledger_rows


def _run_pipeline(load: LoadInProgress, pages: Iterator[Page], folder: Path) -> bool:
    """Extract, normalize and load. Returns whether Ctrl-C came while dlt loaded, which finishes its work first."""
    encoders, schema, options = Encoders(), load.arrow_schema, parquet_options(load.raw)

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
        load_id = dlt.current.load_package_state()["load_id"]
        (folder / _LOAD_ID).write_text(load_id)
        for file in encoders.files(load.tables(pages, load_id), schema, folder, options):
            yield dlt.mark.with_file_import(str(file.path), "parquet", file.row_count, hints=schema.empty_table())
            file.path.unlink()  # dlt has its own link or copy by now

    destination = _LakeDestination(bucket_url=f"file://{folder}/bookkeeping", destination_name="lake")
    destination.load_in_progress = load
    pipeline = dlt.pipeline("landing", str(folder), destination=destination, dataset_name="landing")
    try:
        with encoders:
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


@contextmanager
def _working_folder(load: LoadInProgress) -> Iterator[Path]:
    """An empty folder for one load. Files that an earlier load left uncommitted are removed."""
    folder = load.lake.work_folder / "landing" / load.raw.name
    marker = folder / _LOAD_ID
    if marker.exists():
        load.discard_files_of(marker.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        if load.is_in_doubt:
            raise  # its files may still turn out to be in the table; the next load finds the folder and checks again
        if load.load_id:
            load.discard_files_of(load.load_id)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
