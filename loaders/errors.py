"""What can go wrong with an exchange, and whether waiting helps.

    SchemaHubError
    ├── TransientError               may pass by waiting
    │   ├── RateLimited              the exchange asked for a pause
    │   └── ExchangeUnavailable
    │       ├── ExchangeUnreachable  no connection can be made
    │       └── ExchangeTooSlow      an answer didn't come to its end
    └── TerminalError                waiting won't help, or for too long; more of them in `lakehouse/errors.py`
        ├── BadRequest               the exchange refused what was asked
        ├── Banned                   the exchange asked for a longer pause than a run waits
        ├── UnexpectedPayload        the exchange answered something else than documented
        │   └── AnotherTape          its ids are not those of the trades landed before
        └── WrongClock               this machine's clock and the exchange's are too far apart

The message of each is one line.
"""

from lakehouse.errors import SchemaHubError, TerminalError


class TransientError(SchemaHubError):
    """May pass by waiting; `retry_after` is the pause in seconds that the other side asked for."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(TransientError):
    """The exchange asked for a pause."""


class ExchangeUnavailable(TransientError):
    """The exchange can't be reached, is busy, or its answer broke off."""


class ExchangeUnreachable(ExchangeUnavailable):
    """No connection to the exchange can be made."""


class ExchangeTooSlow(ExchangeUnavailable):
    """The exchange's answer didn't come to its end in time."""


class BadRequest(TerminalError):
    """The exchange refused what was asked, for example an unknown product."""


class Banned(TerminalError):
    """The exchange asked to be left alone for longer than a run waits."""


class UnexpectedPayload(TerminalError):
    """The exchange answered something else than its documentation says."""


class AnotherTape(UnexpectedPayload):
    """The exchange's ids are not those of the trades that were landed before."""


class WrongClock(TerminalError):
    """This machine's clock and the exchange's are too far apart."""
