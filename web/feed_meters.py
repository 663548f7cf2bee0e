"""How healthy a venue's feed is: messages a second, how long they take, and how far the venue's clock is off."""

import time
from collections import deque
from dataclasses import dataclass, field
from statistics import median, quantiles

from schemahub.runs.live import LiveState

_SLOWEST_MESSAGE = 0.25
"""A message may take this many seconds. If even the fastest seems to take longer, or to arrive before it was sent, one
of the two clocks is off."""
_WINDOW_SECONDS = 60.0
_DELAYS = 200


@dataclass
class FeedMeter:
    """What was measured of one venue's feed. Times are seconds since 1970, by this machine's clock."""

    venue: str
    heard: float = 0.0
    """When a quote arrived last; 0 if none has."""
    state: LiveState | None = None
    rate: float = 0.0
    """Messages a second."""
    _delays: deque[float] = field(default_factory=lambda: deque(maxlen=_DELAYS))
    _least: float | None = None
    """The smallest difference between arrival and the exchange's time, in the window that ended last."""
    _least_now: float | None = None
    """The same in the window that goes on."""
    _window_ends: float = 0.0
    _counted: tuple[float, int] = (0.0, 0)

    def note(self, heard: float, made: float | None) -> float:
        """Take a quote into account; returns when it was made, by this machine's clock.

        `made` is the exchange's own time, if it sent one.
        """
        self.heard = heard
        if made is None:
            return heard
        difference = heard - made
        if heard > self._window_ends:
            self._least, self._least_now, self._window_ends = self._least_now, None, heard + _WINDOW_SECONDS
        self._least_now = difference if self._least_now is None else min(self._least_now, difference)
        at = min(heard, made + self.skew)
        self._delays.append(heard - at)
        return at

    def report(self, state: LiveState, now: float | None = None) -> None:
        """Take into account what the listener says of itself."""
        now = time.monotonic() if now is None else now
        before, messages = self._counted
        if self.state is not None and now > before:
            rate = (state.messages - messages) / (now - before)
            self.rate += (rate - self.rate) / 2
        self._counted = now, state.messages
        self.state = state

    @property
    def skew(self) -> float:
        """How far this machine's clock is ahead of the venue's, in seconds; 0 if nothing proves a difference."""
        known = [least for least in (self._least, self._least_now) if least is not None]
        if not known:
            return 0.0
        least = min(known)
        return 0.0 if 0.0 <= least <= _SLOWEST_MESSAGE else least

    @property
    def delays(self) -> tuple[float, float] | None:
        """The median and the 95th percentile of the seconds that quotes take; None if the venue sends no times.

        If a clock is off, these are the seconds above those of the fastest.
        """
        found = list(self._delays)
        if len(found) < 2:
            return None
        return median(found), quantiles(found, n=20)[-1]
