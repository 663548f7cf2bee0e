"""What the rows of a file claim, and how they are compared with rows that are held."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.coverage import SECOND, Coverage, Stretch, microseconds, stream_beside
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake
from lakehouse.ledger import loads
from lakehouse.raw_table import RawTable
from loaders.channels.files import BadFile, FileFormat, FileStream, Report
from loaders.channels.ordered import KEY, in_order
from loaders.landing import file_pieces, held_rows
from loaders.landing.file_pieces import IMPOSSIBLE_TIME, by_id, by_second
from loaders.landing.gather import Keys
from loaders.landing.known_files import is_noted
from loaders.landing.take_over import GivenFile, TakenOver, take_over, taken_over_before
from loaders.piece import Piece
from tests.support.lakes import LakeHome
from tests.support.landing_program import RAW, START, trades
from tests.support.landings import NOON

NOW = microseconds(NOON)


def file_of(folder: Path, batches: list[pa.RecordBatch], checksum: str, beside: str | None = None) -> GivenFile:
    """A file whose reader yields these rows of the market AAA."""

    def read(*_: Any, **__: Any) -> Iterator[FileStream]:
        yield FileStream("AAA", iter(batches), Report())

    made = FileFormat("made", "a.made", lambda _: True, lambda _: True, read, beside)
    return GivenFile(folder / "a.made", made, "somewhere", checksum, folder)


def take(lake: Lake, file: GivenFile, rows_of_a_load: int = 1_000_000) -> TakenOver:
    return take_over(lake, RAW, file, now=lambda: NOON, rows_of_a_load=rows_of_a_load)


def rows(*ids: int | str, **changes: list[Any]) -> pa.RecordBatch:
    """Rows whose ids are also their times in microseconds after START."""
    return RAW.batch(
        {
            "id": [str(each) for each in ids],
            "market": ["AAA" for _ in ids],
            "at": [START + timedelta(microseconds=int(each)) for each in ids],
            "_raw_payload": [str(each) for each in ids],
            **changes,
        }
    )


def spans(pieces: Iterator[Piece]) -> list[tuple[int, int, int]]:
    return [(piece.stretch.low, piece.stretch.high, piece.rows.num_rows) for piece in pieces]


def test_runs_of_contiguous_ids_are_claimed() -> None:
    batches = [rows(5, 6, 9), rows(10), rows(20, 21)]
    assert spans(by_id(RAW, "AAA", batches, now=NOW)) == [(5, 7, 2), (9, 10, 1), (10, 11, 1), (20, 22, 2)]


def test_too_many_jumps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_pieces, "MOST_JUMPS", 3)
    assert len(list(by_id(RAW, "AAA", [rows(1, 3), rows(5, 7)], now=NOW))) == 4
    with pytest.raises(BadFile, match="jump more than 3 times"):
        list(by_id(RAW, "AAA", [rows(1, 3), rows(5, 7), rows(9)], now=NOW))


def test_ids_that_leave_no_room_for_the_next_are_refused() -> None:
    with pytest.raises(BadFile, match=r"expected ids below 2\^62"):
        list(by_id(RAW, "AAA", [rows(1).set_column(0, "id", pa.array([str(2**63 - 1)]))], now=NOW))


def test_times_that_make_no_sense_claim_no_time() -> None:
    far, early = datetime(2300, 1, 1), datetime(1901, 1, 1)
    batch = rows(1, 2, 4, 5, 7, at=[START, far, None, None, early])
    times = [(piece.stretch.since, piece.stretch.until) for piece in by_id(RAW, "AAA", [batch], now=NOW)]
    assert times == [(microseconds(START),) * 2] * 3


def test_an_impossible_first_time_claims_nothing_before_the_times_that_follow() -> None:
    later = START + timedelta(hours=1)
    batches = [rows(1, 2, at=[datetime(1, 1, 1), later]), rows(3, at=[later])]
    pieces = list(by_id(RAW, "AAA", batches, now=NOW))
    assert [(each.stretch.since, each.stretch.until) for each in pieces] == [(microseconds(later),) * 2] * 2


def test_rows_without_a_possible_time_are_not_joined_with_those_that_follow() -> None:
    coverage = Coverage({})
    for piece in by_id(RAW, "AAA", [rows(1, 2, at=[datetime(1901, 1, 1), None]), rows(3)], now=NOW):
        coverage = coverage.with_added([(piece.stream, piece.stretch)])
    assert [(each.low, each.high, each.proof) for each in coverage.of("AAA")] == [(1, 3, "unprovable"), (3, 4, "ids")]
    day = 86_400 * SECOND
    (before, *_) = coverage.of("AAA").holes(microseconds(START) - day, microseconds(START))
    assert (before.low, before.high) == (0, 1)  # what is older is still missing


def seconds(*numbers: float) -> pa.RecordBatch:
    at = [START + timedelta(seconds=int(each)) for each in numbers]
    return rows(*(f"{place}" for place in range(len(numbers)))).set_column(2, "at", pa.array(at, pa.timestamp("us")))


def test_whole_seconds_are_claimed_and_none_is_in_two_pieces() -> None:
    first = microseconds(START)
    batches = [seconds(0, 0), seconds(0, 2, 5), seconds(5), seconds(5, 9)]
    pieces = list(by_second(RAW, "AAA", "sales", batches, Report(), now=NOW))
    assert {piece.stream for piece in pieces} == {"AAA (sales)"}
    found = [((low - first) / 10**6, (high - first) / 10**6, count) for low, high, count in spans(iter(pieces))]
    assert found == [(0, 5, 4), (5, 9, 3), (9, 10, 1)]


def test_seconds_that_cannot_be_right_are_left_out_and_claim_nothing() -> None:
    report, day = Report(), 86_400
    batches = [seconds(-365 * 50 * day), seconds(-365 * 20 * day, 0, 2), seconds(3, 365 * 500 * day)]
    pieces = list(by_second(RAW, "AAA", "sales", batches, report, now=NOW))
    assert sum(piece.rows.num_rows for piece in pieces) == 3
    assert (pieces[0].stretch.low, pieces[-1].stretch.high) == (microseconds(START), microseconds(START) + 4 * SECOND)
    assert report.skipped == {IMPOSSIBLE_TIME: 3}
    assert report.examples[0].startswith("time 1976-")


def test_a_file_whose_rows_are_not_in_order_is_read_again_before_anything_is_landed(lake: Lake, tmp_path: Path) -> None:
    readings: list[tuple[bool | None, int]] = []

    def read(*_: Any, is_in_order: bool | None, **__: Any) -> Iterator[FileStream]:
        readings.append((is_in_order, len(loads(lake))))
        coming = [rows(*ids) for ids in (range(400), range(800, 1_000), range(400, 800))]
        keyed = (batch.append_column(KEY, batch["id"].cast(pa.int64())) for batch in coming)
        ordered = in_order(keyed, are_in_order=lambda: False, folder=tmp_path, expected=is_in_order)
        yield FileStream("AAA", (batch.drop_columns([KEY]) for batch in ordered), Report())

    file = file_of(tmp_path, [], "shuffled")
    taken = take(lake, replace(file, format=replace(file.format, read=read)), rows_of_a_load=300)
    assert (taken.read, taken.row_count, taken.streams) == (1_000, 1_000, ["AAA"])
    # once in the hope that they are in order, to its end before the first commit; the rest is of the second reading
    assert readings[:3] == [(True, 0), (True, 0), (None, 0)]
    (stretch,) = read_coverage(lake, RAW.name).of("AAA")
    assert (stretch.low, stretch.high, stretch.rows) == (0, 1_000, 1_000)
    assert sum(row.row_count for row in loads(lake)) == 1_000
    assert taken_over_before(lake, RAW) == {"shuffled"}


def test_a_file_is_landed_and_compared_on_every_kind_of_lake(lake_home: LakeHome, tmp_path: Path) -> None:
    lake = lake_home.open()
    first = take(
        lake, file_of(tmp_path, [rows(*range(95, 600)), rows(*range(600, 1_005))], "first"), rows_of_a_load=700
    )
    assert (first.read, first.row_count, first.known) == (910, 910, 0)
    assert taken_over_before(lake, RAW) == {"first"}
    assert {(row.row_count, row.checksum) for row in loads(lake)} == {(505, None), (405, "first")}
    ((low, high),) = [(each.low, each.high) for each in read_coverage(lake, RAW.name).of("AAA")]
    assert (low, high) == (95, 1_005)
    changed = rows(*range(90, 1_010), at=[START + timedelta(milliseconds=each) for each in range(920)])
    second = take(lake, file_of(tmp_path, [changed], "second"))
    assert (second.read, second.row_count, second.known) == (920, 10, 910)
    assert second.different == 910
    assert taken_over_before(lake, RAW) == {"first", "second"}
    assert take(lake, file_of(tmp_path, [rows(*range(100, 200))], "third")).known == 100
    assert [is_noted(lake, RAW.name, each) for each in ("first", "third")] == [False, True]


def test_values_that_one_side_lacks_and_finer_digits_are_no_difference(lake: Lake, tmp_path: Path) -> None:
    exact = [START + timedelta(microseconds=each) for each in (1_234, 2_345, 3_456)]
    take(lake, file_of(tmp_path, [rows(8, 9, 10, at=exact)], "first"))
    coarse = [exact[0].replace(microsecond=1_000), None, exact[2].replace(microsecond=4_000)]
    second = take(lake, file_of(tmp_path, [rows(8, 9, 10, at=coarse)], "second"))
    assert (second.known, second.different) == (3, 1)


def test_rows_without_ids_are_compared_by_what_they_are(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(lake, file_of(tmp_path, [seconds(0, 0, 1, 4)], "first", "sales"))
    read = 0
    absent = held_rows.absent_rows

    def counted(*arguments: Any) -> int:
        nonlocal read
        read += 1
        return absent(*arguments)

    monkeypatch.setattr(held_rows, "absent_rows", counted)
    other = seconds(0, 0, 1, 4, 5).set_column(0, "id", pa.array(["0", "1", "2", "another", "new"]))
    second = take(lake, file_of(tmp_path, [other], "second", "sales"))
    assert (second.row_count, second.known, second.different, read) == (1, 4, 1, 1)


@pytest.mark.parametrize("key", ["id", "at"])
def test_a_claim_that_is_cut_by_time_claims_all_keys_that_are_left(key: str) -> None:
    raw: RawTable = replace(RAW)
    batch = trades("AAA", range(10, 20))
    start = microseconds(START)
    low, high = (10, 20) if key == "id" else (start, start + 30)
    piece = Piece("AAA", pa.Table.from_batches([batch]), Stretch(low, high, start, start + 30, 10, token="t"))
    parts = list(Keys(raw, key).apart(piece, [(start, start + 12), (start + 15, start + 17)]))
    assert [part.rows.num_rows for part in parts] == [0, 3, 0, 3]
    assert [part.stretch.proof for part in parts] == ["file", "ids", "file", "ids"]
    assert [part.stretch.rows for part in parts] == [0, 3, 0, 3]
    edges = [part.stretch.low for part in parts] + [parts[-1].stretch.high]
    assert edges == ([10, 12, 15, 17, 20] if key == "id" else [start, start + 12, start + 15, start + 17, start + 30])
    assert (parts[-1].stretch.token, parts[0].stretch.token) == (("t", None) if key == "id" else (None, None))


LOADS = st.lists(st.tuples(st.booleans(), st.integers(0, 29), st.integers(1, 12)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 12 * SECOND), min_size=30, max_size=30), st.integers(0, 2), LOADS)
def test_a_row_is_in_one_of_two_streams_whatever_is_loaded_in_which_order(
    moments: list[int], disorder: int, loads_in_order: list[tuple[bool, int, int]]
) -> None:
    start = microseconds(START)
    moments = sorted(moments)
    for place in range(disorder):  # ids and times need not agree
        moments[place * 9], moments[place * 9 + 3] = moments[place * 9 + 3], moments[place * 9]
    every = pa.Table.from_batches([rows(*range(30), at=[START + timedelta(microseconds=each) for each in moments])])
    coverage, held = Coverage({}), Counter[str]()
    by_number, by_time = Keys(RAW, "id"), Keys(RAW, "at")
    beside = stream_beside("AAA", "files")
    for is_file, first, count in (*loads_in_order, (False, 0, 30), (True, 0, 30)):
        if is_file:
            low, high = start + first * SECOND, start + (first + count) * SECOND
            for part in coverage.missing(beside, low, high):
                found = by_time.within(every, *part)
                claim = Stretch(*part, *part, found.num_rows, "unprovable")
                coverage = coverage.with_added([(beside, claim)])
                held.update(found["id"].to_pylist())
            continue
        for part in coverage.missing("AAA", first, min(first + count, 30)):
            found = by_number.within(every, *part)
            times = [microseconds(each) for each in found["at"].to_pylist()]
            piece = Piece("AAA", found, Stretch(*part, min(times), max(times), found.num_rows))
            for each in by_number.apart(piece, coverage.times_beside.get("AAA", [])):
                coverage = coverage.with_added([("AAA", each.stretch)])
                held.update(each.rows["id"].to_pylist())
        assert set(held.values()) <= {1}
    assert held == Counter(str(number) for number in range(30))
