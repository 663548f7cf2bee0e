"""The lake in a folder of this machine.

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

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy.exc import SQLAlchemyError

from .exceptions import ConcurrentWriter, LakeUnavailable
from .lake import CATALOG, NAMESPACE


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


def _path(address: str) -> Path:
    return Path(address.removeprefix("file://"))
