"""Every statement that dbt sends to Athena in one lifecycle, kept as text, so that a review shows every change.

WRITE_GOLDEN=1 make test-athena        writes the files again
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from registry.registry import Registry
from schemahub.runs.events import SELECTION
from simulator.aws.local_athena import LocalAthena
from tests.athena.statements import execution_ids, executions_since, masked
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, kraken
from tests.support.lakes import glue_home

GOLDEN = Path(__file__).parent / "golden"
RUNS = ("seed", "first run", "events", "no new events", "incremental run", "nothing new", "full refresh")
PHASES = (*RUNS, "tests", "freshness")


def _node(statement: str) -> str:
    """Its first line. dbt starts nodes of one rank in any order, even with one thread."""
    return statement.split("\n", 1)[0]


@dataclass
class Lifecycle:
    """The statements of each phase, masked."""

    statements: dict[str, list[str]] = field(default_factory=dict)

    def run(self, phase: str, lake: LakeUnderTest, *arguments: str) -> None:
        known = execution_ids()
        lake.dbt(*arguments)
        bucket = lake.location.removeprefix("s3://").split("/")[0]
        statements = [masked(each, bucket) for each in executions_since(known)]
        self.statements[phase] = sorted(statements, key=_node)  # a node's own statements stay in their order


@pytest.fixture(scope="module")
def lifecycle(athena: LocalAthena, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    folder = tmp_path_factory.mktemp("golden")
    with athena.in_use(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("SCHEMAHUB_THREADS", "1")  # so that a node's statements come in the same order always
        lake = LakeUnderTest(glue_home(athena.new_bucket(), folder), registry, folder / "target")
        lake.land("raw_binance_trades", binance(1, 2, 3), load="b1", at="2026-01-05 12:00:00")
        lake.land("raw_coinbase_trades", coinbase(9, 10), load="c1", at="2026-01-05 12:00:01")
        found = Lifecycle()
        found.run("seed", lake, "seed")
        found.run("first run", lake, "run")
        found.run("events", lake, "run", "--select", SELECTION)
        found.run("no new events", lake, "run", "--select", SELECTION)
        found.run("tests", lake, "test")
        found.run("freshness", lake, "source", "freshness")
        lake.land("raw_binance_trades", binance(3, 4), load="b2", at="2026-01-06 12:00:00")
        lake.land("raw_kraken_trades", kraken(9, time="2026-01-03 23:59:59"), load="k1", at="2026-01-06 12:00:01")
        found.run("incremental run", lake, "run")
        found.run("nothing new", lake, "run")
        found.run("full refresh", lake, "run", "--full-refresh")
        assert len(lake.rows("trades_unified")) == 7
        yield found


@pytest.mark.parametrize("phase", PHASES)
def test_statements_are_those_that_were_reviewed(lifecycle: Lifecycle, phase: str) -> None:
    path = GOLDEN / f"{phase.replace(' ', '_')}.sql"
    text = "\n".join(lifecycle.statements[phase])
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), (
        f"{path.name} differs; if that is intended, write it again: see the top of this file"
    )


def parsed(phase: str) -> Iterator[exp.Expression]:
    for statement in (GOLDEN / f"{phase.replace(' ', '_')}.sql").read_text().split("\n;\n"):
        if statement.strip():
            yield sqlglot.parse_one(statement, dialect="athena")


def test_an_incremental_run_reads_the_unified_table_by_literal_ranges_alone() -> None:
    ranges = 0
    for statement in parsed("incremental run"):
        if isinstance(statement, exp.Create) and statement.kind == "VIEW":
            continue  # reads nothing
        for table in statement.find_all(exp.Table):
            select = table.find_ancestor(exp.Select)
            if table.name != "trades_unified" or select is None:
                continue
            where = select.args["where"].sql(dialect="athena")
            bound = r"trade_ts (>=|<) CAST\('\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?' AS TIMESTAMP\(6\)\)"
            assert len(re.findall(bound, where)) == 2, where
            assert " OR " not in where
            ranges += 1
    assert ranges >= 4  # two stretches of time, for the unified table and for the candles


@pytest.mark.parametrize(
    ("phase", "names", "reads"),
    [("nothing new", r"(raw|stg|trades)_(?!.*__dbt_tmp).*", 6), ("no new events", r"(raw|stg)_.*|trades_unified", 1)],
)
def test_a_run_with_nothing_new_reads_neither_trades_nor_raw_rows(phase: str, names: str, reads: int) -> None:
    """It names those tables within a range that holds no time, so that the engine leaves out every file."""
    bound = r" (>=|<) (CAST\('[-0-9:. ]+' AS TIMESTAMP\(6\)\))"
    guarded = 0
    for statement in parsed(phase):
        if isinstance(statement, exp.Create) and statement.kind == "VIEW":
            continue
        for table in statement.find_all(exp.Table):
            select = table.find_ancestor(exp.Select)
            if select is None or not re.fullmatch(names, table.name):
                continue  # for example a table of the new rows, of which there are none
            where = select.args["where"].sql(dialect="athena")
            (_, start), (_, end) = sorted(re.findall(bound, where), reverse=True)
            assert start == end
            assert " OR " not in where
            guarded += 1
    assert guarded == reads


@pytest.mark.parametrize("phase", PHASES)
def test_no_statement_rewrites_rows(phase: str) -> None:
    allowed: dict[type[exp.Expression], Callable[[exp.Expression], bool]] = {
        exp.Select: lambda _: True,
        exp.Union: lambda _: True,
        exp.Insert: lambda each: not each.args.get("overwrite"),
        exp.Create: lambda each: each.args["kind"] in ("TABLE", "VIEW"),
        exp.Alter: lambda each: isinstance(each.args["actions"][0], exp.AlterRename),
    }
    for statement in parsed(phase):
        assert type(statement) in allowed, statement.sql()
        assert allowed[type(statement)](statement), statement.sql()


def not_of_microseconds(statement: exp.Expression) -> list[str]:
    """Types and literals of times other than timestamp(6), and Athena's clock, which has three digits."""
    types = [each for each in statement.find_all(exp.DataType) if "TIME" in each.this.name]
    clocks = statement.find_all(exp.CurrentTimestamp, exp.Localtimestamp, exp.CurrentTime, exp.Localtime)
    types_and_literals = [each.sql(dialect="athena") for each in types]
    return [each for each in types_and_literals if each != "TIMESTAMP(6)"] + [
        each.sql(dialect="athena") for each in clocks
    ]


