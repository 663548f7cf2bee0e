"""What can go wrong while landing, and whether waiting helps.

    SchemaHubError
    ├── TransientError               may pass by waiting
    │   ├── RateLimited              the venue asked for a pause
    │   └── ExchangeUnavailable
    │       ├── ExchangeUnreachable  no connection can be made
    │       └── ExchangeTooSlow      an answer didn't come to its end
    └── TerminalError                waiting won't help, or for too long
        ├── BadRequest               the venue refused what was asked
        ├── Banned                   the venue asked for a longer pause than a run waits
        ├── UnexpectedPayload        the venue answered something else than documented
        │   └── AnotherTape          its ids are not those of the trades landed before
        ├── WrongClock               this machine's clock and the venue's are too far apart
        ├── ConcurrentWriter         somebody else writes, or wrote, the same table
        ├── LakeUnavailable          the lake's folder or bucket can't be used
        ├── Misconfigured            a setting, a name or a file is wrong
        └── OurMistake               an error in this project

The message of each is one line.
"""

import os
import traceback
from typing import Self

from .printable import printable


class SchemaHubError(Exception):
    """Anything this project reports in one line, without a traceback."""


class TransientError(SchemaHubError):
    """May pass by waiting; `retry_after` is the pause in seconds that the other side asked for."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(TransientError):
    """The venue asked for a pause."""


class ExchangeUnavailable(TransientError):
    """The venue can't be reached, is busy, or its answer broke off."""


class ExchangeUnreachable(ExchangeUnavailable):
    """No connection to the venue can be made."""


class ExchangeTooSlow(ExchangeUnavailable):
    """The venue's answer didn't come to its end in time."""


class TerminalError(SchemaHubError):
    """Waiting won't help, or only for longer than a run waits."""


class BadRequest(TerminalError):
    """The venue refused what was asked, for example an unknown product."""


class Banned(TerminalError):
    """The venue asked to be left alone for longer than a run waits."""


class UnexpectedPayload(TerminalError):
    """The venue answered something else than its documentation says."""


class AnotherTape(UnexpectedPayload):
    """The venue's ids are not those of the trades that were landed before."""


class WrongClock(TerminalError):
    """This machine's clock and the venue's are too far apart."""


class ConcurrentWriter(TerminalError):
    """Somebody else is writing the same table, or has written it since we looked."""


class LakeUnavailable(TerminalError):
    """The lake's folder or bucket can't be read or written."""


class Misconfigured(TerminalError):
    """A setting, a name or a file of the project is wrong."""


class OurMistake(TerminalError):
    """An error in this project, which stops only what it struck."""

    @classmethod
    def of(cls, error: BaseException, *, while_doing: str) -> Self:
        """One line for an exception that nobody foresaw; with SCHEMAHUB_DEBUG set, its traceback too."""
        text = f"{while_doing}: {type(error).__name__}: {printable(str(error))}; a mistake of SchemaHub's"
        if not os.environ.get("SCHEMAHUB_DEBUG"):
            return cls(f"{text}, SCHEMAHUB_DEBUG=1 shows where")
        return cls("\n".join([text, *"".join(traceback.format_exception(error)).splitlines()]))


def is_interruption(error: BaseException | None) -> bool:
    """Whether an exception is Ctrl-C; dlt wraps one that comes while it works."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or is_interruption(error.__context__))
