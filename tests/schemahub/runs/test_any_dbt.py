"""dbt's tests leave out the models of events, until a run has built them."""

from collections.abc import Sequence
from typing import Any

import pytest

from lakehouse.local import LocalLake
from schemahub.runs import any_dbt
from schemahub.runs.context import RunContext
from schemahub.runs.events import SELECTION
from schemahub.settings import load_settings
from tests.support.found_events import Found, add_events
from tests.support.unified_trades import NOON_US

Commands = list[Sequence[str]]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands that dbt is given."""
    given: Commands = []

    def run_dbt(*arguments: Any, **_: object) -> None:
        given.append(arguments[2])

    monkeypatch.setattr(any_dbt, "run_dbt", run_dbt)
    monkeypatch.setattr(RunContext, "prepare_models", lambda *_: None)
    return given


def test_tests_of_events_wait_for_events(lake: LocalLake, commands: Commands) -> None:
    context = RunContext(load_settings(lake=str(lake.folder)))
    any_dbt.run_any_dbt(context, ["test", "--fail-fast"])
    any_dbt.run_any_dbt(context, ["test", "--exclude", "daily_volumes"])
    any_dbt.run_any_dbt(context, ["run"])
    add_events(context.lake, [Found(NOON_US, 1.0)])
    any_dbt.run_any_dbt(context, ["test"])
    assert commands == [
        ["test", "--fail-fast", "--exclude", SELECTION],
        ["test", "--exclude", "daily_volumes"],
        ["run"],
        ["test"],
    ]
