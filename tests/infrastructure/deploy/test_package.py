"""The package of the Glue jobs runs elsewhere, and the job's script runs it from an S3 on this machine."""

import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from infrastructure.deploy.package import Package, pack_code
from infrastructure.job.glue_job import METRIC, NAMESPACE, RunFailed, report_success, run
from lakehouse.glue import GlueLake
from lakehouse.local import LocalLake
from simulator.exchanges import RunningSimulator
from simulator.exchanges.market import DEFAULT_START
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account

LAKE = f"s3://schemahub-{ACCOUNT}-{REGION}/lake"


@pytest.fixture
def unpacked(package: Package, tmp_path: Path) -> Path:
    """The package's code in a folder of its own."""
    with zipfile.ZipFile(package.code) as archive:
        archive.extractall(tmp_path / "code")
    return tmp_path / "code"


def arguments_of(job: str) -> list[str]:
    """The arguments with which Glue starts the script: the job's own, and some of Glue's."""
    given: dict[str, str] = boto3.client("glue").get_job(JobName=job)["Job"]["DefaultArguments"]
    words = [f"{name}={value}" for name, value in given.items()]
    return ["--JOB_NAME", job, "--JOB_ID", "j_1", "--job-bookmark-option", "job-bookmark-disable", *words]


def successes() -> list[str]:
    """The runs that were counted as successful."""
    found: list[dict[str, Any]] = boto3.client("cloudwatch").list_metrics(Namespace=NAMESPACE)["Metrics"]
    return [metric["Dimensions"][0]["Value"] for metric in found if metric["MetricName"] == METRIC]


def test_same_files_give_the_same_package(tmp_path: Path) -> None:
    once, again = pack_code(tmp_path / "once"), pack_code(tmp_path / "again")
    assert [file.name for file in again.files] == [file.name for file in once.files]
    assert again.code.read_bytes() == once.code.read_bytes()


def test_package_holds_the_project_and_no_more(package: Package) -> None:
    with zipfile.ZipFile(package.code) as archive:
        names = archive.namelist()
    assert {"config/schemahub.yaml", "dbt_project/dbt_project.yml", "profiles/profiles.yml"} <= set(names)
    assert {"schemahub/cli/app.py", "infrastructure/job/glue_job.py"} <= set(names)
    assert [name for name in names if "__pycache__" in name or name.startswith(("tests/", ".", "lake/"))] == []


def test_package_runs_where_it_is_unpacked(unpacked: Path, exchanges: RunningSimulator, tmp_path: Path) -> None:
    run("--help", unpacked, {})
    # another setting distinguishes the package from the project that this test belongs to
    (unpacked / "config" / "schemahub.yaml").write_text("lake: nowhere\nsymbols: [ETH-USDT]\nsince: 1h\n")
    lake = tmp_path / "lake"
    environment = {
        **exchanges.environment,
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_SINCE": DEFAULT_START.isoformat(),
        "SCHEMAHUB_SYMBOLS": "",
    }
    run("run ingest binance", unpacked, environment)
    landed = LocalLake(lake).catalog.load_table("schemahub.raw_binance_trades").scan().to_arrow()
    assert set(landed["symbol"].to_pylist()) == {"ETHUSDT"}


def test_job_fetches_the_package_lands_trades_and_reports_success(
    stack: Account, package: Package, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            package.script,
            *arguments_of("schemahub-ingest"),
            "--command",
            "run ingest kraken --symbols BTC-USD",
        ],
        cwd=tmp_path,
        env={**os.environ, **exchanges.environment, "SCHEMAHUB_SINCE": DEFAULT_START.isoformat()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    landed = GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count()
    assert landed > 0
    assert "trades landed" in done.stdout
    assert successes() == ["ingest"]


def test_jobs_ingest_all_exchanges_and_unify(stack: Account) -> None:
    commands = {name: arguments_of(f"schemahub-{name}") for name in ("ingest", "unify")}
    assert "--command=run ingest" in commands["ingest"]  # no exchange is named: all are ingested
    assert "--command=run unify trades_unified && run events" in commands["unify"]


def test_job_that_fails_says_why_and_reports_no_success(stack: Account, package: Package, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, package.script, *arguments_of("schemahub-ingest"), "--command", "run ingest nowhere"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "RunFailed: schemahub run ingest nowhere ended with status 1: error: unknown exchange `nowhere`" in last
    assert successes() == []


def test_run_that_fails_raises_its_last_line(unpacked: Path) -> None:
    with pytest.raises(RunFailed, match="ended with status 1: error: unknown exchange `nowhere`"):
        run("run ingest nowhere", unpacked, {"SCHEMAHUB_LAKE": str(unpacked / "lake")})


def test_success_is_the_metric_that_the_alarms_watch(account: Account) -> None:
    report_success("unify")
    now = datetime.now(UTC)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="SchemaHub",
        MetricName="SucceededRuns",
        Dimensions=[{"Name": "Run", "Value": "unify"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in found) == 1
