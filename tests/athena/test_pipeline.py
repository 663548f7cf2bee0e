"""The whole pipeline as a user runs it, from the simulated exchanges to `trades_unified` on Athena."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from lakehouse.lake import NAMESPACE, identifier
from schemahub.dbt.athena import stop_abandoned_statements
from simulator.aws.local_athena import LocalAthena
from simulator.exchanges import RunningSimulator
from tests.athena.ask import ask
from tests.athena.command_line import SECRET, Cli
from tests.athena.statements import execution_ids, executions_since
from tests.support.lakes import glue_home
from tests.support.lost_answers import INSERT, Answer, Fault, commit_is_denied, lost_answers, start_is_lost

SYMBOLS = "BTC-USD,BTC-USDT"


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
    assert "products" not in cli("plan")
    assert "products" not in cli("run", "pipeline", "trades_unified")
    assert cli.snapshots() == before


def test_dbts_own_commands_run_on_the_lake(cli: Cli) -> None:
    cli("dbt", "test")
    cli("dbt", "source", "freshness")
    cli("dbt", "docs", "generate")
    (path,) = Path(cli.environment["XDG_CACHE_HOME"]).rglob("catalog.json")
    catalog = path.read_text()
    assert all(name in catalog for name in ("trade_ts", "canonical_symbol", "rejection_reason", "_raw_payload"))


def make_binance_pending(cli: Cli) -> None:
    """Leave the lake as if Binance's loads had been landed and not yet unified."""
    cli.lake.catalog.load_table(identifier("trades_unified")).delete("exchange = 'BINANCE'")
    cli.lake.catalog.load_table(identifier("unified_loads")).delete("raw_table = 'raw_binance_trades'")


def test_a_run_that_is_killed_while_athena_inserts_is_completed_by_the_next(
    cli: Cli, shared_exchanges: RunningSimulator
) -> None:
    make_binance_pending(cli)
    known = execution_ids()
    run = cli.start("run", "unify", "trades_unified")
    deadline = time.monotonic() + 120
    while not any("insert into" in each["Query"] for each in executions_since(known)):
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    cli.home.let_leases_lapse()
    cli("run", "unify", "trades_unified")
    assert cli.trades() == served(shared_exchanges)


@pytest.mark.parametrize("fault", [start_is_lost, commit_is_denied], ids=lambda fault: fault.__name__)
def test_an_insert_whose_success_was_not_received_is_not_repeated(
    cli: Cli, athena: LocalAthena, shared_exchanges: RunningSimulator, fault: Fault
) -> None:
    make_binance_pending(cli)
    known = execution_ids()
    with lost_answers(athena.endpoint, fault) as endpoint:
        environment = {**cli.environment, "AWS_ENDPOINT_URL_ATHENA": endpoint}
        Cli(cli.home, environment)("run", "unify", "trades_unified", status=1)
    assert sum(INSERT in each["Query"] for each in executions_since(known)) == 1
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
        assert stop_abandoned_statements("primary") == 1
        states = {
            each["QueryExecutionId"]: each["Status"]["State"]
            for each in athena.batch_get_query_execution(QueryExecutionIds=[left, others])["QueryExecutions"]
        }
        assert states[left] == "CANCELLED"
        assert states[others] in ("QUEUED", "RUNNING")
    finally:
        athena.stop_query_execution(QueryExecutionId=others)


def test_a_run_waits_for_a_table_that_a_killed_run_renames(
    cli: Cli, athena: LocalAthena, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = f"{cli.home.location}/renamed"
    cli.lake.catalog.create_namespace_if_not_exists(NAMESPACE)
    ask(f"create table renamed with (table_type='iceberg', is_external=false, location='{location}') as select 1 as n")
    rename = ask("alter table `schemahub`.`renamed` rename to `schemahub`.`renamed__dbt_old`")["QueryExecutionId"]
    stopped = []

    def rename_takes_long(operation: str, request: Answer, answer: Answer) -> Answer:
        if operation == "StopQueryExecution":
            stopped.append(request["QueryExecutionId"])
        for execution in answer.get("QueryExecutions", ()):
            if execution["QueryExecutionId"] == rename and not stopped:
                execution["Status"]["State"] = "RUNNING"
        return answer

    with lost_answers(athena.endpoint, rename_takes_long) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", endpoint)
        assert stop_abandoned_statements("primary") == 1
    assert stopped == [rename]
    cli.lake.catalog.drop_table(identifier("renamed__dbt_old"))


def test_a_missing_workgroup_is_reported_in_one_line(cli: Cli) -> None:
    environment = {**cli.environment, "SCHEMAHUB_WORKGROUP": "nowhere"}
    said = Cli(cli.home, environment)("run", "unify", "trades_unified", status=1)
    assert said.startswith("error: Athena workgroup `nowhere`: ")
    assert said.count("\n") == 1
