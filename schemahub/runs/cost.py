"""The cost of a run on Athena: its plan before the run, and its bill after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from advisor.plan import Plan, plan_unify
from advisor.scanned import AthenaQueries, Scanned, scanned
from lakehouse.lake import Lake
from registry.registry import Registry

from ..dbt import seed
from ..refusals import refusal_behind
from ..settings import PROJECT


@dataclass(frozen=True)
class Bill:
    """What a run was planned to read, and what it has read according to Athena."""

    plan: Plan
    scanned: Sequence[Scanned]


@dataclass
class Cost:
    """What a run is planned to read, and which statements it has sent."""

    queries: AthenaQueries = field(default_factory=AthenaQueries)
    """The callback to pass to dbt."""
    plan: Plan = field(default_factory=Plan)
    """The plan; empty before `plan_run`, and if the run can't be planned."""

    def plan_run(self, lake: Lake, registry: Registry, *, full_refresh: bool = False) -> list[str]:
        """Plan what a run will read; returns one line that says why it can't be planned, or none."""
        try:
            self.plan = planned(lake, registry, full_refresh=full_refresh)
        except Exception as error:
            return [f"the run could not be planned: {_line(error)}"]
        return []

    def paid(self) -> Bill | str | None:
        """The bill of the run until now, or one line that says why it is unknown; None if no statement was sent.

        Nothing is raised, so that a run's own error is not hidden.
        """
        if not self.queries.nodes:
            return None
        # importing boto3 takes a quarter of a second, which a lake in a folder doesn't need
        from lakehouse.aws import session

        try:
            return Bill(self.plan, scanned(self.queries, session().client("athena")))
        except Exception as error:
            return f"the bytes read are unknown: {_line(error)}"


def planned(lake: Lake, registry: Registry, *, full_refresh: bool = False) -> Plan:
    """What a run would read of the lake, with the project's models and seeds."""
    seeds = seed.to_make(lake, full_refresh=full_refresh)
    return plan_unify(lake, registry, models=PROJECT / "dbt_project" / "models", seeds=seeds, full_refresh=full_refresh)


def _line(error: Exception) -> str:
    return refusal_behind(error) or " ".join(f"{type(error).__name__}: {error}".split())
