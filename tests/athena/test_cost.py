"""What runs read on Athena according to its own figures, here a real Trino's physical input bytes, and their plans.

One lake has these runs: a build, an increment, the same increment with tables that are 50 times as large, a run with
nothing new, one of a large file whose payload is not needed, and two of more days than Athena writes in a statement: an
increment and a full refresh.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from dbt.cli.main import dbtRunner
from rich.console import Console

from advisor.files import SMALL_FILE_BYTES
from advisor.plan import Plan
from advisor.scanned import AthenaQueries, Scanned, scanned
from registry.registry import load_registry
from schemahub.runs.cost import Cost
from schemahub.runs.events import SELECTION
from schemahub.show.plan import cost_report
from simulator.aws.local_athena import LocalAthena
from tests.schemahub.planned_lakes import DAYS, grow, land_first, planned
from tests.support.lake_under_test import ROOT, LakeUnderTest, binance, kraken
from tests.support.lakes import glue_home

MODELS_WITH_TRADES = ("trades_unified", "trades_1m_versions")
LEAST_TIMES = 4
"""The bytes read are at most this many times the minimum of the plan."""

MOST_TIMES = 10
"""The maximum of a plan is less than this many times the bytes read, even if a large file's payload is not needed."""

RUNS = ("build", "of_small", "of_large", "of_nothing", "of_payloads", "of_many_days", "refresh")


@dataclass(frozen=True)
class Run:
    """A run's plan, and what the run read."""

    plan: Plan
    found: list[Scanned]

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.found)

    def scanned(self, node: str) -> int:
        (found,) = (each for each in self.found if each.node == node)
        return found.bytes

    def scanned_of_trades(self) -> int:
        return sum(each.bytes for each in self.found if each.node in MODELS_WITH_TRADES)


def run(lake: LakeUnderTest, *options: str) -> Run:
    plan = planned(lake, full_refresh="--full-refresh" in options)
    queries = AthenaQueries()
    # what `run unify` does, in one call
    dbt(lake, queries, "build", "--exclude-resource-type", "test", "unit_test", *options)
    return Run(plan, scanned(queries, boto3.client("athena")))


