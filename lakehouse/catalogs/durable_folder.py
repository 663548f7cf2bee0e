"""Make files survive a power cut by syncing them, and the folders on the way to them, to the disk."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CAN_NOT_BE_SYNCED = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}
"""Errors of a file system without fsync for folders, or of a folder that belongs to another user."""


class DurableFolder:
    """Syncs files below one folder; folders on the way to them are synced again only if they have new entries."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._lasting: set[Path] = {top.parent}
        """Folders whose own names are already on the disk."""

    def keep(self, files: Iterable[Path]) -> None:
        """Return when `files` and their names are on the disk; ignores files that no longer exist."""
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
