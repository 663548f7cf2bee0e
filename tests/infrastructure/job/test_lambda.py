"""The Lambda function's handler under Lambda's limits: no lock between processes, and a project that can't be changed.

A copy of the project is compared before and after, because root may write anywhere, and no Python hook sees DuckDB.
"""

import zipfile
from pathlib import Path

import boto3
import pytest

from infrastructure.deploy.package import Package
from infrastructure.job import lambda_handler
from infrastructure.job.glue_job import RunFailed, run
from infrastructure.job.lambda_handler import handler
from lakehouse.local import LocalLake
from schemahub.settings import PROJECT
from simulator.exchanges import RunningSimulator
from simulator.exchanges.market import DEFAULT_START
from tests.infrastructure.moto_account import Account

NO_SEMAPHORES = """
import _multiprocessing

class SemLock:
    SEM_VALUE_MAX = 1

    def __init__(self, *_, **__):
        raise OSError(38, "Function not implemented")

_multiprocessing.SemLock = SemLock
"""


@pytest.fixture
def function(account: Account, exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without semaphores, and the folder of its lake."""
    (tmp_path / "sitecustomize.py").write_text(NO_SEMAPHORES)
    monkeypatch.syspath_prepend(str(tmp_path))
    lake = tmp_path / "lake"
    environment = {
        **exchanges.environment,
        "SCHEMAHUB_LAKE": str(lake),
        "SCHEMAHUB_SINCE": DEFAULT_START.isoformat(),
        "SCHEMAHUB_SYMBOLS": "BTC-USDT",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lake


@pytest.fixture
def project(package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, which the handler runs."""
    folder = tmp_path / "project"
    with zipfile.ZipFile(package.code) as archive:
        archive.extractall(folder)
    monkeypatch.setattr(lambda_handler, "PROJECT", folder)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # in a read-only folder, Python writes no bytecode either
    return folder


def state(folder: Path) -> dict[Path, int]:
    """The times at which each file was written, and at which each folder's entries last changed."""
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


@pytest.mark.slow
def test_handler_ingests_and_unifies_and_writes_nothing_into_the_project(function: Path, project: Path) -> None:
    before = state(project)
    handler({"run": "ingest", "command": "run ingest binance"}, None)
    handler({"run": "unify", "command": "run unify trades_unified && run events"}, None)
    catalog = LocalLake(function).catalog
    landed = catalog.load_table("schemahub.raw_binance_trades").scan().count()
    assert 0 < landed == catalog.load_table("schemahub.trades_unified").scan().count()
    assert catalog.load_table("schemahub.volatility_moves_versions").scan().count() > 0
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="SchemaHub")["Metrics"]
    assert {metric["Dimensions"][0]["Value"] for metric in metrics} == {"ingest", "unify"}
    assert [path for path, when in state(project).items() if before.get(path) != when] == []


def test_dbt_alone_would_fail_there(function: Path) -> None:
    with pytest.raises(RunFailed, match="Function not implemented"):
        run("dbt seed", PROJECT, {})


def test_a_command_that_fails_is_the_last_of_several(function: Path, project: Path) -> None:
    with pytest.raises(RunFailed, match=r"^schemahub run ingest nowhere ended with status 1: .*nowhere"):
        handler({"run": "unify", "command": "run ingest nowhere && dbt --version"}, None)
    assert boto3.client("cloudwatch").list_metrics(Namespace="SchemaHub")["Metrics"] == []


def test_handler_needs_an_event_that_says_what_to_run(function: Path) -> None:
    with pytest.raises(ValueError, match="expected an event such as"):
        handler({"command": "run ingest binance"}, None)
