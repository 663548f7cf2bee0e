"""Compares this machine's clock with the times that an exchange sends in a stream."""

from datetime import datetime, timedelta

_NOTEWORTHY = timedelta(seconds=10)
_FEWEST = 3
"""The comparisons before there is a warning, because a subscription may begin with old trades."""


class StreamClock:
    """How far this machine's clock is ahead of one exchange's. A message takes time, so the least difference counts."""

    def __init__(self, exchange: str) -> None:
        """Nothing is known before the first comparison."""
        self._exchange = exchange
        self._seen: timedelta | None = None
        self._count = 0

    @property
    def ahead(self) -> timedelta | None:
        """The smallest difference that any message proved, negative if this clock is behind; None if none did."""
        return self._seen if self._count >= _FEWEST else None

    @property
    def warnings(self) -> list[str]:
        """One line if the difference is noteworthy, otherwise none."""
        ahead = self.ahead
        if ahead is None or abs(ahead) <= _NOTEWORTHY:
            return []
        size = timedelta(seconds=round(abs(ahead).total_seconds()))
        side = "ahead of" if ahead > timedelta(0) else "behind"
        return [f"{self._exchange}: this machine's clock is {size} {side} the exchange's; set it, for example by NTP"]

    def compare(self, exchange_time: datetime, now: datetime) -> None:
        """Take a message into account; both times are UTC without a zone."""
        ahead = now - exchange_time
        self._count += 1
        if self._seen is None or abs(ahead) < abs(self._seen):
            self._seen = ahead
