"""What the catalog of a lake in a folder does when DuckDB creates, fills, renames and drops tables.

The catalog is the same `FolderCatalog` that the loaders write to. A table created here gets a folder of its own,
`<lake>/<namespace>/<table>-<8 hex>/`, and stores that folder's name as a property, so that dropping the table later
removes the right folder, even after renames.
"""

import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.exceptions import TableAlreadyExistsError, ValidationError
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import CommitTableRequest, CommitTableResponse, StagedTable, Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import AssertCreate, SetLocationUpdate
from pyiceberg.typedef import Identifier

from ..catalogs.folder_catalog import FolderCatalog
from ..layout import CATALOG, NAMESPACE, TABLE_PROPERTIES

OWN_FOLDER = "schemahub.own-folder"
"""The table property that names the folder created for this table, which is removed with it."""

_OWN_FOLDER_PATTERN = re.compile(r"\w+-[0-9a-f]{8}")


class TableDamaged(Exception):
    """The metadata of a table in the catalog are missing or damaged."""


class LakeCatalog:
    """The catalog of a lake in a folder; calls must not overlap."""

    def __init__(self, lake: Path) -> None:
        """Open `<lake>/catalog.db`, which is created if it is missing."""
        self.lake = lake.resolve()
        self.lake.mkdir(parents=True, exist_ok=True)
        self.tables = FolderCatalog(self.lake)
        self.tables.create_namespace_if_not_exists(NAMESPACE)
        self._staged: dict[str, StagedTable] = {}  # by location

    def load_table(self, identifier: Identifier) -> Table:
        """The current table; raises NoSuchTableError, or TableDamaged if its metadata can't be read."""
        try:
            return self.tables.load_table(identifier)
        except (OSError, ValueError, ValidationError) as error:  # the latter two: the file holds no metadata
            raise TableDamaged(
                f"`{identifier[-1]}` can't be read, its metadata {self._metadata_file(identifier)} are missing or "
                f"damaged: {error}"
            ) from error

    def create_table(self, namespace: Identifier, request: CreateTableRequest) -> Table:
        """The new table; a staged one is added to the catalog only by its first commit."""
        identifier = (*namespace, request.name)
        location, properties = request.location, TABLE_PROPERTIES | request.properties
        if location is None:
            # dbt builds a table's successor with this suffix; the folder stays when the suffix is dropped
            folder = f"{_folder_name(request.name.removesuffix('__dbt_tmp'))}-{uuid.uuid4().hex[:8]}"
            location = f"file://{self.lake}/{_folder_name('.'.join(namespace))}/{folder}"
            properties[OWN_FOLDER] = folder
        # this replaces the path that `create_table_as.sql` gave to DuckDB
        properties["write.data.path"] = f"{location}/data"
        if self.tables.table_exists(identifier):
            raise TableAlreadyExistsError(f"Table already exists: {'.'.join(identifier)}")
        staged = self.tables._create_staged_table(
            identifier,
            request.table_schema,
            location=location,
            partition_spec=request.partition_spec or UNPARTITIONED_PARTITION_SPEC,
            sort_order=request.write_order or UNSORTED_SORT_ORDER,
            properties=properties,
        )
        for name in ("data", "metadata"):  # DuckDB writes files, but doesn't create their folders
            (_path(location) / name).mkdir(parents=True, exist_ok=True)
        if request.stage_create:
            self._staged[location] = staged
            return staged
        return self.tables.create_table(
            identifier,
            staged.schema(),
            location=location,
            partition_spec=staged.spec(),
            sort_order=staged.sort_order(),
            properties=properties,
        )

    def check(self, change: CommitTableRequest) -> None:
        """Raise CommitFailedException if the change no longer fits the table."""
        if not _creates(change):
            table = self.tables.load_table(_identifier(change))
            for requirement in change.requirements:
                requirement.validate(table.metadata)

    def commit(self, change: CommitTableRequest) -> CommitTableResponse:
        """Apply the change; raises CommitFailedException if another process has changed the table since."""
        if _creates(change):
            staged = self._staged_for(change)
            # DuckDB also requires that the table is the staged one, which pyiceberg can't check before it exists
            response = self.tables.commit_table(staged, (AssertCreate(),), change.updates)
            del self._staged[response.metadata.location]
            return response
        table = self.tables.load_table(_identifier(change))
        response = self.tables.commit_table(table, change.requirements, change.updates)
        self.tables._delete_old_metadata(table.io, table.metadata, response.metadata)
        return response

    def drop_table(self, identifier: Identifier) -> None:
        """Remove the table, and its folder if it was created for this table and holds no other one."""
        table = self.tables.load_table(identifier)
        self.tables.drop_table(identifier)
        if folder := self._own_folder(table):
            shutil.rmtree(folder, ignore_errors=True)

    def remove_unfinished(self) -> None:
        """Remove the folders of tables that were staged but never committed."""
        for staged in self._staged.values():
            if folder := self._own_folder(staged):
                shutil.rmtree(folder, ignore_errors=True)
        self._staged.clear()

    @property
    def _database(self) -> Path:
        return self.lake / "catalog.db"

    # None unless the folder is known to belong to this table only
    def _own_folder(self, table: Table) -> Path | None:
        owned = table.properties.get(OWN_FOLDER, "")
        folder = self.lake / NAMESPACE / owned
        if not _OWN_FOLDER_PATTERN.fullmatch(owned) or table.location() != f"file://{folder}":
            return None
        if folder.is_symlink() or any(file.is_relative_to(folder) for file in self._metadata_files()):
            return None
        return folder

    def _staged_for(self, change: CommitTableRequest) -> StagedTable:
        location = next(update.location for update in change.updates if isinstance(update, SetLocationUpdate))
        return self._staged[location]

    def _metadata_file(self, identifier: Identifier) -> str:
        wanted = ".".join(identifier[:-1]), identifier[-1], CATALOG
        with closing(sqlite3.connect(self._database)) as database:
            (location,) = database.execute(
                "select metadata_location from iceberg_tables "
                "where table_namespace = ? and table_name = ? and catalog_name = ?",
                wanted,
            ).fetchone()
        return str(location)

    def _metadata_files(self) -> Iterator[Path]:
        # read directly from SQLite, because the rows of other catalogs in this file count as well
        with closing(sqlite3.connect(self._database)) as database:
            rows = database.execute("select metadata_location from iceberg_tables").fetchall()
        return (_path(location) for (location,) in rows if location)


def _creates(change: CommitTableRequest) -> bool:
    return any(isinstance(requirement, AssertCreate) for requirement in change.requirements)


def _identifier(change: CommitTableRequest) -> Identifier:
    return (*change.identifier.namespace.root, change.identifier.name)


def _folder_name(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _path(location: str) -> Path:
    return Path(location.removeprefix("file://"))
