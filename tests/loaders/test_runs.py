"""Runs: what was heard, in order and without a hole, whatever order it arrived in."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.channels.runs import Run, Runs
from tests.support.stream_dialects import STREAMS

RAW = STREAMS["coinbase"].raw
EVENTS = st.lists(
    st.tuples(st.sampled_from(["BTC-USD", "ETH-USD"]), st.integers(0, 30), st.sampled_from(["", "take", "wait"])),
    max_size=80,
)


def rows(*trades: tuple[str, int], price: float = 1.0) -> tuple[pa.RecordBatch, list[int]]:
    ids = [each for _, each in trades]
    batch = RAW.batch(
        {
            "trade_id": [str(each) for each in ids],
            "product_id": [stream for stream, _ in trades],
            "price": [price] * len(ids),
            "size": [1.0] * len(ids),
            "side": ["buy"] * len(ids),
            "time": pa.array(ids, pa.int64()).cast(pa.timestamp("us")),
            "_raw_payload": ["{}"] * len(ids),
        }
    )
    return batch, ids


def add(runs: Runs, *ids: int, at: float = 0.0, stream: str = "BTC-USD", price: float = 1.0) -> None:
    runs.add(*rows(*((stream, each) for each in ids), price=price), at=at)


def ranges(found: list[Run]) -> list[tuple[int, int]]:
    return [(run.low, run.high) for run in found]


def test_nothing_gives_nothing() -> None:
    runs = Runs(RAW)
    add(runs)
    assert runs.take(at=0) == []
    assert (runs.rows, runs.nbytes) == (0, 0)


def test_a_trade_is_kept_as_it_was_heard_first() -> None:
    runs = Runs(RAW)
    add(runs, 1, price=1.5)
    add(runs, 1, 2, price=2.5)
    (run,) = runs.take(at=0)
    assert run.rows["price"].to_pylist() == [1.5, 2.5]


def test_what_follows_a_hole_waits_until_patience_ends() -> None:
    runs = Runs(RAW, patience=1)
    add(runs, 1, at=0)
    assert ranges(runs.take(at=0)) == [(1, 2)]
    add(runs, 3, at=1)
    assert runs.take(at=1.5) == []
    assert runs.rows == 1
    assert runs.nbytes > 0
    assert ranges(runs.take(at=2)) == [(3, 4)]
    assert (runs.rows, runs.nbytes, runs.holes) == (0, 0, 1)


def test_at_the_end_nothing_waits() -> None:
    runs = Runs(RAW, patience=1)
    add(runs, 1, 3, 5, at=0)
    assert ranges(runs.take(at=0, everything=True)) == [(1, 2), (3, 4), (5, 6)]


def test_a_trade_that_comes_too_late_is_a_run_of_its_own() -> None:
    runs = Runs(RAW, patience=1)
    add(runs, 1, 3, at=0)
    assert ranges(runs.take(at=5)) == [(1, 2), (3, 4)]
    add(runs, 2, at=6)
    assert ranges(runs.take(at=6)) == [(2, 3)]
    add(runs, 1, 2, 3, 4, at=7)
    assert ranges(runs.take(at=7)) == [(4, 5)]


def test_holes_without_end_need_no_memory_without_end() -> None:
    runs = Runs(RAW, patience=0)
    for low in range(0, 20_000, 2_000):
        add(runs, *range(low, low + 2_000, 2), at=low)
        assert len(runs.take(at=low + 1)) == 1_000
    add(runs, 0, 1, at=30_000)
    assert runs.take(at=40_000) == []  # too long ago to know whether they were handed out
    assert runs.repeated == 2


@pytest.mark.parametrize("streams", [["BTC-USD"], ["BTC-USD", "ETH-USD", "SOL-USD"]])
def test_streams_are_apart(streams: list[str]) -> None:
    runs = Runs(RAW)
    for stream in streams:
        add(runs, 2, 1, stream=stream)
    found = runs.take(at=0)
    assert [(run.stream, run.low, run.high) for run in found] == [(stream, 1, 3) for stream in streams]
    assert all(run.rows["product_id"].unique().to_pylist() == [run.stream] for run in found)


@given(EVENTS)
def test_every_trade_comes_out_once_in_runs_that_miss_nothing(events: list[tuple[str, int, str]]) -> None:
    runs, found, at = Runs(RAW), [], 0.0
    for stream, number, then in events:
        runs.add(*rows((stream, number)), at=at)
        at += 10 if then == "wait" else 0.01
        if then:
            found += runs.take(at=at)
    found += runs.take(at=at, everything=True)
    assert (runs.rows, runs.nbytes) == (0, 0)
    for run in found:
        assert run.rows["trade_id"].to_pylist() == [str(each) for each in range(run.low, run.high)]
        assert run.rows["product_id"].unique().to_pylist() == [run.stream]
        assert run.last_time == max(run.rows["time"].to_pylist())
    for stream in ("BTC-USD", "ETH-USD"):
        of_stream = sorted((run.low, run.high) for run in found if run.stream == stream)
        assert all(high <= low for (_, high), (low, _) in pairwise(of_stream))
        assert {each for low, high in of_stream for each in range(low, high)} == {
            number for name, number, _ in events if name == stream
        }
    assert runs.repeated == len(events) - sum(run.rows.num_rows for run in found)
