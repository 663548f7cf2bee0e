"""Files that outlive a power cut: they are on the disk, and so are the names that lead to them."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CAN_NOT_BE_SYNCED = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}
"""How a file system answers that has no fsync for folders, or whose folder is another user's."""


class DurableFolder:
    """Syncs files below one folder; a folder on the way to them is synced again only when it has something new."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._lasting: set[Path] = {top.parent}
        """Folders whose own names are on the disk."""

    def keep(self, files: Iterable[Path]) -> None:
        """Return when `files`, and their names, are on the disk; one that is gone again needs no keeping."""
        folders = set()
        for file in files:
            with suppress(FileNotFoundError):
                _sync(file)
                folders.add(file.parent)
        for folder in sorted(folders):
            _sync_folder(folder)
            self._keep_name_of(folder)

    def _keep_name_of(self, folder: Path) -> None:
        while folder not in self._lasting and folder.is_relative_to(self._top):
            _sync_folder(folder.parent)
            self._lasting.add(folder)
            folder = folder.parent


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _CAN_NOT_BE_SYNCED:
            raise
