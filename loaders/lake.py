"""Where tables live: the catalog, the files, the lock, the folder for work in progress.

This module alone knows SQLite from Glue and a folder from a bucket; everything else is handed a `Lake`.

    <lake>/catalog.db            pyiceberg SqlCatalog `schemahub`
    <lake>/schemahub/<table>/    data and metadata of the loaders' tables
    <lake>/views.duckdb          dbt's views (written by dbt, not here)
    <lake>/.schemahub/           locks and work in progress; may be deleted while nothing runs
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import Table
from sqlalchemy.exc import SQLAlchemyError

from .exceptions import ConcurrentWriter, LakeUnavailable, Misconfigured
from .lake_table import LakeTable

CATALOG = "schemahub"
NAMESPACE = "schemahub"

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # a commit's cost must not grow with the number of commits before it
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "10",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # pyiceberg repeats a stale append by itself, so that two writers would land the same rows: we decide instead
    "commit.retry.num-retries": "0",
}


class Lake(Protocol):
    """A catalog with one namespace, and the folder or bucket that its tables' files are in."""

    location: str

    @property
    def catalog(self) -> Catalog: ...

    @property
    def work_folder(self) -> Path:
        """A local folder for work in progress."""

    def table_location(self, name: str) -> str: ...

    def put(self, file: Path, to: str) -> None:
        """Make `file` readable at the address `to`, whole or not at all; a file already there is kept."""

    def remove_files(self, location: str, prefix: str) -> None:
        """Remove the files of the folder `location` whose names start with `prefix`."""

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Hold the only permit to write `what`; raises ConcurrentWriter where another process has it."""


class LocalLake:
    """A lake in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is created where missing; raises LakeUnavailable where that can't be."""
        self.folder = folder.absolute()
        self.location = f"file://{self.folder}"
        self._catalog: Catalog | None = None
        try:
            self.work_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnavailable(f"lake folder {str(self.folder)!r} can't be created: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise LakeUnavailable(f"lake folder {str(self.folder)!r} is not writable; choose another with --lake")

    @property
    def work_folder(self) -> Path:
        return self.folder / ".schemahub"

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            file = self.folder / "catalog.db"
            try:
                catalog = SqlCatalog(CATALOG, uri=f"sqlite:///{file}", warehouse=self.location)
                catalog.create_namespace_if_not_exists(NAMESPACE)
            except SQLAlchemyError as error:
                reason = str(error).splitlines()[0]
                raise LakeUnavailable(f"{str(file)!r} can't be used as the lake's catalog: {reason}") from error
            self._catalog = catalog
        return self._catalog

    def table_location(self, name: str) -> str:
        return f"{self.location}/{NAMESPACE}/{name}"

    def put(self, file: Path, to: str) -> None:
        target = _path(to)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            return
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        try:
            os.link(file, part)
        except OSError:  # a file system without hard links
            shutil.copyfile(file, part)
        part.rename(target)

    def remove_files(self, location: str, prefix: str) -> None:
        for file in _path(location).glob(f"{prefix}*"):
            file.unlink()

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        path = self.work_folder / f"{what}.lock"
        with path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise ConcurrentWriter(
                    f"`{what}` is being written by another process (pid {holder}) in {self.folder}; "
                    "wait until it ends, or stop it, and run this again"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


def open_lake(location: str) -> Lake:
    """The lake at `location`: a folder, or `file://` and a folder."""
    if "://" in location and not location.startswith("file://"):
        raise Misconfigured(f"lake {location!r}: expected a folder, such as ./lake")
    return LocalLake(Path(location.removeprefix("file://")).expanduser())


def identifier(name: str) -> str:
    return f"{NAMESPACE}.{name}"


def ensure_table(lake: Lake, declared: LakeTable) -> Table:
    """The table, created where missing and given the columns that were declared since."""
    try:
        table = lake.catalog.load_table(identifier(declared.name))
    except NoSuchTableError:
        try:
            return lake.catalog.create_table(
                identifier(declared.name),
                declared.iceberg_schema,
                location=lake.table_location(declared.name),
                partition_spec=declared.partition_spec,
                properties=TABLE_PROPERTIES,
            )
        except TableAlreadyExistsError:  # another loader was faster
            table = lake.catalog.load_table(identifier(declared.name))
    have = set(table.schema().column_names)
    if missing := [column for column in declared.columns if column.name not in have]:
        with table.update_schema() as update:
            for column in missing:
                field = declared.iceberg_schema.find_field(column.name)
                update.add_column(column.name, field.field_type, doc=column.description)
    return table


def _path(address: str) -> Path:
    return Path(address.removeprefix("file://"))
