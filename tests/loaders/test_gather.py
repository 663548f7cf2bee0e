"""Pieces become files that hold each row once and know what they claim, and long series become several loads."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.coverage import Coverage, Stretch
from loaders.landing import gather
from loaders.landing.flushes import FlushEvery, flushes
from loaders.landing.gather import Batch, Gatherer, Keys
from loaders.piece import Piece
from tests.support.landing_program import MARKETS, RAW, piece

FILE = 100
MANY = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "ROWS_OF_A_FILE", FILE)
    monkeypatch.setattr(gather, "MOST_ROWS_GATHERED", 350)


def batches(pieces: list[Piece]) -> list[Batch]:
    return list(Gatherer(Keys(RAW, RAW.id_column)).batches(iter(pieces)))


def walks(sizes: list[int], seed: int) -> list[Piece]:
    """Pieces of several walks, each of which goes forward, in any order; every walk has a range of its own."""
    draw = random.Random(seed)
    waiting = []
    for number, size in enumerate(sizes):
        market, low = MARKETS[number % 2], 1 + 10_000 * number
        pages = [range(start, min(start + 30, low + size)) for start in range(low, low + size, 30)]
        waiting.append([piece(market, page) for page in pages if len(page)])
    found = []
    while any(waiting):
        walk = draw.choice([each for each in waiting if each])
        found.append(walk.pop(0))
    return found


@MANY
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5), st.integers(0, 10**6))
def test_files_hold_every_row_once_and_claim_exactly_what_came(sizes: list[int], seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gather, "ROWS_OF_A_FILE", FILE)
        patch.setattr(gather, "MOST_ROWS_GATHERED", 350)
        pieces = walks(sizes, seed)
        files = batches(pieces)
    sent = Counter((each.stream, id_) for each in pieces for id_ in each.rows["id"].to_pylist())
    held = Counter(zip(
        [name for file in files for name in file.rows["market"].to_pylist()],
        [id_ for file in files for id_ in file.rows["id"].to_pylist()], strict=True))  # fmt: skip
    assert held == sent
    claimed = Coverage({}).with_added((part.stream, part.stretch) for file in files for part in file.parts)
    came = Coverage({}).with_added((each.stream, each.stretch) for each in pieces)
    assert claimed.streams == came.streams
    for file in files:
        at = 0
        for part in file.parts:
            rows = file.rows.slice(at, part.stretch.rows)
            ids = [int(id_) for id_ in rows["id"].to_pylist()]
            assert (ids[0], ids[-1] + 1) == (part.stretch.low, part.stretch.high)
            assert (part.rows.row_count, part.rows.first_id, part.rows.last_id) == (len(ids), str(ids[0]), str(ids[-1]))
            at += part.stretch.rows
        assert at == file.rows.num_rows <= 2 * FILE


def test_files_end_at_the_same_ids_wherever_a_load_begins() -> None:
    ends = set()
    for first in (1, 17, 95, 130):
        pages = [piece("AAA", range(low, min(low + 7, 1_000))) for low in range(first, 1_000, 7)]
        ends.add(tuple(part.stretch.high for file in batches(pages) for part in file.parts if part.stretch.high > 200))
    assert ends == {(300, 400, 500, 600, 700, 800, 900, 1_000)}


def test_ids_with_gaps_make_full_files_too() -> None:
    sparse = [
        each._replace(stretch=Stretch(10 * at, 10 * at + 10, at, at, 5))
        for at, each in ((at, piece("AAA", range(10 * at, 10 * at + 5))) for at in range(1, 101))
    ]
    assert [file.rows.num_rows for file in batches(sparse)] == [FILE] * 5


def test_many_small_streams_share_files_in_order() -> None:
    small = [piece(f"M{number:03}", range(1, 3)) for number in random.Random(1).sample(range(200), 200)]
    files = batches(small)
    assert len(files) <= 5  # memory bounds how many rows are gathered
    for file in files:
        names = [part.stream for part in file.parts]
        assert names == sorted(names)


def test_a_load_ends_with_the_rows_or_the_seconds_that_are_given() -> None:
    now = [0.0]

    def arriving() -> Iterator[Piece | None]:
        for low in range(1, 1_000, 100):
            now[0] += 1
            yield piece("AAA", range(low, low + 100))
        for _ in range(30):
            now[0] += 1
            yield None
        yield piece("AAA", range(1_001, 1_101))

    loads = [sum(each.rows.num_rows for each in load) for load in
             flushes(arriving(), FlushEvery(rows=300, seconds=20), clock=lambda: now[0])]  # fmt: skip
    assert loads == [300, 300, 300, 100, 100]
    assert [list(load) for load in flushes(iter([None, None]), FlushEvery())] == []
