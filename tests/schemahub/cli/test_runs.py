"""A lake from the command line: every step is run once, and the tests check what was printed and found."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyiceberg.types import DoubleType, StringType, TimestampType

from lakehouse.local import LocalLake
from simulator.exchanges import DEFAULT_EXCHANGES, RunningSimulator
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.command_line import (
    Cli,
    Finished,
    Served,
    assert_everything_landed_once,
    iceberg_table,
    served,
    snapshots,
)

pytestmark = pytest.mark.long

EXCHANGES = tuple(simulated_exchanges())
TRADED = DEFAULT_EXCHANGES
"""The exchanges that the market trades on. The others have nothing to land."""


@dataclass(frozen=True)
class Step:
    finished: Finished
    snapshots: Mapping[str, list[int]]
    lake_was_there: bool

    @property
    def lines(self) -> list[str]:
        return self.finished.stdout.splitlines()


@dataclass(frozen=True)
class Story:
    lake: Path
    steps: Mapping[str, Step]

    def __getitem__(self, name: str) -> Step:
        return self.steps[name]


@pytest.fixture(scope="module")
def story(cli: Cli, shared_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Story:
    lake = tmp_path_factory.mktemp("story") / "lake"
    of_btc = ("--symbols", "BTC-USDT", "--since", "2026-01-05")
    commands: dict[str, tuple[str, ...]] = {
        "status of nothing": ("status",),
        "ingest": ("run", "ingest", *EXCHANGES, *of_btc),
        "ingest again": ("run", "ingest", *of_btc),
        "status before": ("status",),
        "unify": ("run", "unify", "trades_unified"),
        "status after": ("status",),
        "pipeline": ("run", "pipeline", "trades_unified", "--symbols", "BTC-USDT,ETH-USDT"),
        "pipeline again": ("run", "pipeline", "trades_unified", "--symbols", "BTC-USDT,ETH-USDT"),
        "status at last": ("status",),
    }
    steps = {}
    for name, arguments in commands.items():
        steps[name] = Step(cli(*arguments, lake=lake), snapshots(lake), lake.exists())
    return Story(lake, steps)


def test_no_step_fails_or_warns(story: Story) -> None:
    said = {name: (step.finished.returncode, step.finished.stderr) for name, step in story.steps.items()}
    assert said == dict.fromkeys(story.steps, (0, ""))


def test_looking_at_an_empty_lake_creates_nothing(story: Story) -> None:
    (line,) = story["status of nothing"].lines
    assert line == f"nothing has been landed in file://{story.lake} yet; try `schemahub run ingest`"
    assert not story["status of nothing"].lake_was_there


def test_ingest_says_how_many_trades_of_each_exchange_it_landed(
    story: Story, shared_exchanges: RunningSimulator
) -> None:
    said = re.findall(r"(\w+) +✓ ([\d,]+) trades landed", story["ingest"].finished.stdout)
    assert said == [(product.exchange, f"{product.trades:,}") for product in served(shared_exchanges, "BTC-USDT")]


def test_ingesting_again_without_naming_an_exchange_requests_all_and_commits_nothing(story: Story) -> None:
    assert re.findall(r"(\w+) +✓ nothing new", story["ingest again"].finished.stdout) == list(EXCHANGES)
    assert story["ingest again"].snapshots == story["ingest"].snapshots


def status_rows(step: Step) -> dict[tuple[str, str], list[str]]:
    header, *rows = step.lines
    assert header.split() == ["exchange", "symbol", "last", "trade", "(UTC)", "lag", "rows", "pending", "loads"]
    return {(row.split()[0], row.split()[1]): row.split()[2:] for row in rows}


@pytest.mark.parametrize(
    ("step", "symbols", "pending"),
    [
        ("status before", ["BTC-USDT"], "1"),
        ("status after", ["BTC-USDT"], "0"),
        ("status at last", ["BTC-USDT", "ETH-USDT"], "0"),
    ],
)
def test_status_shows_last_trade_lag_rows_and_pending_loads(
    story: Story, shared_exchanges: RunningSimulator, step: str, symbols: list[str], pending: str
) -> None:
    rows = status_rows(story[step])
    products = served(shared_exchanges, *symbols)
    assert list(rows) == sorted((product.exchange, product.symbol) for product in products)
    for product in products:
        day, time, lag_days, lag_time, count, waiting = rows[product.exchange, product.symbol]
        assert (day, count, waiting) == ("2026-01-05", f"{product.trades:,}", pending)
        assert time == last_second(shared_exchanges, product)
        assert re.fullmatch(r"\d+d \d{1,2}:\d\d:\d\d", f"{lag_days} {lag_time}")


def last_second(exchanges: RunningSimulator, product: Served) -> str:
    (last_ns,) = (
        listed["last_time_ns"]
        for listed in exchanges.market()[product.exchange].values()
        if listed["last_id"] == product.last_id
    )
    return f"{datetime.fromtimestamp(last_ns // 10**9, UTC):%H:%M:%S}"


def test_unify_prints_a_line_for_every_model(story: Story) -> None:
    lines = [line.split() for line in story["unify"].lines if line.endswith(" s")]
    models = {line[0]: line[1] for line in lines}
    assert {"trades_unified", "trades_rejected", "unified_loads", "daily_volumes"} <= models.keys()
    assert set(models.values()) == {"success"}


def test_unify_ends_with_the_balance(story: Story, shared_exchanges: RunningSimulator) -> None:
    lines = story["unify"].lines[-1 - len(TRADED) :]
    assert lines[0] == "balance       of what was read for trades_unified, in rows"
    assert [line.split()[:4] for line in lines[1:]] == [
        [f"raw_{product.exchange}_trades", f"{product.trades:,}", "read", "="]
        for product in served(shared_exchanges, "BTC-USDT")
    ]
    assert all(line.endswith("inserted + 0 already there + 0 rejected") for line in lines[1:])
    *_, unified, events = story["pipeline again"].lines
    assert unified.startswith("balance       nothing has changed since the last run")
    assert events.startswith("events        nothing has changed since they were last found")


def test_a_pipeline_lands_and_unifies_everything_once(story: Story, shared_exchanges: RunningSimulator) -> None:
    products = served(shared_exchanges, "BTC-USDT", "ETH-USDT")
    assert_everything_landed_once(story.lake, products)
    unified = iceberg_table(story.lake, "trades_unified").scan().to_arrow().select(["exchange", "symbol", "trade_id"])
    assert sorted(tuple(row.values()) for row in unified.to_pylist()) == sorted(
        (product.exchange.upper(), symbol, str(trade_id)) for product in products for symbol, trade_id in product.ids
    )


def test_pyiceberg_alone_finds_the_unified_table_as_required(story: Story) -> None:
    table = iceberg_table(story.lake, "trades_unified")
    text, number, time = StringType(), DoubleType(), TimestampType()
    assert [(field.name, field.field_type) for field in table.schema().fields] == [
        ("exchange", text),
        ("symbol", text),
        ("trade_id", text),
        ("side", text),
        ("price", number),
        ("quantity", number),
        ("trade_ts", time),
        ("ingest_ts", time),
    ]
    (partition,) = table.spec().fields
    assert str(partition.transform) == "day"
    assert table.schema().find_column_name(partition.source_id) == "trade_ts"


def test_a_run_adds_one_snapshot_if_it_added_rows_and_none_otherwise(story: Story) -> None:
    unified = {name: story[name].snapshots.get("trades_unified") for name in story.steps}
    assert unified["ingest again"] is None
    assert [len(unified[name] or []) for name in ("unify", "pipeline", "pipeline again")] == [1, 2, 2]


def test_dbt_commands_pass_through(story: Story, cli: Cli) -> None:
    tested = cli("dbt", "test", "--select", "trades_unified", lake=story.lake)
    assert tested.returncode == 0, tested.stdout
    assert re.search(r"PASS=[1-9]\d* WARN=0 ERROR=0", tested.stdout)
    assert story.steps["status at last"].snapshots == snapshots(story.lake)


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory) -> LocalLake:
    """A lake that no command creates."""
    return LocalLake(tmp_path_factory.mktemp("unused") / "lake")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: "),
        (("--help",), "Usage: "),
        (("run", "--help"), "--full-refresh"),
        (("--version",), "installed"),
        (("ls", "--resource-type", "model"), "schemahub.generated.trades_unified"),
        (("--quiet", "parse"), ""),
    ],
    ids=["no command", "help", "help of run", "version", "ls", "parse"],
)
def test_dbt_commands_that_need_no_tables_create_none_and_wait_for_nobody(
    cli: Cli, unused: LocalLake, arguments: tuple[str, ...], said: str
) -> None:
    with unused.writing("unify"):
        finished = cli("dbt", *arguments, lake=unused.folder)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert said in finished.stdout
    assert not unused.is_there


@pytest.mark.parametrize("arguments", [(), ("--help",), ("test", "-h")], ids=["no command", "help", "help of test"])
def test_dbts_help_creates_no_lake(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert cli("dbt", *arguments, lake=tmp_path / "lake").returncode == 0
    assert not (tmp_path / "lake").exists()


def test_a_query_prints_its_rows(story: Story, cli: Cli, shared_exchanges: RunningSimulator) -> None:
    answer = cli("query", "select exchange, count(*) as n from trades_unified group by all", lake=story.lake)
    found = dict(re.findall(r"│ (\w+) +│ +(\d+) │", answer.stdout))
    wanted = dict.fromkeys((exchange.upper() for exchange in TRADED), 0)
    for product in served(shared_exchanges, "BTC-USDT", "ETH-USDT"):
        wanted[product.exchange.upper()] += product.trades
    assert {exchange: int(count) for exchange, count in found.items()} == wanted


def test_a_query_sees_the_marts(story: Story, cli: Cli) -> None:
    answer = cli("query", "select count(*) > 0 as has_volumes from daily_volumes", lake=story.lake)
    assert answer.returncode == 0, answer.stderr
    assert "true" in answer.stdout


def test_a_flag_overrides_the_environment_and_that_the_config_file(story: Story, cli: Cli, tmp_path: Path) -> None:
    assert "BTCUSDT" in cli("status", "--lake", str(story.lake), lake=tmp_path / "empty").stdout
    assert "nothing has been landed" in cli("status", lake=tmp_path / "empty").stdout
    assert f"nothing has been landed in file://{cli.folder}/lake yet" in cli("status").stdout


@pytest.mark.parametrize(
    "command",
    [[str(Path(sys.executable).with_name("schemahub"))], [sys.executable, "-m", "schemahub"]],
    ids=["console script", "python -m schemahub"],
)
def test_every_way_to_start_it_is_the_same_program(cli: Cli, command: list[str]) -> None:
    here, there = cli("--help"), cli.run([*command, "--help"])
    assert there.returncode == 0
    assert there.stdout.partition("Options")[2] == here.stdout.partition("Options")[2]
    assert all(name in there.stdout for name in ("run", "status", "query", "dbt", "demo"))


@pytest.mark.parametrize("arguments", [("nosuch",), ("run", "nosuch"), ("status", "--nosuch"), ("run", "unify")])
def test_wrong_usage_has_exit_code_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    finished = cli(*arguments)
    assert finished.returncode == 2
    assert "Usage:" in finished.stderr
    assert "Traceback" not in finished.stderr
