"""Land what a listener hears, every few seconds, and have the holes filled that lost connections leave.

    loader = LiveLoader(lander, listener, filler, every=10, warn=print)
    loader.run(stop)

The ids of a stream are dense, so a run of rows between which no id is missing is a piece with a proof. All pieces of
some seconds become one load, which is committed as any other one: what other loaders have landed meanwhile is cut.
Where a run doesn't continue the one before, a `HoleFiller` is told, in whose thread the rows between them are fetched,
so that the next load needn't wait for them.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lakehouse.coverage import Stretch, microseconds
from lakehouse.errors import Misconfigured, SchemaHubError
from lakehouse.printable import printable

from ..channels.pace import Pace
from ..channels.runs import Run
from ..channels.stream import Listener
from ..piece import Piece
from ..row_times import time_bounds
from .fill import HoleFiller
from .lander import Lander
from .quiet import QuietStreams

_SLICE = 0.25
"""The seconds for which rows wait in the listener at most, so that whoever is told of them hears soon."""
_PATIENCE = 600.0
"""The seconds for which rows are kept and landed again and again if the lake can't be used."""
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass
class LiveLoader:
    """One listener, and the raw table that its rows go to. `run` belongs to one thread; the rest may be read by any."""

    lander: Lander
    listener: Listener
    filler: HoleFiller
    every: float
    """The seconds between two loads."""
    warn: Callable[[str], None]
    """Called with a line for what the user should know."""
    since: datetime | None = None
    """When a stream begins of which the table has nothing; None for its first row that is heard."""
    check: Callable[[], None] = lambda: None
    """Called before every load; raises a SchemaHubError if nothing must be landed."""
    on_run: Callable[[Run], None] | None = None
    """Called in this loader's thread for every run, before it is landed."""
    clock: Callable[[], float] = time.monotonic
    landed: int = 0
    """The number of rows that came from the stream and that others had not landed."""
    pace: Pace = field(default_factory=Pace)
    _pieces: list[Piece] = field(default_factory=list)
    _ends: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each stream, the end of its highest run: a key, and the time until which it is complete."""
    _failing_since: float | None = None
    _ended_by: SchemaHubError | None = None
    _quiet: QuietStreams = field(default_factory=QuietStreams)
    _look_at: float = 0.0

    def run(self, stop: threading.Event) -> None:
        """Land until `stop` is set or the listener ends by itself, then what is in hand.

        Raises:
            SchemaHubError: the listener ended by itself, `check` refused, the clock is off, or the lake can't be used.
        """
        filling = threading.Thread(target=self.filler.run, name="fill", daemon=True)
        filling.start()
        try:
            with self.listener:
                self._listen(stop)
            self.filler.close()
            while self._hear(0):
                pass
            self._land(is_last=True)
        finally:
            self.filler.close()
            filling.join()
        if self._ended_by is not None:
            raise self._ended_by

    def _listen(self, stop: threading.Event) -> None:
        due = self.clock() + self.every
        while not stop.is_set() and not self.listener.is_over:
            self._hear(min(_SLICE, max(0.0, due - self.clock())))
            self._ask_about_quiet_streams()
            self._check_clock()
            if self.clock() >= due:
                self._land()
                due = max(due + self.every, self.clock())

    def _hear(self, seconds: float) -> bool:
        """Take what was heard within `seconds`; whether it was anything."""
        try:
            runs = self.listener.take(seconds)
        except SchemaHubError as error:  # the listener has ended, and everything was taken
            self._ended_by = error
            return False
        for run in runs:
            if self.on_run is not None:
                self.on_run(run)
            if self._quiet.hear(run.stream, run.rows.num_rows):
                self.filler.forget(run.stream)
            piece = self._piece(run)
            self._look_for_a_hole(run, piece.stretch)
            self._pieces.append(piece)
        self.pace.note(runs)
        return bool(runs)

    def _ask_about_quiet_streams(self) -> None:
        if self.clock() < self._look_at:
            return
        self._look_at = self.clock() + _SECONDS_BETWEEN_LOOKS
        for stream in self._quiet.to_ask(self.listener.contacts, self.clock()):
            self.filler.catch_up(stream, since=None if self.since is None else microseconds(self.since))

    def _check_clock(self) -> None:
        if self.filler.wrong_clock is not None:
            raise self.filler.wrong_clock

    def _piece(self, run: Run) -> Piece:
        ahead = self.listener.state.skew or timedelta()
        now = microseconds(self.lander.now() - ahead)
        _, before = self._ends.get(run.stream, (0, now))
        first, last = time_bounds(run.rows[self.lander.raw.time_column], now) or (before, before)
        until = min(last, now)
        since = min(first, until)
        return Piece(run.stream, run.rows, Stretch(run.low, run.high, since, until, run.rows.num_rows))

    def _look_for_a_hole(self, run: Run, stretch: Stretch) -> None:
        end, until = self._ends.get(run.stream, (None, stretch.until))
        if end is None:
            since = None if self.since is None else microseconds(self.since)
            self.filler.begin(run.stream, run.low, since=since, at=stretch.since)
        elif end < run.low:
            self.filler.add(run.stream, end, run.low, since=until, at=stretch.since)
        if end is None or end < run.high:
            self._ends[run.stream] = run.high, stretch.until

    def _land(self, *, is_last: bool = False) -> None:
        if not self._pieces:
            return
        self.check()
        self._check_clock()
        try:
            self.landed += self.lander.land(self._pieces, self.listener.address, "stream")
        except Exception as error:
            self._failing_since = self._failing_since or self.clock()
            is_over = is_last or self.clock() - self._failing_since > _PATIENCE
            if is_over or isinstance(error, Misconfigured):
                raise
            self.warn(f"{self.lander.raw.source}: {printable(str(error))}; what was heard is kept and landed later")
            return
        self._pieces, self._failing_since = [], None
