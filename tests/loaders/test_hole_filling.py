"""Which holes are filled, and how: before a stream's first row, between its runs, together if they are near."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from lakehouse.coverage import Hole, Stretch, microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake
from lakehouse.local import LocalLake
from loaders.connector import MARGIN, Segment
from loaders.errors import ExchangeUnavailable
from loaders.landing.fill import HoleFiller
from loaders.landing.lander import Lander
from loaders.piece import Piece
from tests.support.landing_program import RAW, START, piece

DAY = timedelta(days=1)
NOW = START + timedelta(hours=1)
_MARGIN = MARGIN // timedelta(microseconds=1)


def at(trade_id: int) -> int:
    """The time of a trade, as `piece` has it."""
    return microseconds(START) + trade_id


class Source:
    """Stands in for a fetcher: it has every trade of each hole, unless it is down."""

    address = "imagined"

    def __init__(self) -> None:
        self.asked: list[list[Segment]] = []
        self.failures: dict[str, ExchangeUnavailable] = {}
        self.warnings: list[str] = []
        self.is_down = False
        self.newest = 200

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def pieces(self, segments: Sequence[Segment]) -> Iterator[Piece | None]:
        self.asked.append(list(segments))
        self.failures.clear()
        for segment in segments:
            stream, hole = segment.stream, segment.hole
            yield None
            if self.is_down:
                self.failures[stream] = ExchangeUnavailable(f"{stream}: HTTP 503")
                continue
            low = hole.low if hole.resumes else max(hole.low, hole.since - microseconds(START))
            if low < (high := hole.high or self.newest + 1):
                yield piece(stream, range(low, high))


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


class Filling:
    """A filler whose clock a test sets."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.source, self.clock, self.said = lake, Source(), Clock(), list[str]()
        self.lander = Lander(lake, RAW, lambda: NOW)
        source: Any = self.source
        self.present: list[tuple[str, int]] = []
        self.filler = HoleFiller(
            self.lander,
            lambda: source,
            1.0,
            self.said.append,
            on_present=lambda stream, key, _: self.present.append((stream, key)),
            clock=self.clock,
        )

    def land(self, *ids: range) -> None:
        self.lander.land([piece("AAA", each) for each in ids], "imagined", "stream")

    def run(self, seconds: float) -> None:
        """Let time pass, and the filler do what is due then."""
        self.clock.at += seconds
        self.filler.step()

    def held(self) -> list[tuple[int, int]]:
        return [(each.low, each.high) for each in read_coverage(self.lake, RAW.name).of("AAA")]


@pytest.fixture
def filling(lake: LocalLake) -> Filling:
    return Filling(lake)


def test_a_hole_between_two_runs_is_filled_by_its_ids(filling: Filling) -> None:
    filling.land(range(10, 20), range(30, 40))
    filling.filler.add("AAA", 20, 30, since=at(19), at=at(30))
    assert filling.filler.count == 1
    filling.run(0.1)
    assert filling.source.asked == []  # its rows may only be late
    filling.run(1)
    assert filling.source.asked == [[Segment("AAA", Hole(20, 30, at(19) - _MARGIN, None, None, resumes=True))]]
    assert filling.said == []
    assert filling.held() == [(10, 40)]
    assert (filling.filler.count, filling.filler.landed) == (0, 10)


def test_what_others_have_filled_is_not_requested(filling: Filling) -> None:
    filling.land(range(10, 40))
    filling.filler.add("AAA", 20, 30, since=at(19), at=at(30))
    filling.run(1)
    assert (filling.source.asked, filling.filler.count) == ([], 0)


def test_near_holes_are_filled_together_and_what_is_held_between_them_is_cut(filling: Filling) -> None:
    filling.land(range(10, 20), range(30, 40), range(50, 60), range(5_000, 5_010))
    for low, high in ((20, 30), (40, 50), (60, 5_000), (5_010, 5_020)):
        filling.filler.add("AAA", low, high, since=at(low - 1), at=at(high))
    filling.filler.add("AAA", 8_000, 8_010, since=at(7_999), at=at(8_010))
    filling.run(1)
    (asked,) = filling.source.asked
    assert [(each.hole.low, each.hole.high) for each in asked] == [(20, 5_020), (8_000, 8_010)]
    assert filling.held() == [(10, 5_020), (8_000, 8_010)]
    assert filling.filler.landed == 10 + 10 + 4_940 + 10 + 10


def test_a_hole_that_cannot_be_filled_is_tried_again_later_and_later(filling: Filling) -> None:
    filling.land(range(10, 20), range(30, 40))
    filling.filler.add("AAA", 20, 30, since=at(19), at=at(30))
    filling.source.is_down = True
    filling.run(1)
    filling.run(4)
    assert (len(filling.source.asked), filling.filler.count) == (1, 1)
    filling.run(2)
    filling.run(6)
    assert len(filling.source.asked) == 2
    assert set(filling.said) == {"AAA: HTTP 503; a hole stays open meanwhile, and is tried again"}
    filling.source.is_down = False
    filling.run(6)
    assert (filling.held(), filling.filler.count) == ([(10, 40)], 0)


