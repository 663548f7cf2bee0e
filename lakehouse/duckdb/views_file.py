"""The DuckDB file of dbt's views: dbt writes a copy of its own, which is then published for readers.

While one process writes a DuckDB file, no other can open it, and while one reads it, no other can write it. See
docs/decisions/017-views-are-published.md.

<lake>/.schemahub/dbt/views.duckdb   dbt's own copy, which exists only while dbt runs
<lake>/views.duckdb                  the file that was published last, always complete
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb

from ..layout import VIEWS
from .connect import CONFIG, VIEWS_ALIAS, LakeUnusable, quoted

log = logging.getLogger(__name__)


class ViewsFile:
    """dbt's own copy of a lake's views, which exists until `publish` or `close`."""

    def __init__(self, lake: Path, own: Path) -> None:
        """Create the copy `own`; it is empty if nothing readable has been published yet.

        Raises:
            LakeUnusable: another dbt is running on this lake, or the folder can't be written to.
        """
        self._published, self._own = lake / VIEWS, own
        with _in_one_line(f"dbt's views in {str(own.parent)!r} can't be written"):
            own.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(own.with_suffix(".lock"), lake)
            try:
                self._clear()
                if self._published.exists():
                    self._copy()
            except OSError:
                self._lock.close()
                raise

    def publish(self) -> None:
        """Replace the published file by the copy, which dbt has closed; readers keep the file that they opened.

        Raises:
            LakeUnusable: the folder can't be written to; the published file stays as it was.
        """
        try:
            with _in_one_line(f"dbt's views can't be published as {str(self._published)!r}"):
                self._publish()
        finally:
            self.close()

    def _publish(self) -> None:
        if self._own.exists():
            with self._own.open("rb+") as file:
                os.fsync(file.fileno())
            self._own.replace(self._published)
            _wal(self._published).unlink(missing_ok=True)  # it may be left from an earlier file
            _sync_folder(self._published.parent)

    def close(self) -> None:
        """Remove the copy and leave the published file as it is."""
        self._clear()
        self._lock.close()

    def _clear(self) -> None:
        self._own.unlink(missing_ok=True)
        _wal(self._own).unlink(missing_ok=True)

    def _copy(self) -> None:
        shutil.copyfile(self._published, self._own)
        try:
            _read_through(self._own)
        except duckdb.Error as error:
            self._clear()
            reason = str(error).splitlines()[0]
            log.warning("%s is damaged; `run unify` creates it again: %s", self._published, reason)


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeUnusable(f"{what}: {error.strerror or error}") from error


def _locked(path: Path, lake: Path) -> IO[str]:
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise LakeUnusable(f"another dbt is running on the lake {str(lake)!r}; wait until it ends") from None
    return lock


# Views are read when the file is opened; blocks of tables, with their checksums, only when they are needed
def _read_through(path: Path) -> None:
    with duckdb.connect(config=CONFIG) as connection:
        connection.execute(f"attach {quoted(path)} as {VIEWS_ALIAS} (read_only)")
        for (name,) in connection.execute(
            'select format(\'"{}"."{}"."{}"\', database_name, schema_name, table_name) '
            "from duckdb_tables() where database_name = ?",
            [VIEWS_ALIAS],
        ).fetchall():
            connection.execute(f"select bit_xor(hash(t)) from {name} as t")


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
