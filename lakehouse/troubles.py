"""Report in one line what the machine refused and why: a full disk, a missing permission, a locked catalog.

Libraries wrap such errors in their own, so the whole chain of causes is searched.
"""

import errno
import os
import sys
from collections.abc import Iterator

_WHAT_TO_DO = {
    errno.ENOSPC: "free space on the disk",
    errno.EDQUOT: "free space within the quota",
    errno.EFBIG: "raise the limit on file sizes",
    errno.EROFS: "mount the file system for writing",
    errno.EACCES: "give this user permission, or name another lake with --lake",
    errno.EPERM: "give this user permission, or name another lake with --lake",
    errno.EMFILE: "raise the limit on open files",
    errno.ENFILE: "close files that other programs have open",
    errno.EIO: "check the disk",
    errno.ENOMEM: "free memory",
    errno.ESTALE: "mount the file system again",
    errno.ENOLCK: "name a lake on a file system that supports locks",
    errno.ENAMETOOLONG: "name a folder with a shorter path",
    errno.ENOTDIR: "remove the file that is in the place of a folder",
    errno.EISDIR: "remove the folder that is in the place of a file",
}
_WRAPPERS = ("dlt", "pyiceberg", "sqlalchemy")
"""Packages that replace other errors by their own and don't always set the cause."""

_LOCKED = "database is locked"
_OF_DAMAGE = ("malformed", "not a database", "no such table", "no such column")
_LONGEST = 300


def trouble(error: BaseException) -> str | None:
    """What the machine refused, if that is the cause of an error; otherwise None."""
    for cause in _chain(error):
        if _is_of_the_catalog(cause):
            return _of_the_catalog(cause)
        if isinstance(cause, OSError) and cause.errno in _WHAT_TO_DO:
            return _of_the_system(cause)
    return None


def _of_the_system(error: OSError) -> str:
    number = error.errno or 0
    reason = os.strerror(number)
    # pyarrow's message names the file, but has no field for it
    where = repr(str(error.filename)) if error.filename else _line(error)
    found = where if where.endswith(reason) else f"{where}: {reason}"
    return f"{found}; {_WHAT_TO_DO[number]}, and run this again"


def _is_of_the_catalog(error: BaseException) -> bool:
    # importing it takes a fifth of a second, and without it nobody can have raised one of its errors
    sqlalchemy = sys.modules.get("sqlalchemy.exc")
    return sqlalchemy is not None and isinstance(error, sqlalchemy.SQLAlchemyError)


def _of_the_catalog(error: BaseException) -> str:
    reason = _line(error.__cause__ or error)
    return f"the lake's catalog.db can't be used: {reason}; {catalog_advice(reason)}"


def catalog_advice(reason: str) -> str:
    """What to do if SQLite fails with the message `reason`."""
    if any(words in reason for words in _OF_DAMAGE):
        return "`schemahub repair` shows what it would restore"
    if _LOCKED in reason:
        return "another program has kept it locked for seconds; wait until it ends, and run this again"
    return "remove the cause, and run this again"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    reason: BaseException | None = error
    while reason is not None and id(reason) not in seen:
        seen.add(id(reason))
        yield reason
        reason = reason.__cause__ or _wrapped(reason)


def _wrapped(error: BaseException) -> BaseException | None:
    is_wrapper = type(error).__module__.partition(".")[0] in _WRAPPERS
    return error.__context__ if is_wrapper and not error.__suppress_context__ else None


def _line(error: BaseException) -> str:
    line = " ".join(str(error).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
