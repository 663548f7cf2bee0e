"""Land pieces that are in memory, for a process that lands again and again in several threads."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lakehouse.lake import Lake
from lakehouse.raw_table import RawTable
from lakehouse.tables import ensure_table

from ..piece import Piece

_ONE_AT_A_TIME = threading.Lock()
"""Loads of one process follow one another: nearly all of their time they need the processor, so that together they
would take as long."""


@dataclass(frozen=True)
class Lander:
    """Lands rows in one raw table; threads may share it. `now` returns the time, UTC without a zone."""

    lake: Lake
    raw: RawTable
    now: Callable[[], datetime]

    def land(self, pieces: Sequence[Piece], source: str, channel: str) -> int:
        """Land `pieces` in one load, and return the number of rows that other loaders had not landed.

        Args:
            pieces: pieces that don't overlap.
            source: the address that they come from.
            channel: how they were received.

        Raises:
            ConcurrentWriter: a repair is changing the table.
        """
        if not pieces:
            return 0
        # importing dlt takes two seconds
        from .dlt_job import land
        from .load import LoadInProgress, Origin

        with _ONE_AT_A_TIME, self.lake.loading(self.raw.name):
            table = ensure_table(self.lake, self.raw.table)
            load = LoadInProgress(self.lake, self.raw, table, Origin(source, channel), now=self.now)
            return sum(row.row_count for row in land(load, iter(pieces)))
