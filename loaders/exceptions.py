"""What can go wrong while landing, and whether waiting helps.

SchemaHubError
├── TransientError         may pass by waiting
│   ├── RateLimited        the venue asked for a pause
│   └── ExchangeUnavailable
└── TerminalError          waiting won't help
├── BadRequest         the venue refused what was asked
├── UnexpectedPayload  the venue answered something else than documented
├── ConcurrentWriter   somebody else writes, or wrote, the same table
├── LakeUnavailable    the lake's folder or bucket can't be used
└── Misconfigured      a setting, a name or a file is wrong
"""


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


class TerminalError(SchemaHubError):
    """Waiting won't help."""


class BadRequest(TerminalError):
    """The venue refused what was asked, for example an unknown product."""


class UnexpectedPayload(TerminalError):
    """The venue answered something else than its documentation says."""


class ConcurrentWriter(TerminalError):
    """Somebody else is writing the same table, or has written it since we looked."""


class LakeUnavailable(TerminalError):
    """The lake's folder or bucket can't be read or written."""


class Misconfigured(TerminalError):
    """A setting, a name or a file of the project is wrong."""
