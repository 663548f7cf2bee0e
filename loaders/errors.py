"""What can go wrong with an exchange, and whether waiting helps.

    SchemaHubError
    ├── TransientError               may pass by waiting
    │   ├── RateLimited              the exchange requested a pause
    │   └── ExchangeUnavailable
    │       ├── ExchangeUnreachable  no connection can be made
    │       └── ExchangeTooSlow      a response was not complete in time
    └── TerminalError                waiting won't help, or takes too long; more in `lakehouse/errors.py`
        ├── BadRequest               the exchange refused the request
        ├── Banned                   the exchange requested a longer pause than a run waits
        ├── UnexpectedPayload        the response is not what is documented
        │   └── AnotherTape          its ids are not those of the trades landed before
        └── WrongClock               this machine's clock and the exchange's are too far apart

The message of each is one line.
"""

from lakehouse.errors import SchemaHubError, TerminalError


class TransientError(SchemaHubError):
    """An error that may pass by waiting; `retry_after` is the pause in seconds that the exchange requested."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(TransientError):
    """The exchange requested a pause."""


class ExchangeUnavailable(TransientError):
    """The exchange can't be reached or is busy, or its response was incomplete."""


class ExchangeUnreachable(ExchangeUnavailable):
    """No connection to the exchange can be made."""


class ExchangeTooSlow(ExchangeUnavailable):
    """The exchange's response was not complete in time."""


class BadRequest(TerminalError):
    """The exchange refused the request, for example because the product is unknown."""


class Banned(TerminalError):
    """The exchange requested a longer pause than a run waits."""


class UnexpectedPayload(TerminalError):
    """The exchange's response is not what its documentation describes."""


class AnotherTape(UnexpectedPayload):
    """The exchange's ids are not those of the trades that were landed before."""


class WrongClock(TerminalError):
    """This machine's clock and the exchange's are too far apart."""
