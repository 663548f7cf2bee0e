"""Unify the pending loads of one target, and return the balance: what was read, and what became of it."""

from dataclasses import dataclass

from lakehouse.compaction import compact
from lakehouse.lake import existing_table
from lakehouse.pending import RECORDED, read_landed, unified_loads
from registry.registry import Registry

from ..dbt import seed
from ..dbt.run import Report, Watch, run_dbt
from .attention import from_the_future, remarks, row_count, stale_files
from .balance import Balance, balances
from .context import RunContext


@dataclass(frozen=True)
class Unified:
    """The result of a run."""

    balances: list[Balance]
    """The balance of each raw table that the run read; empty if nothing was pending."""
    inserted_before: int
    """How many of the inserted rows were inserted by an earlier run that did not finish."""
    remarks: list[str]
    """One line for each thing that needs attention."""


def unify(
    context: RunContext,
    target: str,
    *,
    full_refresh: bool = False,
    force: bool = False,
    report: Report | None = None,
    watch: Watch | None = None,
) -> Unified:
    """Insert the pending loads into `target`, and update what depends on it.

    Args:
        context: the context of the run. No other process can unify its lake meanwhile.
        target: the unified table.
        full_refresh: build everything again from the raw tables.
        force: allow a full refresh to lose rows that the raw tables no longer have, or that are rejected now.
        report: called for every model that has finished.
        watch: called for every one of dbt's events.

    Raises:
        ConcurrentWriter: another process is unifying.
        DbtFailed: dbt ended with an error. The loads recorded until then are in the target.
        LakeUnavailable: a file of the lake is damaged; nothing was written.
        Misconfigured: there is no such target.
    """
    context.check_target(target)
    with context.unifying():
        return _unify(context, target, full_refresh=full_refresh, force=force, report=report, watch=watch)


def _unify(
    context: RunContext, target: str, *, full_refresh: bool, force: bool, report: Report | None, watch: Watch | None
) -> Unified:
    lake, registry, settings = context.lake, context.registry, context.settings
    recorded, rows = unified_loads(lake), row_count(lake, target)
    if full_refresh or seed.is_stale(lake):
        run_dbt(lake, settings, ["seed"], report=report, watch=watch)
        seed.mark_as_fresh(lake)
    command = _run(registry, target, full_refresh=full_refresh, force=force)
    run_dbt(lake, settings, command, report=report, watch=watch)
    if (table := existing_table(lake, RECORDED)) is not None:
        compact(table, gather=True)
    landed = read_landed(lake, registry.targets_by_raw_table)
    found = balances(load for key, load in landed.unified.items() if recorded.get(key) != load)
    inserted = sum(each.inserted or 0 for each in found)
    added = row_count(lake, target) - rows
    before = 0 if full_refresh else max(0, inserted - added)
    lines = [*from_the_future(found, target), *stale_files(registry), *remarks(lake, landed, registry)]
    return Unified(found, inserted_before=before, remarks=lines)


def _run(registry: Registry, target: str, *, full_refresh: bool, force: bool) -> list[str]:
    selected = [f"+{target}+", f"+{registry.targets[target].rejected.table}", "schemahub_watermarks"]
    options = ["--full-refresh"] if full_refresh else []
    options += ["--vars", "{lose_rows: true}"] if force else []
    return ["run", *options, "--select", *selected]
