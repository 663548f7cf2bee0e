"""What this project reports in one line, and whatever stops a run.

    SchemaHubError
    └── TerminalError        waiting won't help, or for too long
        ├── ConcurrentWriter somebody else writes, or wrote, the same table
        ├── LakeUnavailable  the lake's folder or bucket can't be used
        ├── Misconfigured    a setting, a name or a file is wrong
        └── OurMistake       an error in this project

What can go wrong with a source is in `loaders/errors.py`. The message of each is one line.
"""

from typing import Self

from .printable import printable


class SchemaHubError(Exception):
    """Anything this project reports in one line, without a traceback."""


class TerminalError(SchemaHubError):
    """Waiting won't help, or only for longer than a run waits."""


class ConcurrentWriter(TerminalError):
    """Somebody else is writing the same table, or has written it since we looked."""


class LakeUnavailable(TerminalError):
    """The lake's folder or bucket can't be read or written."""


class Misconfigured(TerminalError):
    """A setting, a name or a file of the project is wrong."""


class OurMistake(TerminalError):
    """An error in this project, which stops only what it struck; its cause is the exception that nobody foresaw."""

    @classmethod
    def of(cls, error: BaseException, *, while_doing: str) -> Self:
        """One line for an exception that nobody foresaw."""
        mistake = cls(
            f"{while_doing}: {type(error).__name__}: {printable(str(error))}; "
            "a mistake of SchemaHub's, SCHEMAHUB_DEBUG=1 shows where"
        )
        mistake.__cause__ = error
        return mistake


def is_interruption(error: BaseException | None) -> bool:
    """Whether an exception is Ctrl-C; dlt wraps one that comes while it works."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or is_interruption(error.__context__))
