"""What a run on Athena prints at its end, however it ends; Athena answers as the real one does."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.console import Console

from advisor.scanned import AthenaQueries
from lakehouse import aws
from registry.registry import Registry
from schemahub.runs.cost_of_a_run import cost_shown
from tests.support.finished_queries import MB, Athena, execution


@dataclass
class BucketLake:
    """A lake in S3 that holds nothing, or can't be looked at."""

    location: str = "s3://bucket/lake"
    fault: Exception | None = None

    @property
    def is_there(self) -> bool:
        if self.fault is not None:
            raise self.fault
        return False


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
    monkeypatch.setattr(aws, "session", lambda: sent)
    return sent


def printed(registry: Registry, lake: Any, *, sends: bool, fails: BaseException | None = None) -> list[str]:
    console = Console(width=80)
    failing = pytest.raises(type(fails)) if fails else nullcontext()
    with console.capture() as captured, failing, cost_shown(lake, registry, console) as watch:
        assert isinstance(watch, AthenaQueries)
        if sends:
            watch.nodes["1"] = "trades_unified"
        if fails:
            raise fails
    return captured.get().splitlines()


@pytest.mark.parametrize("error", [RuntimeError("dbt failed"), KeyboardInterrupt()], ids=["failed", "stopped"])
def test_a_run_that_fails_shows_what_it_has_cost_and_still_fails(
    registry: Registry, session: Session, error: BaseException
) -> None:
    _, row, total = printed(registry, BucketLake(), sends=True, fails=error)
    assert row.split() == ["trades_unified", "1", "20", "MB", "$0.00010"]
    assert total.split() == ["total", "1", "20", "MB", "$0.00010"]


def test_a_run_that_sends_nothing_shows_nothing(registry: Registry, session: Session) -> None:
    assert printed(registry, BucketLake(), sends=False, fails=RuntimeError("dbt failed")) == []
    assert session.asked == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (OSError("AWS Error ACCESS_DENIED"), "AWS refuses S3: AWS Error ACCESS_DENIED; the role or user needs"),
        (OverflowError("date value\nout of range"), "OverflowError: date value out of range"),
    ],
)
def test_a_run_that_cannot_be_planned_says_why_and_runs(
    registry: Registry, session: Session, fault: Exception, why: str
) -> None:
    line, _, row, _ = printed(registry, BucketLake(fault=fault), sends=True)
    assert line.startswith(f"there is no plan of what will be read: {why}")
    assert row.split()[-1] == "$0.00010"


def test_what_was_read_is_not_known_where_athena_does_not_tell(registry: Registry, session: Session) -> None:
    session.athena.executions = {}
    (line,) = printed(registry, BucketLake(), sends=True)
    assert line.startswith("what was read is not known: ")
