"""Volatility events: sudden moves of the whole market, and how late each exchange follows every one of them.

A market has one large event and four smaller ones. An event is a burst of moves, each of them over within milliseconds
and most of them in one direction. Six tenths of what it moved are lost again within ten minutes. An exchange follows
every move with another delay, drawn between its bounds. These delays are the truth that a measurement of trades must
find again. All times are nanoseconds, and all sizes are millionths of the price (100 are a basis point).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000
RISE_NS = 3 * MILLISECOND_NS
"""How long a move takes. It is less than the shortest time between moves by more than exchanges' delays differ."""

_LARGE_LENGTH_NS = 12 * SECOND_NS
_SMALL_LENGTHS_NS = (1200 * MILLISECOND_NS, 3 * SECOND_NS)
_BETWEEN_MOVES_NS = (250 * MILLISECOND_NS, 600 * MILLISECOND_NS)
_LARGE_MOVES_PPM = (300, 2500)
_SMALL_MOVES_PPM = (600, 1200)
# The start of the large event is not random: a market of three hours from 13:00 on has it at 15:12:04.
_LARGE_AT_FIFTEENTH = 11
_LARGE_AFTER_NS = 4 * SECOND_NS
_SMALL_AT_FIFTEENTHS = (2, 5, 8, 13)
_RETREAT_NS = 600 * SECOND_NS


@dataclass(frozen=True)
class Move:
    """A sudden change of the price, which begins at a time and takes `RISE_NS`."""

    at_ns: int
    ppm: int
    """The size, negative for a fall."""


@dataclass(frozen=True)
class Event:
    """Moves in quick succession, in the order of their times."""

    moves: tuple[Move, ...]

    @property
    def start_ns(self) -> int:
        return self.moves[0].at_ns

    @property
    def end_ns(self) -> int:
        """When the last move is over, for an exchange without delay."""
        return self.moves[-1].at_ns + RISE_NS

    @property
    def move_ppm(self) -> int:
        """What all moves add up to."""
        return sum(move.ppm for move in self.moves)


def draw_events(random: Random, start_ns: int, duration_ns: int) -> tuple[Event, ...]:
    """Draw the events of a market in the order of their times; in a market of minutes they are shorter."""
    longest_ns = duration_ns // 20
    fifteenth_ns = duration_ns // 15
    small = [
        _draw_event(
            random,
            start_ns + fifteenth_ns * at + random.randrange(fifteenth_ns // 2),
            min(random.randrange(*_SMALL_LENGTHS_NS), longest_ns),
            _SMALL_MOVES_PPM,
        )
        for at in _SMALL_AT_FIFTEENTHS
    ]
    large_ns = start_ns + fifteenth_ns * _LARGE_AT_FIFTEENTH + min(_LARGE_AFTER_NS, longest_ns)
    large = _draw_event(random, large_ns, min(_LARGE_LENGTH_NS, longest_ns), _LARGE_MOVES_PPM)
    return tuple(sorted([*small, large], key=lambda event: event.start_ns))


def draw_delays(random: Random, events: Sequence[Event], bounds_ns: tuple[int, int]) -> list[tuple[int, ...]]:
    """Draw how late an exchange follows each move of each event; both bounds are possible."""
    least_ns, most_ns = bounds_ns
    return [tuple(least_ns + random.randrange(most_ns - least_ns + 1) for _ in event.moves) for event in events]


@dataclass(frozen=True)
class Arrivals:
    """The events as one exchange's price shows them, each move after its delay."""

    moves: tuple[Move, ...]
    """All moves of all events, at the times when they arrive, which ascend."""
    _times_ns: "array[int]"
    _levels_ppm: "array[int]"

    @cached_property
    def times_ns(self) -> "array[int]":
        """When each move arrives."""
        return array("q", (move.at_ns for move in self.moves))

    def level_ppm(self, time_ns: int) -> int:
        """The part of the price that events have added at a time."""
        after = bisect_right(self._times_ns, time_ns)
        if after in (0, len(self._times_ns)):
            return self._levels_ppm[-1] if after else 0
        since_ns, until_ns = self._times_ns[after - 1 : after + 1]
        since_ppm, until_ppm = self._levels_ppm[after - 1 : after + 1]
        return since_ppm + (until_ppm - since_ppm) * (time_ns - since_ns) // (until_ns - since_ns)

    def last_move(self, time_ns: int) -> Move | None:
        """The newest move that has begun to arrive at a time."""
        begun = bisect_right(self.times_ns, time_ns)
        return self.moves[begun - 1] if begun else None


def arrivals(events: Sequence[Event], delays_ns: Sequence[Sequence[int]]) -> Arrivals:
    """The events as an exchange with these delays shows them."""
    delayed = [
        Event(tuple(Move(move.at_ns + delay, move.ppm) for move, delay in zip(event.moves, of_event, strict=True)))
        for event, of_event in zip(events, delays_ns, strict=True)
    ]
    times_ns, levels_ppm = array("q"), array("q")
    for time_ns, level_ppm in _corners(delayed):
        times_ns.append(time_ns)
        levels_ppm.append(level_ppm)
    return Arrivals(tuple(move for event in delayed for move in event.moves), times_ns, levels_ppm)


def _corners(events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """The times between which the level changes evenly, and the level at each of them."""
    level_ppm = 0
    next_starts_ns = [event.start_ns for event in events[1:]]
    for event, next_ns in zip(events, [*next_starts_ns, None], strict=True):
        for move in event.moves:
            yield move.at_ns, level_ppm
            level_ppm += move.ppm
            yield move.at_ns + RISE_NS, level_ppm
        level_ppm -= event.move_ppm * 6 // 10
        retreated_ns = event.end_ns + _RETREAT_NS
        yield min(retreated_ns, next_ns - 1) if next_ns else retreated_ns, level_ppm


def _draw_event(random: Random, start_ns: int, length_ns: int, sizes_ppm: tuple[int, int]) -> Event:
    direction = random.choice((-1, 1))
    last_ns = start_ns + length_ns - RISE_NS
    times_ns = [start_ns]
    while (time_ns := times_ns[-1] + random.randrange(*_BETWEEN_MOVES_NS)) <= last_ns - _BETWEEN_MOVES_NS[0]:
        times_ns.append(time_ns)
    times_ns.append(last_ns)
    moves = [
        Move(at_ns, _draw_size(random, sizes_ppm, direction, can_go_back=0 < index < len(times_ns) - 1))
        for index, at_ns in enumerate(times_ns)
    ]
    return Event(tuple(moves))


def _draw_size(random: Random, sizes_ppm: tuple[int, int], direction: int, *, can_go_back: bool) -> int:
    size_ppm = direction * random.randrange(*sizes_ppm)
    # one move in eight goes half of its size back
    return -(size_ppm // 2) if can_go_back and not random.getrandbits(3) else size_ppm
