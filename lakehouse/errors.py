"""Errors that this project reports in one line, and everything that stops a run.

    SchemaHubError
    └── TerminalError        waiting won't help, or would take too long
        ├── ConcurrentWriter another process writes, or wrote, the same table
        ├── LakeUnavailable  the lake's folder or bucket can't be used
        ├── Misconfigured    a setting, a name or a file is wrong
        └── OurMistake       an error in this project

Errors of a source are in `loaders/errors.py`. Every message is one line.
"""

from typing import Self

from .printable import printable


class SchemaHubError(Exception):
    """Anything this project reports in one line, without a traceback."""


class TerminalError(SchemaHubError):
    """Waiting won't help, or would take longer than a run waits."""


class ConcurrentWriter(TerminalError):
    """Another process is writing the same table, or has written it since this one read it."""


class LakeUnavailable(TerminalError):
    """The lake's folder or bucket can't be read or written."""


class Misconfigured(TerminalError):
    """A setting, a name or a file of the project is wrong."""


class OurMistake(TerminalError):
    """An error in this project, which stops only the task it occurred in; its cause is the unexpected exception."""

    @classmethod
    def of(cls, error: BaseException, *, while_doing: str) -> Self:
        """A one-line error for an unexpected exception."""
        mistake = cls(
            f"{while_doing}: {type(error).__name__}: {printable(str(error))}; "
            "this is a bug in SchemaHub; SCHEMAHUB_DEBUG=1 shows where"
        )
        mistake.__cause__ = error
        return mistake


def is_interruption(error: BaseException | None) -> bool:
    """Whether an exception is Ctrl-C, or wraps one, as dlt does while it works."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or is_interruption(error.__context__))
