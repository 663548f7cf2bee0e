"""What a run on Athena prints at its end, however it ends. The Athena here responds like the real one."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest
from rich.console import Console

import lakehouse.aws
from advisor.scanned import AthenaQueries
from registry.registry import Registry
from schemahub.cli import app, run
from schemahub.runs.context import RunContext
from schemahub.runs.unify import Unified
from schemahub.settings import load_settings
from tests.support.finished_queries import MB, Athena, execution


@dataclass
class BucketLake:
    """A lake in S3 that holds nothing, or that can't be read."""

    location: str = "s3://bucket/lake"
    engine: str = "athena"
    fault: Exception | None = None

    @property
    def is_there(self) -> bool:
        if self.fault is not None:
            raise self.fault
        return False

    def table_state(self, name: str) -> None:
        """No table is there."""
        assert not self.is_there, name

    open_to_plan = table_state

    def rows(self, name: str, columns: Sequence[str]) -> list[dict[str, object]]:
        """No row is there."""
        assert not self.is_there, (name, columns)
        return []


@dataclass
class Session:
    athena: Athena
    asked: list[str] = field(default_factory=list)

    def client(self, service: str) -> Athena:
        self.asked.append(service)
        return self.athena


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    sent = Session(Athena({"1": execution("1", "insert into x select 1", 20 * MB)}))
    monkeypatch.setattr(lakehouse.aws, "session", lambda: sent)
    return sent


Printed = Callable[..., list[str]]


@pytest.fixture
def printed(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Printed:
    """What `run unify` prints if dbt only sends one statement or none, and may fail."""

    def of_a_run(lake: BucketLake, *, sends: bool, fails: BaseException | None = None) -> list[str]:
        def unify(*_: object, watch: AthenaQueries, before_dbt: Callable[[], None], **__: object) -> Unified:
            before_dbt()
            if sends:
                watch.nodes["1"] = "trades_unified"
            if fails:
                raise fails
            return Unified([], inserted_before=0, remarks=[])

        context = RunContext(load_settings())
        vars(context).update(lake=lake, registry=registry)
        console = Console(width=80)
        monkeypatch.setattr("schemahub.runs.unify.unify", unify)
        monkeypatch.setattr(run, "out", console)
        monkeypatch.setattr(app, "out", console)
        failing = pytest.raises(type(fails)) if fails else nullcontext()
        with console.capture() as captured, failing:
            run.show_unify(context, "trades_unified")
        return [line for line in captured.get().splitlines() if not line.startswith("balance ")]

    return of_a_run


@pytest.mark.parametrize("error", [RuntimeError("dbt failed"), KeyboardInterrupt()], ids=["failed", "stopped"])
def test_a_run_that_fails_shows_what_it_has_cost_and_still_fails(
    printed: Printed, session: Session, error: BaseException
) -> None:
    _, row, _ = printed(BucketLake(), sends=True, fails=error)
    assert row.split() == ["trades_unified", "1", "20", "MB", "$0.00010"]


def test_a_run_that_sends_nothing_shows_nothing(printed: Printed, session: Session) -> None:
    assert printed(BucketLake(), sends=False, fails=RuntimeError("dbt failed")) == []
    assert session.asked == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (OSError("AWS Error ACCESS_DENIED"), "AWS refuses S3: AWS Error ACCESS_DENIED; the role or user needs"),
        (OverflowError("date value\nout of range"), "OverflowError: date value out of range"),
    ],
)
def test_a_run_that_cannot_be_planned_says_why_and_runs(
    printed: Printed, session: Session, fault: Exception, why: str
) -> None:
    line, _, row, _ = printed(BucketLake(fault=fault), sends=True)
    assert line.startswith(f"the run could not be planned: {why}")
    assert row.split()[-1] == "$0.00010"


def test_what_was_read_is_unknown_if_athena_does_not_report_it(printed: Printed, session: Session) -> None:
    session.athena.executions = {}
    (line,) = printed(BucketLake(), sends=True)
    assert line.startswith("the bytes read are unknown: ")
