"""One writer, or several that share, on one machine: a lock that the kernel frees when its holder ends in any way."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..errors import ConcurrentWriter, LakeUnavailable


@contextmanager
def file_lock(path: Path, what: str, where: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock file `path`. Messages use `what`, the thing that is written, and `where`, the lake.

    Any number of processes may hold it `shared`, and then none alone.

    Raises:
        ConcurrentWriter: another process of this machine holds it.
        LakeUnavailable: the lock file belongs to another user, or can't be created.
    """
    with _opened(path) as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = (lock.read().splitlines() or ["unknown"])[-1]  # of several that share it, the one that came last
            raise ConcurrentWriter(
                f"`{what}` is being written by another process ({holder}) in {where}; "
                "wait until it ends, or stop it, and run this again"
            ) from None
        lock.truncate(0)
        lock.write(f"pid {os.getpid()} on {socket.gethostname()}\n")
        lock.flush()
        yield


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a+")
    except OSError as error:
        raise LakeUnavailable(
            f"lock file {str(path)!r} can't be opened: {error.strerror}; if another user left it, remove it while "
            "nothing runs"
        ) from error
