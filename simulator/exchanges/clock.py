"""The clock of a simulator whose market goes on while it runs.

Without one, the whole market has happened before the simulator starts, and only a test shows less of it.
"""

import time
from collections.abc import Callable

_MILLISECOND_NS = 10**6


class RunningClock:
    """Market time in nanoseconds since 1970, which passes `speed` times as fast as real time from `now_ns` on.

    It moves in whole milliseconds, so that trades that share one appear together.
    """

    def __init__(self, now_ns: int, *, speed: float, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        if speed <= 0:
            raise ValueError(f"speed {speed}: expected a number above 0")
        self._speed = speed
        self._monotonic_ns = monotonic_ns
        self.set(now_ns)

    def set(self, now_ns: int) -> None:
        """Continue from another time."""
        self._set_to_ns = now_ns
        self._set_at_ns = self._monotonic_ns()

    def now_ns(self) -> int:
        """The last nanosecond of the latest millisecond that is complete."""
        elapsed_ns = int((self._monotonic_ns() - self._set_at_ns) * self._speed)
        return (self._set_to_ns + elapsed_ns) // _MILLISECOND_NS * _MILLISECOND_NS - 1