@pytest.mark.parametrize("phase", RUNS)
def test_every_timestamp_that_is_written_has_microseconds(phase: str) -> None:
    assert [found for statement in parsed(phase) for found in not_of_microseconds(statement)] == []


@pytest.mark.parametrize(
    "sql",
    [
        "timestamp '0000-00-00 00:00:00.000'", "timestamp '2026-01-01'", "timestamp '2026-01-01 00:00:00.000000 UTC'",
        "cast(a as timestamp)", "try_cast(a as timestamp(3))", "cast(a as array(timestamp(3)))", "cast(a as time(6))",
        "cast(a as timestamp(6) with time zone)", "now()", "current_timestamp(6)", "localtimestamp", "current_time",
    ],
)  # fmt: skip
def test_other_timestamps_would_be_noticed(sql: str) -> None:
    written = sqlglot.parse_one(f"select timestamp '0000-00-00 00:00:00.000000', {sql} as b", dialect="athena")
    assert len(not_of_microseconds(written)) == 1


@pytest.mark.parametrize("phase", RUNS)
def test_no_number_has_a_bare_point(phase: str) -> None:
    """Such a literal is a double on Athena and a decimal on other Trinos, unless it is cast on the spot."""
    text = (GOLDEN / f"{phase.replace(' ', '_')}.sql").read_text()
    code = re.sub(r"'[^']*'|--[^\n]*|cast\([-0-9.e+]+ as double\)", "", text)
    assert re.findall(r"\b\d+\.\d+", code) == []
