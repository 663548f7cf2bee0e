"""The algebra of coverage, compared with plain sets of keys."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.coverage import (
    BEGINNING,
    Coverage,
    Hole,
    Overlap,
    Proof,
    Stretch,
    Stretches,
    main_stream,
    stream_beside,
)

MANY = settings(max_examples=400, deadline=None, derandomize=True, database=None)
KEYS = 40
RANGES = st.tuples(st.integers(0, KEYS - 1), st.integers(1, KEYS)).map(lambda pair: (min(pair), max(pair)))
SPANS = st.lists(RANGES.filter(lambda span: span[0] < span[1]), max_size=12)


def stretch(low: int, high: int, proof: str = "ids", token: str | None = None) -> Stretch:
    """All keys from low up to high, each of them a row, at the time that its key says."""
    return Stretch(low, high, low, high - 1, high - low, proof, token)  # type: ignore[arg-type]


def loaded(spans: Sequence[tuple[int, int]]) -> Stretches:
    """What is held after these loads, each of which is cut by those before it."""
    held = Stretches()
    for low, high in spans:
        for piece in held.missing(low, high):
            held = held.add(stretch(*piece))
    return held


def keys_of(spans: Sequence[tuple[int, int]]) -> set[int]:
    return {key for low, high in spans for key in range(low, high)}


@MANY
@given(SPANS)
def test_overlapping_loads_in_any_order_hold_each_key_once(spans: list[tuple[int, int]]) -> None:
    held = list(loaded(spans))
    assert keys_of([(each.low, each.high) for each in held]) == keys_of(spans)
    assert sum(each.rows for each in held) == len(keys_of(spans))
    for before, after in pairwise(held):
        assert before.high < after.low  # sorted, disjoint, and joined where they touch


@MANY
@given(SPANS, RANGES)
def test_what_is_missing_is_what_no_load_has(spans: list[tuple[int, int]], wanted: tuple[int, int]) -> None:
    low, high = wanted
    if low == high:
        return
    missing = loaded(spans).missing(low, high)
    assert keys_of(missing) == set(range(low, high)) - keys_of(spans)
    assert all(start < end for start, end in missing)


@MANY
@given(SPANS)
def test_filling_the_holes_leaves_none(spans: list[tuple[int, int]]) -> None:
    held = loaded(spans)
    for hole in held.holes(0, KEYS):
        # a walk begins with the first row at or after `since`; times equal keys here
        low = hole.low if hole.resumes else max(hole.low, hole.since)
        held = held.add(stretch(low, KEYS + 1 if hole.high is None else hole.high))
    assert held.holes(0, KEYS) == []
    (whole,) = held
    assert (whole.low, whole.rows) == (0, KEYS + 1)


@MANY
@given(SPANS, RANGES)
def test_a_load_that_overlaps_is_refused_unless_it_is_cut(spans: list[tuple[int, int]], more: tuple[int, int]) -> None:
    low, high = more
    if low == high:
        return
    held = loaded(spans)
    if keys_of([more]) & keys_of(spans):
        with pytest.raises(Overlap):
            held.add(stretch(low, high))
    else:
        assert sum(each.rows for each in held.add(stretch(low, high))) == len(keys_of([*spans, more]))


@pytest.mark.parametrize("proofs", [("ids", "pages"), ("absent", "absent"), ("file", "ids")])
def test_stretches_that_are_proven_differently_stay_apart_and_leave_no_hole(proofs: tuple[str, str]) -> None:
    held = Stretches().add(stretch(5, 10, proofs[0])).add(stretch(10, 20, proofs[1]))
    assert len(list(held)) == 2
    assert held.holes(5, 15) == []


def test_joined_stretches_resume_with_the_later_token() -> None:
    (joined,) = Stretches().add(stretch(5, 10, token="ten")).add(stretch(10, 20, token="twenty"))
    assert (joined.low, joined.high, joined.rows, joined.token) == (5, 20, 15, "twenty")
    (before,) = Stretches().add(stretch(10, 20, token="twenty")).add(stretch(5, 10, token="ten"))
    assert before == joined


def test_a_walk_resumes_with_the_token_only_where_the_rows_before_are_held() -> None:
    held = Stretches().add(stretch(10, 20, token="twenty"))
    assert held.newest_hole(0) == Hole(20, None, 19, None, "twenty", resumes=True)
    assert held.holes(0, 30) == [Hole(BEGINNING, 10, 0, 10), Hole(20, None, 19, 30, "twenty", resumes=True)]
    assert held.holes(25, 30) == [Hole(20, None, 25, 30)]
    assert Stretches().newest_hole(7) == Hole(BEGINNING, None, 7, None)


@pytest.mark.parametrize(
    "values", [(5, 5, 0, 0, 0), (6, 5, 0, 0, 0), (-1, 5, 0, 0, 0), (1, 5, 2, 1, 0), (1, 5, 0, 0, -1)]
)
def test_what_is_not_a_stretch_is_refused(values: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="not a stretch"):
        Stretch(*values)


def test_streams_are_covered_independently() -> None:
    coverage = Coverage({}).with_added([("a", stretch(1, 5)), ("b", stretch(3, 9)), ("a", stretch(5, 7))])
    assert [(each.low, each.high) for each in coverage.of("a")] == [(1, 7)]
    assert coverage.of("c").missing(1, 3) == [(1, 3)]


def times(low: int, high: int, rows: int = 1, proof: Proof = "unprovable") -> Stretch:
    return Stretch(low, high, low, high, rows, proof)


def test_a_stream_beside_lacks_no_second_that_the_other_one_touches() -> None:
    beside = stream_beside("a", "files")
    of_other = Stretch(7, 9, 2_400_000, 3_000_000, 2)
    asked = Stretch(9, 12, 5_000_000, 6_000_000, 0, "absent")
    coverage = Coverage({"a": (of_other, asked), beside: (times(0, 1_000_000),)})
    assert coverage.missing(beside, 0, 9_000_000) == [(1_000_000, 2_000_000), (4_000_000, 9_000_000)]
    assert coverage.missing(beside, 2_000_000, 4_000_000) == []
    assert coverage.missing("a", 0, 20) == [(0, 7), (12, 20)]
    assert coverage.times_beside == {"a": [(0, 1_000_000)]}


def test_a_stream_is_beside_another_one_by_its_name_alone() -> None:
    assert main_stream(stream_beside("a b", "some files")) == "a b"
    assert [main_stream(name) for name in ("a", "a (b", "a(b)")] == ["a", "a (b", "a(b)"]


def test_a_hole_between_rows_of_the_same_time_is_a_hole() -> None:
    held = Stretches().add(Stretch(1, 5, 100, 200, 4)).add(Stretch(9, 12, 200, 300, 3))
    assert [(hole.low, hole.high, hole.resumes) for hole in held.holes(100, 300)] == [(5, 9, True)]
    assert held.holes(201, 300) == []
    disordered = Stretches().add(Stretch(1, 5, 100, 210, 4)).add(Stretch(9, 12, 190, 300, 3))
    assert [(hole.low, hole.high) for hole in disordered.holes(100, 300)] == [(5, 9)]


@MANY
@given(SPANS, RANGES, st.booleans())
def test_of_a_hole_the_times_remain_that_the_stream_beside_lacks(
    spans: list[tuple[int, int]], times: tuple[int, int], is_open: bool
) -> None:
    since, until = times
    beside = loaded(spans)
    coverage = Coverage({stream_beside("AAA", "files"): beside.stretches} if beside else {})
    hole = Hole(5, None if is_open else 9, since, None if is_open else until, token="t", resumes=True)
    parts = coverage.outside("AAA", hole)
    remaining = {time for part in parts for time in range(part.since, KEYS if part.until is None else part.until + 1)}
    wanted = set(range(since, KEYS if is_open else until + 1))
    assert wanted - keys_of(spans) <= remaining <= wanted
    assert len(remaining & keys_of(spans)) <= len(spans)  # `until` is the first time that is held again
    for part in parts:
        assert part.resumes == (part.since == since and part.token == "t")
        assert part.low == hole.low
        assert (part.high, part.until) == (hole.high, hole.until) or part.high is None


def test_a_hole_whose_ends_have_one_time_remains() -> None:
    coverage = Coverage({stream_beside("AAA", "files"): (times(10, 20),)})
    hole = Hole(5, 9, 10, 10, resumes=True)
    assert coverage.outside("AAA", hole) == [hole]
    assert coverage.outside("AAA", Hole(5, 9, 10, 15, resumes=True)) == []


def test_a_hole_of_a_stream_without_one_beside_it_remains() -> None:
    hole = Hole(5, 9, 10, 20)
    assert Coverage({"AAA": (stretch(1, 5),)}).outside("AAA", hole) == [hole]