@pytest.mark.parametrize("since", [None, START - DAY], ids=["without since", "with since"])
def test_a_known_stream_continues_where_it_ended(filling: Filling, since: datetime | None) -> None:
    filling.land(range(10, 20), range(100, 110))
    wanted = None if since is None else microseconds(since)
    filling.filler.begin("AAA", 100, since=wanted, at=at(100))
    assert filling.filler.count == 0  # nothing is known to be missing
    filling.run(0.1)
    assert filling.held() == [(10, 110)]


def test_holes_of_the_last_day_are_filled_and_older_ones_are_left(filling: Filling) -> None:
    day = DAY // timedelta(microseconds=1)
    long_ago = Piece("AAA", piece("AAA", range(1, 5)).rows, Stretch(1, 5, at(1), at(4), 4))
    filling.lander.land([long_ago], "imagined", "rest")
    filling.land(range(10, 20), range(30, 40), range(50, 60))
    # the first hole ended more than a day before the first row that was heard
    filling.filler.begin("AAA", 50, since=None, at=at(10) + day)
    filling.run(0.1)
    assert filling.held() == [(1, 5), (10, 60)]


def test_a_new_stream_has_no_hole_unless_its_past_is_wanted(filling: Filling) -> None:
    filling.land(range(100, 110))
    filling.filler.begin("AAA", 100, since=None, at=at(100))
    filling.run(0.1)
    assert (filling.source.asked, filling.held()) == ([], [(100, 110)])
    filling.filler.begin("AAA", 100, since=at(60), at=at(100))
    filling.run(0.1)
    assert filling.held() == [(60, 110)]
    assert filling.filler._missing == []


def test_a_past_without_rows_is_searched_once(filling: Filling) -> None:
    filling.land(range(100, 110))
    filling.filler.begin("AAA", 100, since=at(100), at=at(100))
    filling.run(0.1)
    assert (len(filling.source.asked), filling.held(), filling.filler.count) == (1, [(100, 110)], 0)


def test_a_silent_stream_is_filled_up_to_the_present(filling: Filling) -> None:
    filling.land(range(10, 20), range(30, 40))
    filling.filler.catch_up("AAA", since=None)
    assert filling.filler.count == 0  # nothing is known to be missing
    filling.run(0.1)
    assert filling.source.asked == [[Segment("AAA", Hole(40, None, at(39) - _MARGIN, None, None, resumes=True))]]
    assert filling.held() == [(10, 20), (30, 201)]
    assert filling.present == [("AAA", 200)]
    filling.run(1_000)
    assert len(filling.source.asked) == 1


def test_a_silent_stream_that_was_heard_meanwhile_is_forgotten(filling: Filling) -> None:
    filling.land(range(10, 20))
    filling.filler.catch_up("AAA", since=None)
    filling.filler.forget("AAA")
    filling.run(0.1)
    assert filling.source.asked == []


@pytest.mark.parametrize(("since", "held"), [(None, []), (START, [(0, 201)])], ids=["without since", "with since"])
def test_a_silent_stream_without_rows_is_filled_only_if_its_past_is_wanted(
    filling: Filling, since: datetime | None, held: list[tuple[int, int]]
) -> None:
    filling.filler.catch_up("AAA", since=None if since is None else microseconds(since))
    filling.run(0.1)
    assert filling.held() == held
    filling.run(1_000)
    assert len(filling.source.asked) == (since is not None)


def test_silent_streams_are_asked_about_a_few_at_a_time_the_youngest_first(filling: Filling) -> None:
    streams = [f"S{number:02}" for number in range(20)]
    filling.lander.land(
        [piece(stream, range(20 - number, 30 - number)) for number, stream in enumerate(streams)], "imagined", "stream"
    )
    for stream in reversed(streams):
        filling.filler.catch_up(stream, since=None)
    for _ in range(4):
        filling.run(0.1)
    asked = [[segment.stream for segment in segments] for segments in filling.source.asked]
    assert asked == [streams[:8], streams[8:16], streams[16:]]


def test_a_silent_stream_that_cannot_be_asked_about_is_tried_again(filling: Filling) -> None:
    filling.land(range(10, 20))
    filling.filler.catch_up("AAA", since=None)
    filling.source.is_down = True
    filling.run(0.1)
    filling.run(1)
    assert (len(filling.source.asked), filling.present) == (1, [])
    filling.source.is_down = False
    filling.run(6)
    assert (filling.held(), filling.present) == ([(10, 201)], [("AAA", 200)])
