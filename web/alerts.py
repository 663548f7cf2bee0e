"""Alerts: episodes in which a symbol's venues disagree, or in which a venue's feed says nothing.

An episode opens when its symbol is over the threshold, keeps its worst moment, and closes well below the threshold.
While a venue's feed is silent, that is one episode, whatever the number of its symbols.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .causes import CAUSES, Cause, Limits, Reading, words

_KEPT = 1_000
_PATIENCE = 2.0
"""For how many seconds a symbol has a stale venue before that is an alert, because a whole feed may be silent."""
_STALE, _REAL = CAUSES[0], CAUSES[-1]
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("began", "ended", "symbol", "venue", "worst_bps", "cause", "words")


@dataclass
class Alert:
    number: int
    began: float
    """Seconds since 1970."""
    symbol: str | None
    """None for a venue's feed."""
    venue: str | None
    """The venue whose feed is silent."""
    apart: float
    """The largest distance in it, in bps."""
    cause: Cause
    words: str
    ended: float | None = None
    changed: int = 0
    """The frame in which it changed last."""


@dataclass
class Alerts:
    """The newest alerts, of which each symbol and venue has at most one that is open."""

    limits: Limits
    all: deque[Alert] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """Oldest first; the oldest are forgotten."""
    _open: dict[tuple[str | None, str | None], Alert] = field(default_factory=dict)
    _stale_since: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    def watch(self, symbol: str, reading: Reading, cause: Cause | None, *, now: float, frame: int) -> None:
        """Take into account what a symbol shows now."""
        is_of_feeds = cause is _STALE and self._is_of_feeds(symbol, reading, frame)
        is_stale = cause is _STALE and not is_of_feeds
        stale_since = self._stale_since.setdefault(symbol, now) if is_stale else self._stale_since.pop(symbol, now)
        if cause is None or is_of_feeds:
            self._end((symbol, None), now=now, frame=frame)
        elif (alert := self._open.get((symbol, None))) is not None:
            if reading.apart > alert.apart or (cause is _REAL and alert.cause is not _REAL):
                alert.apart, alert.cause, alert.changed = max(reading.apart, alert.apart), cause, frame
                alert.words = words(cause, reading, self.limits)
        elif reading.apart > self.limits.threshold and (not is_stale or now - stale_since >= _PATIENCE):
            said = words(cause, reading, self.limits)
            self._begin(symbol, None, reading.apart, cause, said, now=now, frame=frame)

    def _is_of_feeds(self, symbol: str, reading: Reading, frame: int) -> bool:
        """Whether all stale venues of a symbol are venues whose feeds are silent. These keep its distance."""
        feeds = [self._open.get((None, venue)) for venue in reading.stale.split(", ")]
        for feed in feeds:
            if feed is not None and reading.apart > feed.apart:
                feed.apart, feed.words, feed.changed = reading.apart, f"{symbol} {reading.apart:.1f} bps", frame
        return all(feeds)

    def watch_feed(self, venue: str, *, is_silent: bool, now: float, frame: int) -> None:
        """Take into account whether a venue's feed says anything."""
        if not is_silent:
            self._end((None, venue), now=now, frame=frame)
        elif (None, venue) not in self._open:
            self._begin(None, venue, 0.0, _STALE, venue, now=now, frame=frame)

    def since(self, frame: int) -> list[Alert]:
        """The alerts that changed after a frame, oldest first."""
        return [alert for alert in self.all if alert.changed > frame]

    def _begin(
        self, symbol: str | None, venue: str | None, apart: float, cause: Cause, said: str, *, now: float, frame: int
    ) -> None:
        self._count += 1
        alert = Alert(self._count, now, symbol, venue, apart, cause, said, changed=frame)
        self._open[symbol, venue] = alert
        self.all.append(alert)

    def _end(self, key: tuple[str | None, str | None], *, now: float, frame: int) -> None:
        if (alert := self._open.pop(key, None)) is not None:
            alert.ended, alert.changed = now, frame


def as_csv(alerts: Iterable[Alert]) -> str:
    """The alerts as CSV. No cell begins like a formula, which a spreadsheet would execute."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for alert in alerts:
        times = (_time(alert.began), "" if alert.ended is None else _time(alert.ended))
        cells = (*times, alert.symbol or "", alert.venue or "", f"{alert.apart:.2f}", alert.cause.title, alert.words)
        lines.writerow(f"'{cell}" if cell.startswith(_FORMULAS) else cell for cell in cells)
    return text.getvalue()


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