def dbt(lake: LakeUnderTest, watch: Callable[[Any], None], *arguments: str) -> None:
    folders = ["--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "profiles")]
    work = ["--target", "athena", "--target-path", str(lake.target_path), "--log-level-file", "none", "--quiet"]
    without_events = ["--exclude", SELECTION]
    assert dbtRunner(callbacks=[watch]).invoke([*arguments, *without_events, *folders, *work]).success


def table_bytes(lake: LakeUnderTest, name: str) -> int:
    return sum(task.file.file_size_in_bytes for task in lake.table(name).scan().plan_files())


@dataclass(frozen=True)
class Runs:
    lake: LakeUnderTest
    build: Run
    of_small: Run
    of_large: Run
    of_nothing: Run
    of_payloads: Run
    of_many_days: Run
    refresh: Run
    small_bytes: int
    large_bytes: int
    """The size of `trades_unified` before `of_large`; `small_bytes` is its size before `of_small`."""


@pytest.fixture(scope="module")
def runs(shared_athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with shared_athena.in_use(), pytest.MonkeyPatch.context() as environment:
        home = glue_home(shared_athena.new_bucket(), tmp_path_factory.mktemp("cost"))
        for name, value in home.environment.items():
            environment.setenv(name, value)
        environment.setenv("SCHEMAHUB_LAKE", home.location)
        yield _runs(LakeUnderTest(home, load_registry(ROOT), tmp_path_factory.mktemp("target")))


def _runs(lake: LakeUnderTest) -> Runs:
    land_first(lake)
    build = run(lake)
    small_bytes = table_bytes(lake, "trades_unified")
    # trades of the first day, one of them known
    lake.land("raw_binance_trades", binance(499, 500, 501), load="y", at="2026-04-01 00:00:00")
    of_small = run(lake)
    grow(lake)
    large_bytes = table_bytes(lake, "trades_unified")
    lake.land("raw_binance_trades", binance(501, 502, 503), load="z", at="2026-09-01 00:00:00")
    of_large = run(lake)
    of_nothing = run(lake)
    payloads = random.Random(1)
    rows = [{**row, "_raw_payload": payloads.randbytes(500).hex()} for row in binance(*range(1000, 13_000))]
    lake.land("raw_binance_trades", rows, load="large", at="2026-09-02 00:00:00")
    of_payloads = run(lake)
    days = (date(2026, 3, 1) + timedelta(days=day) for day in range(101))
    rows = [trade for day in days for trade in kraken(*range(10), pair=str(day), time=f"{day} 12:00:00")]
    lake.land("raw_kraken_trades", rows, load="days", at="2026-09-02 12:00:00")
    of_many_days = run(lake)
    refresh = run(lake, "--full-refresh")
    return Runs(
        lake, build, of_small, of_large, of_nothing, of_payloads, of_many_days, refresh, small_bytes, large_bytes
    )


@pytest.mark.parametrize("name", RUNS)
def test_a_run_reads_and_costs_no_less_and_no_more_than_its_plan_says(runs: Runs, name: str) -> None:
    done: Run = getattr(runs, name)
    assert done.bytes <= LEAST_TIMES * done.plan.bytes
    assert done.plan.bytes <= done.bytes <= done.plan.bytes_at_most
    assert done.plan.dollars <= sum(each.dollars for each in done.found) <= done.plan.dollars_at_most


@pytest.mark.parametrize("name", RUNS)
def test_the_maximum_of_a_plan_is_not_far_above_what_is_read(runs: Runs, name: str) -> None:
    done: Run = getattr(runs, name)
    assert done.plan.bytes_at_most < MOST_TIMES * done.bytes


@pytest.mark.parametrize("name", RUNS)
def test_every_model_that_sends_statements_is_a_table_of_the_plan_that_is_written(runs: Runs, name: str) -> None:
    done: Run = getattr(runs, name)
    sent = {each.node: each.statements for each in done.found}
    most = {each.name: each.statements_at_most for each in done.plan.tables if each.writes}
    assert sent.keys() <= most.keys()
    assert {node for node, count in sent.items() if count > most[node]} == set()


def test_an_increment_reads_no_more_if_the_tables_are_fifty_times_as_large(runs: Runs) -> None:
    assert runs.large_bytes > 0.9 * DAYS * runs.small_bytes
    small, large = runs.of_small.scanned_of_trades(), runs.of_large.scanned_of_trades()
    # its day has the file of the increment before, which is small
    assert small < large < 1.3 * small
    assert runs.of_large.scanned("trades_unified") < 0.2 * runs.large_bytes


def test_only_what_reads_the_ledger_grows_with_the_number_of_loads(runs: Runs) -> None:
    rest = [each.node for each in runs.of_large.found if each.node not in MODELS_WITH_TRADES]
    grown = {node for node in rest if runs.of_large.scanned(node) > 1.5 * runs.of_small.scanned(node)}
    assert {"pending_loads"} <= grown <= {"pending_loads", "unified_loads"}


def test_nothing_new_reads_no_trades(runs: Runs) -> None:
    assert runs.of_nothing.scanned_of_trades() == 0
    assert runs.of_nothing.plan.pending == ()


def test_of_a_large_file_athena_reads_the_columns_that_the_plan_counts(runs: Runs) -> None:
    raw = runs.of_payloads.plan.of("raw_binance_trades").reads
    assert raw.bytes_of_files > 1.5 * SMALL_FILE_BYTES
    assert raw.bytes < 0.1 * raw.bytes_of_files
    assert runs.of_payloads.bytes < raw.bytes_of_files


def test_a_run_ends_with_its_plan_and_what_it_read(runs: Runs) -> None:
    lake, console = runs.lake, Console(width=120)
    lake.land("raw_kraken_trades", kraken(501), load="k2", at="2026-09-03 00:00:00")
    cost = Cost()
    assert cost.plan_run(lake.lake, lake.registry) == []
    dbt(lake, cost.queries, "run")
    with console.capture() as captured:
        console.print(*cost_report(cost.paid()))
    header, *rows = captured.get().splitlines()
    assert header.split() == ["Athena", "read", "statements", "bytes", "price"]
    shown = {row.split("  ")[0]: row.split()[-1] for row in rows}
    assert list(shown)[-3:] == ["total", "planned: at least", "planned: at most"]
    assert shown["trades_unified"] == "$0.00024"  # five statements
