"""Athena finds the events that DuckDB finds in the same trades, with statements that it can take."""

import json
import math
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.lake import identifier
from lakehouse.ledger import LEDGER
from schemahub.runs import last_run
from schemahub.runs.context import RunContext
from schemahub.runs.demo import TARGET, running_demo
from schemahub.runs.events import find_events
from schemahub.runs.ingest import ingest_symbols, symbols_of
from schemahub.runs.query import run_query
from schemahub.runs.raw_tables import create_tables
from schemahub.runs.unify import unify
from schemahub.settings import load_settings
from simulator.aws.local_athena import LocalAthena
from tests.athena.ask import ask
from tests.athena.statements import execution_ids, executions_since
from tests.support.lakes import glue_home
from web.marts import Marts
from web.reading import Reader

pytestmark = pytest.mark.long

TRADES = 40_000
STORED = ("volatility_moves_versions", "lead_lag_sums_versions")
VIEWS = ("volatility_events", "venue_lead_lag")
MOST_RANGES = 40
"""The most stretches of time that a statement reads, each of which is a stage."""
MOST_STAGES = 150

Row = dict[str, Any]


@dataclass(frozen=True)
class Lakes:
    here: RunContext
    """In a folder."""
    there: RunContext
    """On Glue."""


@pytest.fixture(scope="module")
def lakes(athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakes]:
    """The same trades in a lake of each kind, with all events found."""
    folder = tmp_path_factory.mktemp("events")
    here = RunContext(load_settings(lake=str(folder / "lake")))
    with running_demo(here, TRADES) as demo:
        symbols = symbols_of(demo.context, demo.exchanges)
        outcomes = list(ingest_symbols(demo.context, symbols, progress=lambda _: lambda *_: None))
        assert [problem for outcome in outcomes for problem in outcome.problems] == []
    with athena.in_use(), pytest.MonkeyPatch.context() as environment:
        home = glue_home(athena.new_bucket(), folder)
        for name, value in home.environment.items():
            environment.setenv(name, value)
        there = RunContext(load_settings(lake=home.location))
        copy_raw(here, there)
        for context in (here, there):
            unify(context, TARGET)
            assert find_events(context)
        yield Lakes(here, there)


def copy_raw(here: RunContext, there: RunContext) -> None:
    for context in (here, there):
        create_tables(context.lake, context.registry)
    for name in (*(mapping.source for mapping in here.registry.mappings), LEDGER):
        rows = here.lake.catalog.load_table(identifier(name)).scan().to_arrow()
        if rows.num_rows:
            there.lake.catalog.load_table(identifier(name)).append(rows)


def in_order(rows: pa.Table) -> list[Row]:
    """The rows, sorted by everything but floating numbers."""
    exact = [field.name for field in rows.schema if not pa.types.is_floating(field.type)]
    return sorted(rows.to_pylist(), key=lambda row: [(row[name] is not None, row[name]) for name in exact])


def from_duckdb(context: RunContext, name: str) -> list[Row]:
    shown: list[pa.Table] = []
    run_query(context.lake, f"select * from {name}", show=lambda relation: shown.append(relation.to_arrow_table()))
    return in_order(pa.concat_tables(shown))


def from_athena(context: RunContext, name: str) -> list[Row]:
    catalog = context.lake.catalog
    if name in STORED:
        return in_order(catalog.load_table(identifier(name)).scan().to_arrow())
    shown = f"shown_{name}"
    ask(
        f"create table schemahub.{shown} with (table_type = 'iceberg', is_external = false, "
        f"location = '{context.lake.location}/{shown}') as select * from schemahub.{name}"
    )
    rows = in_order(catalog.load_table(identifier(shown)).scan().to_arrow())
    catalog.drop_table(identifier(shown))  # or the next run would find that the lake has changed
    return rows


def differences(rows: list[Row], others: list[Row]) -> list[tuple[str, object, object]]:
    return [
        (name, value, other[name])
        for row, other in zip(rows, others, strict=True)
        for name, value in row.items()
        if not are_same(value, other[name])
    ]


def are_same(value: object, other: object) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-9)
    return value == other


@pytest.mark.parametrize("name", [*STORED, *VIEWS])
def test_both_engines_find_the_same(lakes: Lakes, name: str) -> None:
    on_duckdb, on_athena = from_duckdb(lakes.here, name), from_athena(lakes.there, name)
    assert len(on_duckdb) == len(on_athena) >= 20
    assert on_duckdb[0].keys() == on_athena[0].keys()
    assert differences(on_duckdb, on_athena)[:10] == []


