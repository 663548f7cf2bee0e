"""How many rows were heard lately, and the time of the newest one."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .runs import Run

_RATE_SECONDS = 10.0


@dataclass
class Pace:
    """Counts runs; one thread notes them, and any may read."""

    clock: Callable[[], float] = time.monotonic
    newest: datetime | None = None
    """The time of the newest row that was heard, UTC without a zone."""
    _counts: deque[tuple[float, int]] = field(default_factory=deque)
    """When rows were heard lately, and how many."""

    def note(self, runs: Sequence[Run]) -> None:
        """Count what was heard now."""
        for run in runs:
            if run.last_time is not None and (self.newest is None or run.last_time > self.newest):
                self.newest = run.last_time
        if runs:
            self._counts.append((self.clock(), sum(run.rows.num_rows for run in runs)))
            while self.clock() - self._counts[0][0] > _RATE_SECONDS:
                self._counts.popleft()

    @property
    def rate(self) -> float:
        """Rows a second, on average over the last ten seconds."""
        now = self.clock()
        return sum(count for at, count in tuple(self._counts) if now - at <= _RATE_SECONDS) / _RATE_SECONDS
