"""The model `completeness`, on a lake of loads that say what they hold, and the same days as the command shows them."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from lakehouse.coverage import Coverage, Stretch, microseconds
from lakehouse.ledger import LEDGER, LedgerRow
from lakehouse.ledger_commits import as_arrow
from lakehouse.pending import read_landed
from schemahub.runs.days import days_of_stream
from tests.support.lake_under_test import LakeUnderTest, on_duckdb_alone

START = datetime(2026, 1, 5)
COLUMNS = (
    "stream, utc_date, state, held_since, held_until, first_id, last_id, row_count, edge_rows, expected_count, holes"
)
UNIFIED = "b1"
"""A load that the fixture has unified."""


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def stretch(low: int, high: int, since: float, until: float, proof: str = "ids") -> Stretch:
    rows = 0 if proof == "absent" else high - low
    return Stretch(low, high, microseconds(at(since)), microseconds(at(until)), rows, proof)  # type: ignore[arg-type]


def load(name: str, stream: str, *stretches: Stretch, pending: bool = False) -> LedgerRow:
    """A row of the ledger whose rows are spread over its stretches."""
    count = sum(each.rows for each in stretches)
    since, until = (at((us - microseconds(START)) / 3.6e9) for us in (stretches[0].since, stretches[-1].until))
    return LedgerRow(
        load_id=f"pending-{name}" if pending else UNIFIED,
        raw_table="raw_binance_trades",
        source="binance",
        stream=stream,
        channel="rest",
        row_count=count,
        first_id=str(stretches[0].low) if count else None,
        last_id=str(stretches[-1].high - 1) if count else None,
        min_event_ts=since if count else None,
        max_event_ts=until if count else None,
        ingest_ts=at(24 * 9),
        landed_at=at(24 * 9),
        coverage=msgspec.json.encode(stretches).decode(),
    )


def seconds_of(since: float, until: float) -> Stretch:
    low, high = microseconds(at(since)), microseconds(at(until))
    return Stretch(low, high, low, high, 9, "unprovable")


LOADS = [
    load("1", "WHOLE", stretch(1, 31, 6, 20)),
    load("2", "WHOLE", stretch(31, 61, 20, 30)),
    load("3", "WHOLE", stretch(61, 90, 30, 40), stretch(90, 95, 40, 47)),
    load("4", "WHOLE", stretch(95, 99, 60, 61)),
    load("5", "GAPS", stretch(1, 10, 0, 23), stretch(15, 20, 47, 49)),
    load("6", "GAPS", stretch(30, 40, 73, 90)),
    load("7", "GAPS", stretch(25, 30, 70, 71)),
    load("8", "ABSENT", stretch(1, 10, 0, 23), stretch(20, 30, 80, 100)),
    load("9", "ABSENT", stretch(10, 20, 23, 23, "absent")),
    load("10", "UNPROVABLE", stretch(1, 10, 0, 20), stretch(10, 20, 21, 30, "unprovable"), stretch(20, 30, 30, 90)),
    load("11", "PENDING", stretch(1, 10, 0, 23)),
    load("12", "PENDING", stretch(10, 20, 30, 31), pending=True),
    load("13", "PENDING", stretch(20, 30, 31, 90)),
    load("14", "AAA (time and sales)", stretch(microseconds(START), microseconds(at(20)), 0, 20, "file")),
    load("17", "FILES", stretch(1, 10, 0, 23), stretch(20, 30, 80, 100), stretch(40, 50, 101, 110)),
    load("18", "FILES (time and sales)", *(seconds_of(*each) for each in ((23, 30), (30, 50), (70, 81), (101, 110)))),
    load("15", "ABSURD", Stretch(1, 9, 0, microseconds(at(-6 * 24)), 8)),
]
SILENT = msgspec.structs.replace(load("16", "SILENT", stretch(1, 10, 0, 20)), coverage=None)
"""A load that doesn't say what it holds."""


@pytest.fixture
def lake(unified: LakeUnderTest) -> LakeUnderTest:
    ledger = unified.table(LEDGER)
    ledger.append(as_arrow([*LOADS, SILENT], ledger))
    return unified


def completeness(lake: LakeUnderTest) -> list[tuple[Any, ...]]:
    landed = f"from {lake.views}.completeness where source = 'binance' and stream <> 'BTCUSDT'"
    return lake.query(f"select {COLUMNS} {landed} order by stream, utc_date")


@pytest.mark.slow
@on_duckdb_alone
def test_the_model_says_of_each_day_what_the_command_says(lake: LakeUnderTest) -> None:
    found = completeness(lake)
    coverage = Coverage({})
    for row in LOADS:
        stretches = msgspec.json.decode(row.coverage or "[]", type=list[Stretch])
        coverage = coverage.with_added((row.stream, each) for each in stretches)
    landed = read_landed(lake.lake, lake.registry.targets_by_raw_table)
    expected = [
        day
        for stream in sorted(coverage.streams)
        for day in days_of_stream("binance", stream, coverage, [r for r in landed.rows if r.stream == stream], landed)
    ]
    assert [tuple(row) for row in found if row[0] != "SILENT"] == [
        (
            *(day.stream, day.date, day.state, day.since, day.until, day.first_id, day.last_id),
            *(day.row_count, day.edge_rows, day.expected_count, day.holes),
        )
        for day in expected
    ]
    states = {stream: [row[2] for row in found if row[0] == stream] for stream in {row[0] for row in found}}
    assert states.pop("ABSURD")[0] == "complete"
    assert states == {
        "WHOLE": ["complete", "complete", "pending"],
        "GAPS": ["gaps", "gaps", "gaps", "pending"],
        "ABSENT": ["complete"] * 4 + ["pending"],
        "UNPROVABLE": ["unprovable", "unprovable", "complete", "pending"],
        "PENDING": ["complete", "pending", "complete", "pending"],
        "AAA (time and sales)": ["pending"],
        "FILES": ["complete", "gaps", "complete", "gaps"],
        "FILES (time and sales)": ["unprovable", "unprovable", "gaps", "gaps", "gaps"],
        "SILENT": ["pending"],
    }
    assert next(row[1] for row in found if row[0] == "ABSURD") == date(2009, 1, 3)
    assert [row[3:] for row in found if row[0] == "WHOLE"] == [
        (at(6), at(24), 1, 30, 30, 30, 30, 0),
        (at(24), at(48), 61, 94, 34, 30, 34, 0),
        (at(48), at(61), 95, 98, 4, 0, 4, 0),
    ]


@on_duckdb_alone
def test_a_test_warns_of_days_with_gaps(lake: LakeUnderTest) -> None:
    (found,) = lake.dbt("test", "--select", "no_day_has_gaps").result.results
    assert (found.status, found.failures) == ("warn", 8)


@on_duckdb_alone
def test_a_load_that_only_claims_that_there_are_no_rows_is_unified_and_adds_nothing(unified: LakeUnderTest) -> None:
    ledger = unified.table(LEDGER)
    nothing = load("1", "BTCUSDT", stretch(10, 20, 23, 23, "absent"), pending=True)
    ledger.append(as_arrow([nothing], ledger))
    unified.dbt("run")
    (found,) = [row for row in unified.rows("unified_loads") if row["load_id"] == nothing.load_id]
    assert (found["read_rows"], found["inserted_rows"], found["rejected_rows"]) == (0, 0, 0)
    assert unified.snapshots("trades_unified") == 1
