"""The working folder of a load, and what loads that were killed have left.

<lake's work folder>/landing/<raw table>/<load id>/     one folder for each load, which its process has locked

Several loaders of a table run at the same time. A folder whose lock is free belongs to a load whose process has ended
without removing it. The next load of the table removes that folder, and the files in the lake that no commit names.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lakehouse.coverage_record import read_record
from lakehouse.tables import existing_table

from .commit import is_committed
from .load import LoadInProgress

_LOCK = "in use"
_BEING_MADE = "new-"
_SECONDS_TO_MAKE = 3600


@contextmanager
def working_folder(load: LoadInProgress) -> Iterator[Path]:
    """An empty folder for one load. If the load fails, its files are removed from the lake, unless it is in doubt."""
    folder = _folder_of_table(load) / load.load_id
    lock = _locked_folder(folder)
    load.folder = folder
    try:
        yield folder
    except BaseException:
        if not load.is_in_doubt:  # otherwise a later load finds the folder, and looks again
            load.discard_all()
            shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def remove_leftovers(load: LoadInProgress) -> None:
    """Remove what killed loads of the same table have left on this machine.

    To be called after a commit to the table: then no commit that a killed process has sent can still arrive.
    """
    for folder in _folder_of_table(load).glob("*"):
        with suppress(OSError):  # another loader removes it
            if folder.name.startswith(_BEING_MADE):
                if time.time() - folder.stat().st_mtime > _SECONDS_TO_MAKE:
                    shutil.rmtree(folder)
            elif _is_abandoned(folder):
                _remove(folder, load)


def _remove(folder: Path, load: LoadInProgress) -> None:
    table = existing_table(load.lake, load.raw.name)
    record = read_record(load.lake, load.raw.name, table.properties if table else {})
    if not is_committed(load.lake, record, folder.name):
        load.lake.remove_files(load.data_folder, f"{folder.name}-")
    shutil.rmtree(folder)


def _folder_of_table(load: LoadInProgress) -> Path:
    return load.lake.work_folder / "landing" / load.raw.name


def _locked_folder(folder: Path) -> int:
    # locked before it gets its name, so that no other loader takes it for a leftover
    new = folder.with_name(f"{_BEING_MADE}{folder.name}")
    new.mkdir(parents=True)
    lock = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)
    new.rename(folder)
    return lock


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:  # its process was killed while it removed the folder, after its load had ended
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
