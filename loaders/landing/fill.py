"""Fill the holes that a stream leaves, in a thread of their own, by requests to the source.

A hole is known by the range of keys that a listener has missed, or, where a stream begins, by all that the table lacks
before its first row. What is left of it is asked from the coverage again and again, because others may fill it, too.

A stream of which nothing was heard since the connection was opened may have missed something, too. So what came after
its newest row is requested, those first whose newest row is youngest, and few at once, because there may be thousands.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

from lakehouse.coverage import BEGINNING, Coverage, Hole, Stretch, Stretches
from lakehouse.coverage_record import read_coverage
from lakehouse.printable import printable

from ..channels.rest import Fetcher
from ..connector import MARGIN, Segment
from ..errors import WrongClock
from ..piece import Piece
from .flushes import FlushEvery, flushes
from .lander import Lander

_RECENT = timedelta(days=1) // timedelta(microseconds=1)
_MARGIN = MARGIN // timedelta(microseconds=1)
_PATIENCE = 0.5
"""The seconds before a hole is filled, because its rows may only be late."""
_SHORTEST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0
_NEAR = 1_000
"""The number of rows between two holes up to which one walk fills both."""
_TICK = 0.2
_MOST_ROWS = 100_000
"""The number of rows that are fetched before they are landed; they are in memory meanwhile."""


_FEW = 8
"""The number of silent streams that are asked about at once, so that a hole needn't wait for thousands of them."""


@dataclass
class _Silent:
    """A stream of which nothing was heard, and which may have rows up to the present."""

    stream: str
    since: int | None
    """The time in microseconds from which a new stream is wanted; None if it isn't."""
    due: float
    attempts: int = 0

    def hole(self, held: Stretches) -> Hole | None:
        """What to request; None if there is nothing to continue."""
        if held:
            return _between(held.stretches[-1], None)
        return None if self.since is None else Hole(BEGINNING, None, self.since, None)


@dataclass
class _Missing:
    """What a stream lacks before the key `high`. Times are microseconds since 1970, UTC."""

    stream: str
    high: int
    low: int | None
    """The first key that was missed; None for whatever the table lacks before `high`."""
    since: int | None
    """The time of the last row before `low`. Without a `low`, the time from which a new stream is wanted, if any is."""
    at: int
    """The time of the first row after it."""
    due: float
    """When it is to be filled, in monotonic seconds."""
    attempts: int = 0
    is_hole: bool = True
    """Whether anything is known to be missing."""

    def holes(self, held: Stretches) -> list[Hole]:
        """What is left of it."""
        if self.low is None:
            return _holes_before(held, self.high, self.since, self.at)
        stretches = {each.high: each for each in held}
        return [
            _between(before, high)
            if (before := stretches.get(low)) is not None
            else Hole(low, high, max(0, (self.since or 0) - _MARGIN), None, resumes=True)
            for low, high in held.missing(self.low, self.high)
        ]


def _holes_before(held: Stretches, high: int, since: int | None, at: int) -> list[Hole]:
    """What the table lacks before `high`: since its newest row there, and in the last day between other rows.

    If it has none, everything from `since` on.
    """
    below = [each for each in held if each.low < high]
    if not below:
        return [] if since is None else [Hole(BEGINNING, high, since, None)]
    recent = at - _RECENT if since is None else min(since, at - _RECENT)
    holes = [
        _between(before, after.low)
        for before, after in pairwise(below)
        if before.high < after.low and after.since > recent
    ]
    return holes if below[-1].high >= high else [*holes, _between(below[-1], high)]


def _between(before: Stretch, high: int | None) -> Hole:
    # a source that can't begin at a key begins at a time, and a higher key may have an earlier time
    since = before.until if before.token is not None else max(0, before.until - _MARGIN)
    return Hole(before.high, high, since, None, before.token, resumes=True)


def _joined(holes: Sequence[Hole]) -> list[Hole]:
    """Near holes as one, because a request brings some hundred rows; landing cuts those that are held."""
    joined: list[Hole] = []
    for hole in sorted(holes, key=lambda each: each.low):
        end = joined[-1].high if joined else None
        if end is not None and hole.high is not None and hole.low - end <= _NEAR:
            joined[-1] = replace(joined[-1], high=max(end, hole.high))
        else:
            joined.append(hole)
    return joined


def _staleness(held: Stretches) -> int:
    """The age of a stream's newest row, to sort by: the oldest and those without any last."""
    return -held.stretches[-1].until if held else 0


