"""Rows are brought in the order of a key, stably, and each key once."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.channels import ordered
from loaders.channels.files import Report
from loaders.channels.ordered import CHANGED, KEY, REPEATED, NotInOrder, each_once, in_order, rise
from tests.support.files_of_trades import patient

Row = tuple[int, str, str]


def batches(rows: list[Row], size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), size):
        keys, values, payloads = zip(*rows[start : start + size], strict=True)
        yield pa.RecordBatch.from_pydict(
            {"id": [str(key) for key in keys], "value": values, "payload": payloads, KEY: pa.array(keys, pa.int64())}
        )


def rows_of(found: Iterator[pa.RecordBatch]) -> list[Row]:
    return [(row[KEY], row["value"], row["payload"]) for batch in found for row in batch.to_pylist()]


KEYS = st.lists(st.integers(0, 30), max_size=60)


@patient
@given(KEYS, st.integers(1, 9))
def test_rise_tells_whether_keys_never_fall(keys: list[int], size: int) -> None:
    arrays = [pa.array(keys[start : start + size], pa.int64()) for start in range(0, len(keys), size)]
    assert rise([pa.array([], pa.int64()), *arrays]) == (keys == sorted(keys))


@patient
@given(KEYS, st.integers(1, 9), st.integers(1, 40), st.integers(1, 7))
def test_rows_are_sorted_stably_whatever_the_runs(keys: list[int], size: int, run: int, piece: int) -> None:
    rows = [(key, str(place), f"p{place}") for place, key in enumerate(keys)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "_RUN_ROWS", run)
        patch.setattr(ordered, "_RUN_BATCH", piece)
        found = rows_of(in_order(batches(rows, size), are_in_order=lambda: False))
    assert found == sorted(rows, key=lambda row: row[0])


def test_nothing_is_left_of_what_was_sorted(tmp_path: Path) -> None:
    rows = [(3, "c", "c"), (1, "a", "a"), (2, "b", "b")]
    sorting = in_order(batches(rows, 1), are_in_order=lambda: False, folder=tmp_path)
    next(sorting)
    assert len(list(tmp_path.iterdir())) == 1
    sorting.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_rows_in_order_are_passed_on_as_they_come() -> None:
    taken: list[int] = []

    def coming() -> Iterator[pa.RecordBatch]:
        for key, batch in enumerate(batches([(key, "v", "p") for key in range(5)], 1)):
            taken.append(key)
            yield batch

    passing = in_order(coming(), are_in_order=lambda: True)
    assert [next(passing)[KEY].to_pylist(), next(passing)[KEY].to_pylist()] == [[0], [1]]
    assert taken == [0, 1]
    assert rows_of(passing) == [(2, "v", "p"), (3, "v", "p"), (4, "v", "p")]


def test_nobody_asks_for_the_order_of_a_single_batch() -> None:
    def unasked() -> bool:
        raise AssertionError

    rows = [(3, "c", "c"), (1, "a", "a"), (1, "b", "b")]
    assert rows_of(in_order(batches(rows, 9), are_in_order=unasked)) == sorted(rows)
    assert rows_of(in_order(iter([]), are_in_order=unasked)) == []


@patient
@given(KEYS, st.integers(1, 9))
def test_rows_that_are_expected_to_be_in_order_are_read_once(keys: list[int], size: int) -> None:
    def unasked() -> bool:
        raise AssertionError

    rows = [(key, str(place), f"p{place}") for place, key in enumerate(keys)]
    passing = in_order(batches(rows, size), are_in_order=unasked, expected=True)
    if keys == sorted(keys) or len(keys) <= size:
        assert rows_of(passing) == sorted(rows, key=lambda row: row[0])
    else:
        with pytest.raises(NotInOrder):
            rows_of(passing)


@patient
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ab"), st.sampled_from("pq"))), st.integers(1, 6))
def test_each_key_comes_once_and_what_is_left_out_is_counted(rows: list[Row], size: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    report = Report()
    found = rows_of(each_once(batches(rows, size), report, payload="payload", id_column="id"))
    first = {key: (key, value, payload) for key, value, payload in reversed(rows)}
    assert found == [first[key] for key in sorted(first)]
    pairs = [(before, after) for before, after in pairwise(rows) if before[0] == after[0]]
    same = sum(before[1] == after[1] or before[2] == after[2] for before, after in pairs)
    assert report.skipped[REPEATED] == same
    assert report.skipped[CHANGED] == len(pairs) - same
    assert len(report.examples) == min(len(pairs) - same, 10)


def test_null_and_not_a_number_are_equal_to_themselves() -> None:
    schema = pa.schema({"id": pa.string(), "a": pa.float64(), "payload": pa.string(), KEY: pa.int64()})
    batch = pa.RecordBatch.from_pylist(
        [
            {"id": "1", "a": None, "payload": "p", KEY: 1},
            {"id": "1", "a": None, "payload": "q", KEY: 1},
            {"id": "2", "a": float("nan"), "payload": "p", KEY: 2},
            {"id": "2", "a": float("nan"), "payload": "p", KEY: 2},
        ],
        schema=schema,
    )
    report = Report()
    assert [one.num_rows for one in each_once([batch], report, payload="payload", id_column="id")] == [2]
    assert report.skipped == {REPEATED: 2}
