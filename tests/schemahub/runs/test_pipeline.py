"""The pipeline prepares dbt while it waits for the exchanges."""

import time
from collections.abc import Callable, Sequence

import pytest

from lakehouse.errors import Misconfigured
from schemahub.runs import pipeline
from schemahub.runs.context import RunContext
from schemahub.settings import load_settings

TARGET = "trades_unified"
Happened = list[str]


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> Happened:
    """What a pipeline did, in order."""
    noted: Happened = []

    def prepare(*_: object) -> None:
        time.sleep(0.2)
        noted.append("dbt is ready")

    monkeypatch.setattr(pipeline, "prepare_dbt", prepare)
    return noted


def run(happened: Happened, ingest: Callable[[Callable[[], None]], list[str]], *, target: str = TARGET) -> list[str]:
    def ingest_all(context: RunContext, exchanges: Sequence[str], on_landed: Callable[[], None]) -> list[str]:
        return ingest(on_landed)

    def unify(context: RunContext, target: str) -> None:
        happened.append(f"unified {target}")

    def find_events(context: RunContext) -> None:
        happened.append("events found")

    return pipeline.run_pipeline(
        RunContext(load_settings()), target, ingest=ingest_all, unify=unify, find_events=find_events
    )


def test_dbt_is_prepared_once_when_the_first_load_has_landed_and_before_it_is_needed(happened: Happened) -> None:
    def ingest(on_landed: Callable[[], None]) -> list[str]:
        for _ in range(3):
            on_landed()
        happened.append("landed")
        return []

    assert run(happened, ingest) == []
    assert happened == ["landed", "dbt is ready", f"unified {TARGET}", "events found"]


def test_dbt_is_not_prepared_if_nothing_landed(happened: Happened) -> None:
    assert run(happened, lambda _: ["binance is down"]) == ["binance is down"]
    assert happened == [f"unified {TARGET}", "events found"]


def test_a_dbt_that_can_not_be_prepared_is_reported_by_the_run_that_needs_it(
    happened: Happened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ImportError("no dbt")

    def ingest(on_landed: Callable[[], None]) -> list[str]:
        on_landed()
        return []

    monkeypatch.setattr(pipeline, "prepare_dbt", fail)
    assert run(happened, ingest) == []
    assert happened == [f"unified {TARGET}", "events found"]


def test_an_error_while_ingesting_waits_for_the_thread(happened: Happened) -> None:
    def ingest(on_landed: Callable[[], None]) -> list[str]:
        on_landed()
        raise Misconfigured("since is wrong")

    with pytest.raises(Misconfigured, match="since is wrong"):
        run(happened, ingest)
    assert happened == ["dbt is ready"]


def test_events_are_found_in_trades_alone(happened: Happened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunContext, "check_target", lambda *_: None)  # the project itself has one target
    assert run(happened, lambda _: [], target="quotes_unified") == []
    assert happened == ["unified quotes_unified"]
