"""The catalog of a lake in a folder: rows of `<lake>/catalog.db` that name each table's current metadata.

SQLite syncs its own file and, as set up here, the removal of its journal, so a row is durable as soon as it is written.
The files that a row refers to (data, manifests, metadata) must be durable before that, no matter which tool wrote them.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError
from pyiceberg.io import FileIO, OutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import TableRequirement, TableUpdate
from pyiceberg.typedef import EMPTY_DICT, Identifier, Properties
from sqlalchemy import ColumnElement, delete, event, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..layout import CATALOG, DATABASE, NAMESPACE
from .commit_times import OrderedCommits, added_snapshots
from .durable_folder import DurableFolder
from .pointers import LOCK_SECONDS, path_of


class FolderCatalog(OrderedCommits, SqlCatalog):
    """pyiceberg's SQL catalog, with commits that survive a power cut."""

    def __init__(self, lake: Path) -> None:
        """Open `<lake>/catalog.db`, which is created if it is missing."""
        self._unsynced: set[str] = set()
        self._durable = DurableFolder(lake)
        super().__init__(
            CATALOG,
            uri=f"sqlite:///{lake / DATABASE}?timeout={LOCK_SECONDS}",
            warehouse=f"file://{lake}",
            init_catalog_tables="true",
        )
        event.listen(self.engine, "connect", _sync_extra)
        self.engine.dispose()  # close connections that were opened before the listener was added

    def create_namespace(self, namespace: str | Identifier, properties: Properties = EMPTY_DICT) -> None:
        """Create a namespace, unless another process does at this moment."""
        try:
            super().create_namespace(namespace, properties)
        except IntegrityError as error:
            raise NamespaceAlreadyExistsError(f"another process created {namespace}") from error

    def table_names(self) -> list[str]:
        """The names of the tables in the lake's namespace."""
        return sorted(name for *_, name in self.list_tables(NAMESPACE)) if self.namespace_exists(NAMESPACE) else []

    def point_to(self, name: str, address: str) -> None:
        """Make the metadata at `address`, which must be durable, a table's current ones; adds the table if needed."""
        if not self.namespace_exists(NAMESPACE):
            self.create_namespace(NAMESPACE)
        with Session(self.engine) as session:
            session.execute(delete(IcebergTables).where(*_row_of(name)))
            session.execute(insert(IcebergTables).values(**self._create_table_row(NAMESPACE, name, address)))
            session.commit()

    def forget(self, name: str) -> None:
        """Remove a table from the catalog, whether or not its metadata can be read; its files stay."""
        with Session(self.engine) as session:
            session.execute(delete(IcebergTables).where(*_row_of(name)))
            session.commit()

    def _load_file_io(self, properties: Properties = EMPTY_DICT, location: str | None = None) -> FileIO:
        if location is not None and not location.startswith("file://"):
            return super()._load_file_io(properties, location)
        return _NotedFileIO({**self.properties, **properties}, self._unsynced)

    def _update_and_stage_table(
        self,
        current_table: Table | None,
        table_identifier: Identifier,
        requirements: tuple[TableRequirement, ...],
        updates: tuple[TableUpdate, ...],
    ) -> StagedTable:
        staged = super()._update_and_stage_table(current_table, table_identifier, requirements, updates)
        added = added_snapshots(current_table.metadata if current_table else None, staged.metadata)
        for snapshot in added:
            if snapshot.manifest_list not in self._unsynced:
                self._unsynced.update(_files_of(snapshot, staged.io))
        return staged

    # a commit writes this file last of all, before the catalog's row
    def _write_metadata(self, metadata: TableMetadata, io: FileIO, metadata_path: str) -> None:  # type: ignore[override]
        SqlCatalog._write_metadata(metadata, io, metadata_path)
        unsynced = {metadata_path, *self._unsynced}
        self._durable.keep(sorted(path_of(address) for address in unsynced))
        self._unsynced -= unsynced


# FULL, the default, does not sync the folder when the journal is removed, and a journal that reappears after a power
# cut undoes the last commit: https://www.sqlite.org/pragma.html#pragma_synchronous, read 2026-11-27
def _sync_extra(connection: Any, _: object) -> None:
    connection.execute("pragma synchronous = extra")


def _row_of(name: str) -> tuple[ColumnElement[bool], ...]:
    return (
        IcebergTables.catalog_name == CATALOG,
        IcebergTables.table_namespace == NAMESPACE,
        IcebergTables.table_name == name,
    )


class _NotedFileIO(PyArrowFileIO):
    """A file system that notes which files are written through it."""

    def __init__(self, properties: Properties, noted: set[str]) -> None:
        super().__init__(properties)
        self._noted = noted

    def new_output(self, location: str) -> Any:
        self._noted.add(location)
        output: OutputFile = super().new_output(location)
        return output

    def delete(self, location: Any) -> None:
        # another process may have removed the same old metadata after its own commit
        with suppress(FileNotFoundError):
            super().delete(location)


# files that another tool, such as DuckDB, wrote; manifests taken over from earlier snapshots are synced already
def _files_of(snapshot: Snapshot, io: FileIO) -> Iterator[str]:
    yield snapshot.manifest_list
    for manifest in snapshot.manifests(io):
        if manifest.added_snapshot_id == snapshot.snapshot_id:
            yield manifest.manifest_path
            for entry in manifest.fetch_manifest_entry(io, discard_deleted=True):
                if entry.status == ManifestEntryStatus.ADDED:
                    yield entry.data_file.file_path
