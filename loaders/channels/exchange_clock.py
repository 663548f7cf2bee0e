"""Compares this machine's clock with an exchange's, which is in the `Date` header of every response.

Trades landed while the clock is days behind seem to have happened after their landing, and would always be rejected.
So nothing is landed while the clock is far off.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..errors import WrongClock
from .http_dates import http_date, seconds

_NOTEWORTHY = timedelta(seconds=10)
"""The difference up to which there is no warning: caches often keep a response for a few seconds without reporting its
age."""
_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)


class ExchangeClock:
    """How far this machine's clock is ahead of one exchange's, as far as the responses prove it."""

    def __init__(self, exchange: str, tolerance: timedelta) -> None:
        """Refuse a clock that is off by more than `tolerance`."""
        self._exchange = exchange
        self._tolerance = tolerance
        self._seen: timedelta | None = None

    @property
    def ahead(self) -> timedelta:
        """The smallest difference that any response proved; negative if this clock is behind."""
        return self._seen or _NOTHING

    @property
    def warnings(self) -> list[str]:
        """One line if the difference is noteworthy, otherwise none."""
        if abs(self.ahead) <= _NOTEWORTHY:
            return []
        return [f"{self._said(self.ahead)}; set it, for example by NTP: nothing is landed beyond {self._tolerance}"]

    def compare(self, headers: Mapping[str, str], *, sent: datetime, received: datetime) -> None:
        """Take a response into account; `sent` and `received` are this clock's times around it, UTC without a zone.

        Raises:
            WrongClock: the clocks differ by more than the tolerance.
        """
        ahead = _ahead(headers, sent, received)
        if ahead is None:
            return
        if abs(ahead) > self._tolerance:
            raise WrongClock(
                f"{self._said(ahead)}: it shows {received:%Y-%m-%d %H:%M:%S} UTC; nothing is landed, because rows "
                "would carry wrong times. Set the clock, or allow more with SCHEMAHUB_CLOCK_TOLERANCE"
            )
        if self._seen is None or abs(ahead) < abs(self._seen):
            self._seen = ahead

    def _said(self, ahead: timedelta) -> str:
        size = timedelta(seconds=round(abs(ahead).total_seconds()))
        side = "ahead of" if ahead > _NOTHING else "behind"
        return f"{self._exchange}: this machine's clock is {size} {side} the exchange's"


def _ahead(headers: Mapping[str, str], sent: datetime, received: datetime) -> timedelta | None:
    date = http_date(headers.get("date"))
    if date is None:
        return None
    age = seconds(headers.get("age"))
    try:
        earliest = date + timedelta(seconds=age or 0)
        latest = earliest + (_SECOND if age is None else 2 * _SECOND)  # both are truncated to whole seconds
    except OverflowError:
        return None
    if sent > latest:
        return sent - latest
    return min(received - earliest, _NOTHING)