def test_pages_show_what_the_views_say(lakes: Lakes) -> None:
    events = from_duckdb(lakes.here, "volatility_events")
    largest = max(events, key=lambda event: abs(event["size_bps"]))
    symbol, start_us = largest["canonical_symbol"], us_of(largest["started_at"])
    delays = [
        each
        for each in from_duckdb(lakes.here, "venue_lead_lag")
        if (each["canonical_symbol"], us_of(each["started_at"])) == (symbol, start_us)
    ]
    assert any(each["median_delay_ms"] for each in delays)
    for context in (lakes.here, lakes.there):
        marts = Marts(context.lake, Reader(context.lake))
        (first, *_) = marts.events(symbol, start_us - 1, start_us + 1, 20) or ()
        assert are_same(first["move_bps"], largest["size_bps"])
        shown = marts.delays(symbol, start_us) or []
        assert sorted((each["leader"], each["follower"], each["median_ms"] or 0, each["day_ms"]) for each in shown) == (
            sorted(
                (each["leader_exchange"], each["follower_exchange"], each["median_delay_ms"] or 0, each["day_delay_ms"])
                for each in delays
            )
        )


def us_of(time: Any) -> int:
    return int(pa.scalar(time, pa.timestamp("us")).value)


def stages(trino: str, statement: str) -> int:
    """The number of stages of the largest finished statement with this text."""
    ids = [each["queryId"] for each in from_trino(trino, "/v1/query") if statement in each["query"]]
    found = [from_trino(trino, f"/v1/query/{each}") for each in ids]
    return max(counted(each["outputStage"]) for each in found if each["state"] == "FINISHED")


def counted(stage: Any) -> int:
    return 1 + sum(counted(each) for each in stage["subStages"])


def from_trino(trino: str, path: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(f"{trino}{path}", headers={"X-Trino-User": "test"})) as answer:
        return json.load(answer)


def test_no_statement_has_half_as_many_stages_as_athena_allows(lakes: Lakes, athena: LocalAthena) -> None:
    """Of the prices, because each stretch of time that they are read from is a stage of its own."""
    for name in ("event_hours", "event_stretches", "event_ticks", *STORED):
        assert 1 < stages(athena.trino, f'create table "awsdatacatalog"."schemahub"."{name}') < MOST_STAGES // 2
    prices = stages(athena.trino, 'create table "awsdatacatalog"."schemahub"."event_prices')
    assert prices + MOST_RANGES - 1 < MOST_STAGES // 2
    for name in VIEWS:
        assert 1 < stages(athena.trino, f"as select * from schemahub.{name}") < MOST_STAGES // 2


def counts(context: RunContext) -> dict[str, tuple[str, int]]:
    """The UUID and the number of rows of each stored table."""
    tables = {name: context.lake.catalog.load_table(identifier(name)) for name in STORED}
    return {name: (str(table.metadata.table_uuid), table.scan().to_arrow().num_rows) for name, table in tables.items()}


def test_a_run_with_nothing_new_reads_no_trades_and_adds_nothing(lakes: Lakes) -> None:
    before, known = counts(lakes.there), execution_ids()
    assert not find_events(lakes.there)
    assert executions_since(known) == []
    last_run.forget(lakes.there.lake, "events")
    assert find_events(lakes.there)
    assert counts(lakes.there) == before
    reading = [each["Query"] for each in executions_since(known) if "trades_unified" in each["Query"]]
    assert len(reading) >= 1
    assert all("trade_ts < timestamp '1970-01-01 00:00:00.000000'" in each for each in reading)


def test_hours_that_one_table_lacks_after_a_killed_run_are_added_to_it_alone(lakes: Lakes) -> None:
    before = counts(lakes.there)
    lakes.there.lake.catalog.load_table(identifier(STORED[1])).delete("base_asset = 'BTC'")
    assert counts(lakes.there) != before
    assert find_events(lakes.there)
    assert counts(lakes.there) == before


def test_events_of_trades_that_a_full_refresh_replaced_are_found_again(lakes: Lakes) -> None:
    before = counts(lakes.there)
    table = lakes.there.lake.catalog.load_table(identifier(STORED[0]))
    with table.transaction() as transaction:
        transaction.set_properties({"schemahub.found-in": "another table of trades"})
    assert find_events(lakes.there)
    after = counts(lakes.there)
    assert {name: rows for name, (_, rows) in after.items()} == {name: rows for name, (_, rows) in before.items()}
    assert all(after[name] != before[name] for name in STORED)
    assert not find_events(lakes.there)
