"""The lake in a folder of this machine.

<lake>/catalog.db            pyiceberg SqlCatalog `schemahub`
<lake>/schemahub/<table>/    data and metadata of the loaders' tables
<lake>/views.duckdb          dbt's views (published by each run, not here)
<lake>/.schemahub/           locks and work in progress; may be deleted while nothing runs
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy.exc import SQLAlchemyError

from .exceptions import LakeUnavailable, Misconfigured
from .file_lock import file_lock
from .lake import CATALOG, NAMESPACE

_NOT_IN_ADDRESSES = "#?%\\\n\r\t"
"""Signs that mean something else in the addresses of files and of SQLite, so that files would go astray."""


class LocalLake:
    """A lake in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which the first write makes; raises Misconfigured and LakeUnavailable where it can't be."""
        self.folder = folder.resolve()  # so that a lake has one address, whichever links lead there
        if signs := set(_NOT_IN_ADDRESSES) & set(str(self.folder)):
            raise Misconfigured(f"lake folder {str(self.folder)!r} has a {min(signs)!r} in its name; name one without")
        if self.folder.exists() and not self.folder.is_dir():
            raise LakeUnavailable(f"lake {str(self.folder)!r} is a file; name a folder with --lake")
        self.location = f"file://{self.folder}"
        self._catalog: Catalog | None = None

    @property
    def is_there(self) -> bool:
        return self._catalog_file.exists()

    @property
    def _catalog_file(self) -> Path:
        return self.folder / "catalog.db"

    @property
    def work_folder(self) -> Path:
        return self._made(self.folder / ".schemahub")

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            if not self.is_there:
                self._made(self.folder)
            try:
                self._catalog = SqlCatalog(CATALOG, uri=f"sqlite:///{self._catalog_file}", warehouse=self.location)
            except SQLAlchemyError as error:
                reason = str(error).splitlines()[0]
                raise LakeUnavailable(
                    f"{str(self._catalog_file)!r} can't be used as the lake's catalog: {reason}"
                ) from error
        return self._catalog

    def _made(self, folder: Path) -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnavailable(f"lake folder {str(self.folder)!r} can't be created: {error.strerror}") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise LakeUnavailable(f"lake folder {str(self.folder)!r} is not writable; choose another with --lake")
        return folder

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
        with file_lock(self.work_folder / f"{what}.lock", what, str(self.folder)):
            yield


def _path(address: str) -> Path:
    return Path(address.removeprefix("file://"))
