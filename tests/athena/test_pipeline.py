"""The whole pipeline as a person runs it, from the simulated exchanges to `trades_unified` on Athena."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from loaders.lake import Lake, identifier
from schemahub.athena import stop_abandoned_statements
from simulator import RunningSimulator
from tests.athena.local.local_athena import LocalAthena
from tests.athena.statements import execution_ids, executions_since
from tests.lakes import LakeHome, glue_home

SYMBOLS = "BTC-USD,BTC-USDT"
SECRET = "wJalrXUtnFEMIsecretKEY"


@dataclass(frozen=True)
class Cli:
    home: LakeHome
    environment: dict[str, str]

    def __call__(self, *arguments: str, status: int = 0) -> str:
        finished = subprocess.run(
            [sys.executable, "-m", "schemahub.cli", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        output = finished.stdout + finished.stderr
        assert finished.returncode == status, output
        assert SECRET not in output
        return output

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "schemahub.cli", *arguments]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )

    @property
    def lake(self) -> Lake:
        return self.home.open()

    def trades(self) -> int:
        """Rows of trades_unified; none of them is there twice."""
        rows = self.lake.catalog.load_table(identifier("trades_unified")).scan().to_arrow()
        keys = rows.group_by(["exchange", "symbol", "trade_id"]).aggregate([])
        assert keys.num_rows == rows.num_rows
        return int(rows.num_rows)

    def snapshots(self) -> dict[str, int]:
        names = ("trades_unified", "trades_1m_versions", "unified_loads", "raw_binance_trades")
        return {name: len(self.lake.catalog.load_table(identifier(name)).metadata.snapshots) for name in names}


@pytest.fixture(scope="module")
def cli(
    athena: LocalAthena, shared_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cli]:
    folder = tmp_path_factory.mktemp("pipeline")
    with athena.in_use():
        home = glue_home(athena.new_bucket(), folder)
        environment = {
            **os.environ, **home.environment, **shared_exchanges.environment,
            "SCHEMAHUB_LAKE": home.location, "SCHEMAHUB_SYMBOLS": SYMBOLS, "SCHEMAHUB_SINCE": "2026-01-05",
            "AWS_SECRET_ACCESS_KEY": SECRET, "COLUMNS": "200",
        }  # fmt: skip
        yield Cli(home, environment)


def served(exchanges: RunningSimulator, *exchange_names: str) -> int:
    return sum(
        listed["trades"]
        for name, products in exchanges.market().items()
        for listed in products.values()
        if listed["symbol"] in SYMBOLS.split(",") and name in (exchange_names or exchanges.market())
    )


def test_one_command_brings_every_trade_from_the_exchanges_to_the_unified_table(
    cli: Cli, shared_exchanges: RunningSimulator
) -> None:
    bucket, prefix = cli.home.location.removeprefix("s3://").split("/", 1)
    cli("run", "pipeline", "trades_unified", "--s3-bucket", bucket, "--s3-prefix", prefix)
    assert cli.trades() == served(shared_exchanges)
    assert " 0\n" in cli("status")
    before = cli.snapshots()
    cli("run", "pipeline", "trades_unified")
    assert cli.snapshots() == before


def test_dbts_own_commands_run_on_the_lake(cli: Cli) -> None:
    cli("dbt", "test")
    cli("dbt", "source", "freshness")
    cli("dbt", "docs", "generate")
    (path,) = Path(cli.environment["XDG_CACHE_HOME"]).rglob("catalog.json")
    catalog = path.read_text()
    assert all(name in catalog for name in ("trade_ts", "canonical_symbol", "rejection_reason", "_raw_payload"))


def test_a_run_that_is_killed_while_athena_inserts_is_made_good_by_the_next(
    cli: Cli, shared_exchanges: RunningSimulator
) -> None:
    cli("run", "unify", "trades_unified", "--full-refresh")
    lake = cli.lake
    lake.catalog.load_table(identifier("trades_unified")).delete("exchange = 'BINANCE'")
    lake.catalog.load_table(identifier("unified_loads")).delete("raw_table = 'raw_binance_trades'")
    known = execution_ids()
    run = cli.start("run", "unify", "trades_unified")
    deadline = time.monotonic() + 120
    while not any("insert into" in each["Query"] for each in executions_since(known)):
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    cli("run", "unify", "trades_unified")
    assert cli.trades() == served(shared_exchanges)


def test_two_runs_at_once_are_not_possible(cli: Cli) -> None:
    with cli.lake.writing("unify"):
        said = cli("run", "unify", "trades_unified", status=1)
    assert said.startswith(f"error: `unify` is being written by another process (pid {os.getpid()} on ")


def test_statements_that_a_killed_run_left_running_are_stopped(cli: Cli) -> None:
    many = "unnest(sequence(1, 10000))"
    endless = f"select count(*) from {many} cross join {many} cross join {many}"
    ours = '-- /* {"app": "dbt", "node_id": "model.schemahub.trades_unified"} */\n' + endless
    athena = boto3.client("athena")
    location = {"OutputLocation": f"{cli.home.location}/results/"}
    left, others = (
        athena.start_query_execution(
            QueryString=sql, ResultConfiguration=location, QueryExecutionContext={"Database": "schemahub"}
        )["QueryExecutionId"]
        for sql in (ours, endless)
    )
    try:
        assert stop_abandoned_statements() == 1
        states = {
            each["QueryExecutionId"]: each["Status"]["State"]
            for each in athena.batch_get_query_execution(QueryExecutionIds=[left, others])["QueryExecutions"]
        }
        assert states[left] == "CANCELLED"
        assert states[others] in ("QUEUED", "RUNNING")
    finally:
        athena.stop_query_execution(QueryExecutionId=others)


def test_a_missing_work_group_is_said_in_one_line(cli: Cli) -> None:
    environment = {**cli.environment, "SCHEMAHUB_WORK_GROUP": "nowhere"}
    said = Cli(cli.home, environment)("run", "unify", "trades_unified", status=1)
    assert said.startswith("error: Athena work group `nowhere`: ")
    assert said.count("\n") == 1
