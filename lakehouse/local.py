"""The lake in a folder of this machine.

<lake>/catalog.db            the catalog `schemahub`, see `lakehouse/catalogs/folder_catalog.py`
<lake>/schemahub/<table>/    data and metadata of the loaders' tables
<lake>/coverage/<table>/     files of the raw tables' coverage, see `coverage_record.py`
<lake>/views.duckdb          dbt's views (published by each run, not here)
<lake>/.schemahub/           locks and work in progress; may be deleted while nothing runs
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .catalogs.durable_folder import DurableFolder
from .catalogs.pointers import CatalogUnreadable, metadata_addresses, path_of
from .duckdb import reader
from .errors import LakeUnavailable, Misconfigured
from .files import write_whole
from .lake import Column, TableState, Written
from .layout import DATABASE, NAMESPACE, VIEWS
from .locks.file_lock import file_lock
from .readable import readable
from .repair.tables_found import has_tables_with_rows
from .troubles import catalog_advice

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from .catalogs.folder_catalog import FolderCatalog

_NOT_IN_ADDRESSES = re.compile(r'[#?%"\\\x00-\x1f\x7f]')
"""Characters with a special meaning in file and SQLite URLs, and in DuckDB's names, with which files would end up
elsewhere or couldn't be read."""


_Found = TypeVar("_Found")


