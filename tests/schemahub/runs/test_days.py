"""Whether each day of a stream is complete, according to its stretches and the ledger."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from lakehouse.coverage import Coverage, Stretch, microseconds
from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed, UnifiedLoad
from schemahub.runs.days import Day, days_of_stream
from schemahub.runs.gaps import TIME_AND_SALES
from schemahub.show.days import MOST_DAYS, days_table

START = datetime(2026, 1, 5)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def stretch(low: int, high: int, since: float, until: float, proof: str = "ids") -> Stretch:
    return Stretch(low, high, microseconds(at(since)), microseconds(at(until)), high - low, proof)  # type: ignore[arg-type]


def load(name: str, first: int, last: int, since: float | None, until: float | None) -> LedgerRow:
    times = (None if since is None else at(since), None if until is None else at(until))
    count = last - first + 1
    return LedgerRow(name, "raw_acme_trades", "acme", "AAA", "rest", count, str(first), str(last), *times, START, START)


def days(
    stretches: Sequence[Stretch],
    rows: Sequence[LedgerRow] = (),
    stream: str = "AAA",
    pending: str = "",
    beside: Sequence[Stretch] = (),
) -> list[Day]:
    coverage = Coverage({stream: tuple(stretches), stream + TIME_AND_SALES: tuple(beside)})
    keys = [("all", row.raw_table, row.load_id) for row in rows if row.load_id != pending]
    unified = {key: UnifiedLoad(*key, 1, 1, 0, 0, None, None, START) for key in keys}
    return days_of_stream("acme", stream, coverage, rows, Landed(list(rows), {"raw_acme_trades": "all"}, unified))


def states(found: Sequence[Day]) -> list[str]:
    return [day.state for day in found]


def test_a_day_without_holes_is_complete_and_the_last_one_is_pending() -> None:
    found = days(
        [stretch(1, 90, 6, 60)], [load("a", 1, 30, 6, 20), load("b", 31, 60, 20, 30), load("c", 61, 89, 30, 40)]
    )
    assert states(found) == ["complete", "complete", "pending"]
    first, second, third = found
    assert (first.date, first.since, first.until) == (date(2026, 1, 5), at(6), at(24))
    assert (first.first_id, first.last_id, first.row_count, first.expected_count, first.edge_rows) == (
        1,
        30,
        30,
        30,
        30,
    )
    assert (second.since, second.until) == (at(24), at(48))
    assert (second.first_id, second.last_id, second.row_count, second.edge_rows) == (61, 89, 29, 30)
    assert (third.until, third.first_id, third.row_count, third.expected_count) == (at(60), None, 0, None)


def test_every_day_that_a_hole_touches_has_gaps() -> None:
    found = days([stretch(1, 10, 0, 23), stretch(20, 30, 80, 100)], [load("a", 1, 9, 0, 23)])
    assert states(found) == ["gaps", "gaps", "gaps", "gaps", "pending"]
    assert [day.holes for day in found] == [1, 1, 1, 1, 0]
    assert (found[1].since, found[1].until) == (None, None)


def seconds_of(since: float, until: float) -> Stretch:
    """A stretch of time and sales."""
    low, high = microseconds(at(since)), microseconds(at(until))
    return Stretch(low, high, low, high, 9, "unprovable")


def test_a_hole_counts_only_for_days_of_which_the_stream_beside_lacks_times() -> None:
    stretches = [stretch(1, 10, 0, 23), stretch(20, 30, 80, 100)]
    found = days(stretches, [load("a", 1, 9, 0, 23)], beside=[seconds_of(23, 50), seconds_of(70, 81)])
    assert [(day.date.day, day.state, day.holes) for day in found] == [
        (5, "complete", 0),  # the sixth is held beside, and nothing of this stream
        (7, "gaps", 1),
        (8, "complete", 0),
        (9, "pending", 0),
    ]
    assert [day.expected_count for day in found] == [None] * 4


def test_a_hole_at_the_edge_of_the_stream_beside_counts() -> None:
    stretches = [stretch(1, 10, 0, 10), stretch(20, 30, 12, 30)]
    for beside, is_beside in [((10, 12), False), ((10, 12.1), True), ((10.1, 13), False)]:
        first, _ = days(stretches, beside=[seconds_of(*beside)])
        assert (first.state, first.holes) == (("complete", 0) if is_beside else ("gaps", 1))
    first, _ = days([stretch(1, 10, 0, 10), stretch(20, 30, 10, 30)], beside=[seconds_of(9, 11)])
    assert first.state == "gaps"  # rows at that time may be in the hole


def test_more_ids_are_expected_where_some_are_missing_within_a_day() -> None:
    (found,) = days([stretch(1, 10, 0, 2), stretch(20, 30, 3, 4)], [load("a", 1, 9, 0, 2), load("b", 20, 29, 3, 4)])
    assert (found.row_count, found.expected_count, found.holes, found.state) == (19, 29, 1, "gaps")


def test_what_the_source_has_not_is_no_gap() -> None:
    found = days([stretch(1, 10, 0, 23), stretch(10, 20, 23, 23, "absent"), stretch(20, 30, 80, 100)])
    assert states(found) == ["complete"] * 4 + ["pending"]


def test_a_load_that_is_not_unified_makes_its_days_pending() -> None:
    rows = [load("a", 1, 9, 0, 23), load("b", 10, 19, 30, 31), load("c", 20, 29, None, None)]
    assert states(days([stretch(1, 30, 0, 90)], rows, pending="b")) == ["complete", "pending", "complete", "pending"]
    assert states(days([stretch(1, 30, 0, 90)], rows, pending="c")) == ["complete"] * 3 + ["pending"]


def test_what_cannot_be_proven_is_unprovable_and_nothing_is_expected() -> None:
    stretches = [stretch(1, 10, 0, 20), stretch(10, 20, 20, 30, "unprovable"), stretch(20, 30, 30, 90)]
    found = days(stretches, [load("a", 1, 9, 0, 20), load("b", 20, 29, 50, 60)])
    assert states(found) == ["unprovable", "unprovable", "complete", "pending"]
    assert [day.expected_count for day in found] == [None, None, 10, None]


def test_nothing_is_expected_of_a_stream_that_is_keyed_by_time() -> None:
    (found,) = days([stretch(1, 10, 0, 20, "file")], [load("a", 1, 9, 0, 20)], "AAA" + TIME_AND_SALES)
    assert (found.expected_count, found.row_count) == (None, 9)


def test_an_absurd_time_makes_no_endless_list() -> None:
    long_ago, far_away = load("a", 1, 9, -24 * 365 * 1000, 20), load("b", 10, 20, 0, 24 * 365 * 7000)
    found = days([Stretch(1, 30, 0, microseconds(at(30)), 29)], [long_ago, far_away])
    assert found[0].date == date(2009, 1, 3)
    assert found[-1].date == date(2026, 1, 6)
    assert (found[-2].edge_rows, found[-2].row_count) == (20, 0)


def test_only_the_newest_days_of_a_stream_are_listed() -> None:
    found = days([stretch(1, 10, 0, 24 * 3), stretch(20, 30, 24 * 5, 24 * (MOST_DAYS + 9))])
    table, lines = days_table(found)
    assert table.row_count == MOST_DAYS
    assert lines == [f"acme AAA: {len(found) - MOST_DAYS:,} earlier days: 7 complete, 3 gaps"]