@dataclass
class HoleFiller:
    """Holes that are to be filled. `add` and `begin` may be called by any thread, and `run` by one."""

    lander: Lander
    fetcher: Callable[[], Fetcher]
    """Returns a new fetcher; all of them share the source's limit."""
    every: float
    """The seconds after which what was fetched is landed."""
    warn: Callable[[str], None]
    """Called with a line for what the user should know."""
    on_present: Callable[[str, int, float], None] = lambda *_: None
    """Called in the filler's thread when everything of a silent stream has landed: with the stream, its highest key,
    and the time in monotonic seconds at which the source was asked."""
    clock: Callable[[], float] = time.monotonic
    landed: int = 0
    """The number of rows that were landed."""
    wrong_clock: WrongClock | None = None
    """Set when a response shows that this machine's clock is far off, so that nothing must be landed."""
    _missing: list[_Missing] = field(default_factory=list)
    _silent: dict[str, _Silent] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)
    _fetching: Fetcher | None = None

    @property
    def count(self) -> int:
        """The number of holes that are known and not filled yet."""
        with self._lock:
            return sum(each.is_hole for each in self._missing)

    def add(self, stream: str, low: int, high: int, *, since: int, at: int) -> None:
        """Fill [low, high), which lies between a row at the time `since` and one at the time `at`."""
        self._add(_Missing(stream, high, low, since, at, self.clock() + _PATIENCE))

    def begin(self, stream: str, high: int, *, since: int | None, at: int) -> None:
        """Fill what the table lacks before `high`, the key of the first row that was heard, at the time `at`.

        Of a stream of which it has nothing, this is what came since `since`, and without `since` nothing.
        """
        self._add(_Missing(stream, high, None, since, at, self.clock(), is_hole=False))

    def catch_up(self, stream: str, *, since: int | None) -> None:
        """Fill what came after the newest row of a stream that the table has.

        Of a stream of which it has nothing, this is what came since `since`, and without `since` nothing.
        """
        with self._lock:
            self._silent.setdefault(stream, _Silent(stream, since, self.clock()))

    def forget(self, stream: str) -> None:
        """Don't catch up with a stream any more, because a row of it was heard, which shows what is missing."""
        with self._lock:
            self._silent.pop(stream, None)

    def _add(self, missing: _Missing) -> None:
        with self._lock:
            self._missing.append(missing)

    def close(self) -> None:
        """Let `run` end soon, after it has landed what was fetched."""
        self._closing.set()
        if (fetching := self._fetching) is not None:
            fetching.close()

    def run(self) -> None:
        """Fill holes until `close` is called."""
        while not self._closing.wait(_TICK):
            self.step()

    def step(self) -> None:
        """Fill what is due now, once."""
        with self._lock:
            due = [each for each in self._missing if each.due <= self.clock()]
            silent = [each for each in self._silent.values() if each.due <= self.clock()]
        if due:
            self._fill(due)
        if silent and not self._closing.is_set():
            self._catch_up(silent)

    def _catch_up(self, silent: Sequence[_Silent]) -> None:
        asked: Sequence[_Silent] = silent
        try:
            coverage, asked_at = self._coverage(), self.clock()
            asked = sorted(silent, key=lambda each: _staleness(coverage.of(each.stream)))[:_FEW]
            holes = {each.stream: hole for each in asked if (hole := each.hole(coverage.of(each.stream)))}
            failed = self._walk([Segment(stream, hole) for stream, hole in holes.items()])
            coverage = self._coverage()
        except Exception as error:
            self._say(error)
            for each in asked:
                self._postpone(each)
            return
        for each in asked:
            if each.stream in failed or self._closing.is_set():
                self._postpone(each)
                continue
            with self._lock:
                self._silent.pop(each.stream, None)
            if held := coverage.of(each.stream).stretches:
                self.on_present(each.stream, held[-1].high - 1, asked_at)

    def _fill(self, due: Sequence[_Missing]) -> None:
        try:
            failed = self._fetch(due)
            coverage = self._coverage()
        except Exception as error:  # of the lake, mostly, which may be back later
            self._say(error)
            for each in due:
                self._postpone(each)
            return
        for each in due:
            left = each.holes(coverage.of(each.stream))
            # a walk that ended well has found all that there is of a new stream
            is_searched = each.stream not in failed and not any(hole.resumes for hole in left)
            if not left or (is_searched and not self._closing.is_set()):
                with self._lock:
                    self._missing.remove(each)
            else:
                self._postpone(each)

    def _postpone(self, missing: _Missing | _Silent) -> None:
        missing.due = self.clock() + min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2.0 ** min(missing.attempts, 10))
        missing.attempts += 1

    def _fetch(self, due: Sequence[_Missing]) -> set[str]:
        """Fetch and land; returns the streams whose walks failed."""
        coverage = self._coverage()
        holes: dict[str, list[Hole]] = defaultdict(list)
        for each in due:
            found = each.holes(coverage.of(each.stream))
            each.is_hole = len(found) > 0
            holes[each.stream] += found
        return self._walk([Segment(stream, hole) for stream, found in holes.items() for hole in _joined(found)])

    def _walk(self, segments: Sequence[Segment]) -> set[str]:
        """Fetch and land segments; returns the streams whose walks failed."""
        if not segments:
            return set()
        with self.fetcher() as fetcher:
            self._fetching = fetcher
            try:
                pieces = self._until_closing(fetcher.pieces(segments))
                for load in flushes(pieces, FlushEvery(_MOST_ROWS, self.every), self.clock):
                    self.landed += self.lander.land(list(load), fetcher.address, "rest")
            finally:
                self._fetching = None
        for line in fetcher.warnings:
            self.warn(line)
        if not self._closing.is_set():
            for error in fetcher.failures.values():
                self.wrong_clock = error if isinstance(error, WrongClock) else self.wrong_clock
                self._say(error)
        return set(fetcher.failures)

    def _coverage(self) -> Coverage:
        return read_coverage(self.lander.lake, self.lander.raw.name)

    def _until_closing(self, pieces: Iterator[Piece | None]) -> Iterator[Piece | None]:
        for piece in pieces:
            yield piece
            if self._closing.is_set():
                return

    def _say(self, error: Exception) -> None:
        self.warn(f"{printable(str(error))}; a hole stays open meanwhile, and is tried again")