class LocalLake:
    """A lake in a folder of this machine."""

    engine: Final = "duckdb"
    commit_seconds = 0.05

    def __init__(self, folder: Path, *, may_be_lost: bool = False) -> None:
        """Use `folder`, which the first write creates; raises Misconfigured or LakeUnavailable if it can't be used.

        With `may_be_lost`, which a repair sets, a new catalog is created even if an earlier one was lost.
        """
        if found := _NOT_IN_ADDRESSES.search(str(folder)):  # checked first, because a path with NUL can't be resolved
            raise _misnamed(folder, found[0])
        self.folder = folder.resolve()  # so that a lake has one address, whichever links lead there
        if found := _NOT_IN_ADDRESSES.search(str(self.folder)):
            raise _misnamed(self.folder, found[0])
        if self.folder.exists() and not self.folder.is_dir():
            raise LakeUnavailable(f"lake {str(self.folder)!r} is a file; name a folder with --lake")
        self.location = f"file://{self.folder}"
        self._durable = DurableFolder(self.folder)
        self._may_be_lost = may_be_lost
        self._catalog: FolderCatalog | None = None

    @property
    def is_there(self) -> bool:
        if self._catalog is None and self._has_no_catalog:
            self._check_not_lost()
            return False
        return True

    @property
    def _catalog_file(self) -> Path:
        return self.folder / DATABASE

    @property
    def _has_no_catalog(self) -> bool:
        return not self._catalog_file.exists() or not self._catalog_file.stat().st_size

    def _check_not_lost(self) -> None:
        if not self._may_be_lost and has_tables_with_rows(self.folder):
            raise LakeUnavailable(
                f"lake {str(self.folder)!r} has tables, and its catalog {DATABASE} is missing or empty; "
                "`schemahub repair` shows what it would restore"
            )

    @property
    def work_folder(self) -> Path:
        return self._made(self.folder / ".schemahub")

    @property
    def catalog(self) -> "FolderCatalog":
        from sqlalchemy.exc import SQLAlchemyError  # with pyiceberg, whose import takes most of a second

        if self._catalog is None:
            if self._has_no_catalog:
                self._check_not_lost()
                self._made(self.folder)
            try:
                catalog = self._opened_catalog()
                if not catalog.table_names():
                    self._check_not_lost()
            except SQLAlchemyError as error:
                raise self._catalog_fails(str(error.__cause__ or error)) from error
            self._catalog = catalog
        return self._catalog

    def _opened_catalog(self) -> "FolderCatalog":
        from sqlalchemy.exc import OperationalError

        from .catalogs.folder_catalog import FolderCatalog

        try:
            return FolderCatalog(self.folder)
        except OperationalError as error:
            if "already exists" not in str(error):
                raise
            return FolderCatalog(self.folder)  # another process created its tables at this moment

    def _catalog_fails(self, message: str) -> LakeUnavailable:
        """What is wrong with the lake's `catalog.db`, and what to do."""
        reason = message.splitlines()[0]
        return LakeUnavailable(
            f"{str(self._catalog_file)!r} can't be used as the lake's catalog: {reason}; {catalog_advice(reason)}"
        )

    def _made(self, folder: Path) -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise LakeUnavailable(f"{str(folder)!r} must be a folder, but is a file; remove it") from error
        except OSError as error:
            raise LakeUnavailable(f"lake folder {str(folder)!r} can't be created: {error.strerror}") from error
        for each in (self.folder, folder):
            if not os.access(each, os.W_OK | os.X_OK):
                raise LakeUnavailable(f"lake folder {str(each)!r} is not writable; choose another with --lake")
        return folder

    def table_location(self, name: str) -> str:
        return f"{self.location}/{NAMESPACE}/{name}"

    def metadata_address(self, name: str) -> str | None:
        return self._addresses().get(name)

    def _addresses(self) -> Mapping[str, str]:
        try:
            addresses = metadata_addresses(self.folder)
        except CatalogUnreadable as error:
            raise self._catalog_fails(str(error)) from error
        if not addresses:
            self._check_not_lost()
        return addresses

    def table_state(self, name: str) -> TableState | None:
        return self._of_current(name, _state_at)

    def rows(self, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        return self._of_current(name, lambda address: reader.rows(address, columns)) or []

    def open_to_plan(self, name: str) -> "Table | None":
        return self._of_current(name, _opened_at)

    def _of_current(self, name: str, read: Callable[[str], _Found]) -> _Found | None:
        """What `read` finds at the address of a table's current metadata; None if there is no such table.

        If a run replaces the table and removes its files between these two steps, the new table is read.
        """
        if not self.is_there:
            return None
        address = self.metadata_address(name)
        while address is not None:
            try:
                with readable(self, name):
                    return read(address)
            except LakeUnavailable:
                replaced, address = address, self.metadata_address(name)
                if address == replaced:
                    raise
        return None

    def written(self) -> Written:
        views = self.folder / VIEWS
        published = {VIEWS: hashlib.sha256(views.read_bytes()).hexdigest()} if views.exists() else {}
        return Written(self._addresses(), published)

    def read(self, address: str) -> bytes:
        return path_of(address).read_bytes()

    def write(self, address: str, content: bytes) -> None:
        path = path_of(address)
        self._made(path.parent)
        write_whole(path, content)
        self._durable.keep([path])

    def put(self, file: Path, to: str) -> None:
        target = path_of(to)
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
        self._durable.keep([target])

    def remove_files(self, location: str, prefix: str) -> None:
        for file in path_of(location).glob(f"{prefix}*"):
            file.unlink(missing_ok=True)

    def remove_old_files(self, location: str, *, older_than: timedelta, keep: Set[str]) -> None:
        now = time.time()
        for file in path_of(location).glob("*"):
            with suppress(FileNotFoundError):  # another loader removes the same files
                if f"file://{file}" not in keep and now - file.stat().st_mtime > older_than.total_seconds():
                    file.unlink()

    @contextmanager
    def loading(self, what: str) -> Iterator[None]:
        with file_lock(self.work_folder / f"{what}.lock", what, str(self.folder), shared=True):
            yield

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        with file_lock(self.work_folder / f"{what}.lock", what, str(self.folder)):
            yield


def _state_at(address: str) -> TableState:
    metadata = json.loads(path_of(address).read_bytes())
    schema = next(each for each in metadata["schemas"] if each["schema-id"] == metadata["current-schema-id"])
    columns = {field["name"]: Column(field["id"], str(field["type"])) for field in schema["fields"]}
    snapshots = metadata.get("snapshots", ())
    current = metadata.get("current-snapshot-id")
    snapshot: Mapping[str, Any] = next((each for each in snapshots if each["snapshot-id"] == current), {})
    rows = int(snapshot.get("summary", {}).get("total-records") or 0)
    return TableState(metadata["location"], metadata.get("properties", {}), rows, columns, len(snapshots))


def _opened_at(address: str) -> "Table":
    from pyiceberg.table import StaticTable  # its import takes a third of a second, and a catalog's half a second more

    return StaticTable.from_metadata(address, {"py-io-impl": "lakehouse.catalogs.metadata_files.MetadataFiles"})


def _misnamed(folder: Path, character: str) -> Misconfigured:
    return Misconfigured(
        f"lake folder {str(folder)!r} has the character {character!r} in its name; name a folder without it"
    )
