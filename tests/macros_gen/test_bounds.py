"""Staging accepts and rejects rows by what a target declares about the values of its columns."""

from collections.abc import Iterator

import pytest
import yaml

from tests.support.generated_project import GeneratedProject

TARGET = "config/targets/trades_unified.yaml"
COINBASE = "stg_coinbase__trades"
NUMBERS = {
    "0.5": None,
    "1e-300": None,
    "0": "is not above 0",
    "-0.0": "is not above 0",
    "-1e-300": "is not above 0",
    "-5": "is not above 0",
    "'nan'::double": "is not finite",
    "'inf'::double": "is not finite",
    "'-inf'::double": "is not finite",
    "null": "is null",
}


def trade(**columns: str) -> str:
    """Return a query for one raw trade of Coinbase; the values in `columns` are SQL."""
    row = {
        "trade_id": "'1'",
        "product_id": "'BTC-USD'",
        "price": "1.5",
        "size": "2.5",
        "side": "'sell'",
        "time": "timestamp '2026-02-03 04:05:06'",
        "_source_ingest_ts": "timestamp '2026-02-03 04:06:00'",
        "_channel": "'rest'",
        "_dlt_load_id": "'load'",
        **columns,
    }
    doubles = {name: f"cast({sql} as double)" for name, sql in row.items() if name in ("price", "size")}
    return "select " + ", ".join(f'{sql} as "{name}"' for name, sql in {**row, **doubles}.items())


def reason(project: GeneratedProject, *, run_started: str = "2026-03-01", **columns: str) -> str | None:
    ((found,),) = project.staged(COINBASE, trade(**columns), "rejection_reason", run_started=run_started)
    return found


@pytest.mark.parametrize(("source", "column"), [("price", "price"), ("size", "quantity")])
def test_prices_and_quantities_are_finite_and_above_0(project: GeneratedProject, source: str, column: str) -> None:
    raw = " union all ".join(trade(**{source: sql, "trade_id": f"'{number}'"}) for number, sql in enumerate(NUMBERS))
    found = dict(project.staged(COINBASE, raw, "cast(trade_id as int), rejection_reason"))
    assert [found[number] for number in range(len(NUMBERS))] == [
        None if complaint is None else f"{column} {complaint}" for complaint in NUMBERS.values()
    ]


BOUNDS = {
    "min: 1": {"1": None, "0.99": "price is below 1", "'nan'::double": "price is not finite"},
    "above: 1": {"1.01": None, "1": "price is not above 1"},
    "max: 2.5": {"2.5": None, "2.51": "price is above 2.5", "'nan'::double": "price is not finite"},
    "below: 2.5": {"2.49": None, "2.5": "price is not below 2.5"},
    "min: 1, max: 1": {"1": None, "2": "price is above 1"},
    "above: 1, below: 3": {"2": None, "1": "price is not above 1", "3": "price is not below 3"},
}


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_bound_is_inclusive_or_not_as_its_name_says(project: GeneratedProject, bounds: str) -> None:
    lines = "".join(f"    {bound}\n" for bound in bounds.split(", "))
    project.replace(TARGET, "    required: true\n    above: 0\n", f"    required: true\n{lines}")
    for value, complaint in BOUNDS[bounds].items():
        assert reason(project, price=value) == complaint


def test_a_column_that_may_be_null_has_bounds_too(project: GeneratedProject) -> None:
    project.replace(TARGET, "    required: true\n    above: 0\n", "    above: 0\n")
    assert [reason(project, price=value) for value in ("null", "1", "0", "'nan'::double")] == [
        None,
        None,
        "price is not above 0",
        "price is not finite",
    ]


def test_times_have_bounds(project: GeneratedProject) -> None:
    project.replace(TARGET, "from: _source_ingest_ts", "from: _source_ingest_ts\n    min: 2026-02-03T06:06:00+02:00")
    assert reason(project) is None
    assert reason(project, _source_ingest_ts="timestamp '2026-02-03 04:05:59.999999'") == (
        "ingest_ts is below 2026-02-03T06:06:00+02:00"
    )


def test_a_value_that_is_not_accepted_is_refused(project: GeneratedProject) -> None:
    project.replace("config/mappings/coinbase_trades.yaml", "transforms: {side: side_from_maker_side}\n", "")
    assert [reason(project, side=side) for side in ("'BUY'", "null", "'sell'")] == [None, None, "side is not accepted"]


SLOW = {"time": "timestamp '2026-02-06 04:05:06'"}
"""A trade that was landed while the clock was three days behind."""


@pytest.mark.parametrize(
    ("run_started", "complaint"),
    {
        "2026-02-03 05:00:00": "trade_ts is in the future",
        "2026-02-05 04:05:05": "trade_ts is in the future",
        "2026-02-05 04:05:06": None,
        "2026-02-06 05:00:00": None,
        "2027-01-01 00:00:00": None,
    }.items(),
)
def test_a_time_after_the_landing_is_refused_until_the_clock_has_caught_up(
    project: GeneratedProject, run_started: str, complaint: str | None
) -> None:
    assert reason(project, run_started=run_started, **SLOW) == complaint


def test_a_trade_is_not_in_the_future_if_the_clock_of_the_run_is_behind(project: GeneratedProject) -> None:
    assert reason(project, run_started="2026-01-01") is None


def test_the_bounds_are_tested_and_documented(project: GeneratedProject) -> None:
    project.replace(TARGET, "above: 0\n", "min: 0.5\n    below: 9\n")
    files = project.files()
    (model,) = yaml.safe_load(files["dbt_project/models/generated/trades_unified.yml"])["models"]
    (price,) = (column for column in model["columns"] if column["name"] == "price")
    assert list(conditions(price)) == ["price < cast(0.5 as double)", "price >= cast(9.0 as double)"]
    assert "in the quote asset. At least 0.5, below 9.\n" in files["dbt_project/models/generated/_columns.md"]


def conditions(column: dict[str, list[object]]) -> Iterator[str]:
    for test in column["data_tests"]:
        if isinstance(test, dict) and "no_row_where" in test:
            yield test["no_row_where"]["arguments"]["condition"]
