"""What a run will read, and a run on Athena between that plan and its bill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from advisor.plan import Plan, plan_unify
from advisor.scanned import AthenaQueries, scanned
from lakehouse.lake import Lake
from registry.registry import Registry

from ..aws_refusals import refusal
from ..dbt import seed
from ..dbt.athena import is_on_athena
from ..settings import PROJECT
from ..show.plan import side_by_side


def planned(lake: Lake, registry: Registry, *, full_refresh: bool = False) -> Plan:
    """What a run would read of the lake, with the project's models and seeds."""
    seeds = seed.to_make(lake, full_refresh=full_refresh)
    return plan_unify(lake, registry, models=PROJECT / "dbt_project" / "models", seeds=seeds, full_refresh=full_refresh)


@contextmanager
def cost_shown(
    lake: Lake, registry: Registry, console: Console, *, full_refresh: bool = False
) -> Iterator[Callable[[Any], None] | None]:
    """Print, when the run has ended, what it was planned to read and what Athena says it has read and takes.

    A run that fails is paid for too; one that can't be planned is a run all the same. Yields what to hand to dbt as a
    callback; None where dbt runs on DuckDB, of which nothing is printed.
    """
    if not is_on_athena(lake):
        yield None
        return
    plan = Plan()
    try:
        plan = planned(lake, registry, full_refresh=full_refresh)
    except Exception as error:
        _say(console, f"there is no plan of what will be read: {_in_one_line(error)}")
    queries = AthenaQueries()
    try:
        yield queries
    finally:
        if queries.nodes:
            _show(plan, queries, console)


def _show(plan: Plan, queries: AthenaQueries, console: Console) -> None:
    from lakehouse.aws import session  # boto3 takes a quarter of a second, which a local lake need not wait

    try:
        found = scanned(queries, session().client("athena"))
    except Exception as error:  # how the run went is told by itself
        _say(console, f"what was read is not known: {_in_one_line(error)}")
    else:
        console.print(side_by_side(plan, found))


def _in_one_line(error: Exception) -> str:
    return refusal(error) or " ".join(f"{type(error).__name__}: {error}".split())


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
