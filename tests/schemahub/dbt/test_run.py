"""dbt is run with our settings only, and its errors are one line."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.cli import main

from lakehouse.duckdb.connect import VIEWS
from lakehouse.local import LocalLake
from schemahub.dbt.run import DbtFailed, run_dbt, steady_time
from schemahub.settings import PROJECT, load_settings

OF_A_USER = {
    "DBT_TARGET": "prod",
    "DBT_PROFILE": "mine",
    "DBT_PROFILES_DIR": "/nowhere",
    "DBT_PROJECT_DIR": "/nowhere",
    "DBT_ENGINE_PROFILES_DIR": "/nowhere",
    "DBT_ENGINE_PROJECT_DIR": "/nowhere",
    "DBT_ENGINE_NONSENSE": "1",
    "DBT_DEFER": "true",
    "DBT_STATE": "/nowhere",
    "DBT_EMPTY": "true",
    "DBT_FULL_REFRESH": "true",
    "DBT_TARGET_PATH": "/nowhere",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "true",
    "DBT_ENV_CUSTOM_ENV_X": "1",
}


class Dbt:
    """Replaces dbt: records its arguments and its environment, and returns `result`."""

    result: Any = SimpleNamespace(success=True, result=None, exception=None)

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}

    def __call__(self, *, callbacks: Sequence[Any]) -> "Dbt":
        assert len(callbacks) <= 1
        return self

    def invoke(self, arguments: list[str]) -> Any:
        self.arguments, self.environment = arguments, dict(os.environ)
        os.environ["DBT_LEFT_BEHIND"] = "1"
        return self.result


@pytest.fixture
def dbt(monkeypatch: pytest.MonkeyPatch) -> Dbt:
    dbt = Dbt()
    monkeypatch.setattr(main, "dbtRunner", dbt)
    return dbt


def test_a_users_own_settings_do_not_reach_dbt(dbt: Dbt, lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OF_A_USER.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    run_dbt(lake, load_settings(), ["run"])
    assert {name: value for name, value in dbt.environment.items() if name.startswith("DBT_")} == {
        "DBT_PROJECT_DIR": str(PROJECT / "dbt_project"),
        "DBT_PROFILES_DIR": str(PROJECT / "profiles"),
        "DBT_TARGET": "duckdb",
        "DBT_TARGET_PATH": str(lake.folder / ".schemahub" / "dbt"),
        "DBT_LOG_PATH": str(lake.folder / ".schemahub" / "dbt"),
    }
    assert dict(os.environ) == before


def test_dbt_is_given_the_lake_and_the_settings_that_its_profile_reads(
    dbt: Dbt, lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMAHUB_MEMORY_LIMIT", "1GB")
    monkeypatch.setenv("SCHEMAHUB_LAKE", "elsewhere")
    settings = load_settings()
    monkeypatch.delenv("SCHEMAHUB_MEMORY_LIMIT")
    run_dbt(lake, settings, ["run"])
    ours = {name: value for name, value in dbt.environment.items() if name.startswith("SCHEMAHUB_")}
    assert ours == {
        "SCHEMAHUB_LAKE": str(lake.folder),
        "SCHEMAHUB_WORKGROUP": "schemahub",
        "SCHEMAHUB_THREADS": "2",
        "SCHEMAHUB_MEMORY_LIMIT": "1GB",
        "SCHEMAHUB_ATHENA_RETRIES": "3",
        "SCHEMAHUB_ATHENA_POLL_SECONDS": "1.0",
    }


def failed(*messages: str) -> Any:
    results = [
        SimpleNamespace(status="error", message=message, node=SimpleNamespace(name=f"m{number}"))
        for number, message in enumerate(messages)
    ]
    passed = SimpleNamespace(status="success", message="OK", node=SimpleNamespace(name="fine"))
    return SimpleNamespace(success=False, exception=None, result=SimpleNamespace(results=[*results, passed]))


def test_the_error_of_a_reported_run_says_what_failed(dbt: Dbt, lake: LocalLake) -> None:
    dbt.result = failed("Runtime Error in model m0\n  HTTP Error: `a` can't be read", *["b"] * 4)
    with pytest.raises(DbtFailed) as failure:
        run_dbt(lake, load_settings(), ["run"], report=lambda _: None)
    assert str(failure.value) == (
        "dbt run failed: m0: Runtime Error in model m0 HTTP Error: `a` can't be read; m1: b; m2: b; and 2 more"
    )
    assert dbt.arguments[:2] == ["--log-level", "none"]


def test_the_error_of_a_run_that_dbt_itself_prints_adds_nothing(dbt: Dbt, lake: LocalLake) -> None:
    dbt.result = failed("printed by dbt")
    with pytest.raises(DbtFailed, match=r"^dbt test failed$"):
        run_dbt(lake, load_settings(), ["test"])


def test_a_lake_that_dbt_cannot_open_is_reported_in_one_line(
    lake: LocalLake, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, target_path: Path
) -> None:
    monkeypatch.setenv("SCHEMAHUB_DBT_TARGET_PATH", str(target_path))
    lake.folder.mkdir()
    (lake.folder / "catalog.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(DbtFailed) as failure:
        run_dbt(lake, load_settings(), ["run"], report=lambda _: None)
    assert "dbt run failed: " in str(failure.value)
    assert "file is not a database" in str(failure.value)
    assert "\n" not in str(failure.value)
    assert capfd.readouterr() == ("", "")
    assert not (lake.folder / VIEWS).exists()


def test_dbt_never_sees_a_clock_step_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1_000_000_000.0, 5.0])
    monkeypatch.setattr(time, "time", lambda: next(clock))
    with steady_time():
        seen = [time.time() for _ in range(3)]
    assert seen == sorted(seen)
    assert 1_000_000_000 <= seen[0] <= seen[-1] < 1_000_000_060
    assert time.time() == 5.0, "the clock is the machine's again"
