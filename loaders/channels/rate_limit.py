"""Keeps requests within an exchange's limits, counted in the exchange's units, so that it needn't refuse any."""

import threading
from collections import defaultdict
from collections.abc import Callable

from ..connector import Budget


class RateLimiter:
    """A token bucket for each scope of a budget; threads may share it."""

    def __init__(self, budget: Budget, *, clock: Callable[[], float]) -> None:
        """Start with full buckets; `clock` returns monotonic seconds."""
        self._rate = budget.units / budget.seconds
        self._burst = budget.burst
        self._clock = clock
        self._lock = threading.Lock()
        # the moment at which a scope's bucket will be full again
        self._full_at: dict[str, float] = defaultdict(float)

    def reserve(self, weight: float, scope: str = "") -> float:
        """Take `weight` units, and return the seconds to wait before using them."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at[scope], now) + weight / self._rate
            self._full_at[scope] = full_at
            return max(0.0, full_at - now - self._burst / self._rate)

    def pause(self, seconds: float, scope: str = "") -> None:
        """Hold back all requests of `scope` for `seconds`, as the exchange requested."""
        with self._lock:
            empty_until = self._clock() + seconds + self._burst / self._rate
            self._full_at[scope] = max(self._full_at[scope], empty_until)
