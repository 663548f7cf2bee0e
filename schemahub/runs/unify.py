"""Unify the pending loads of one target, and return the balance: what was read, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from lakehouse.lake import Lake, Written
from lakehouse.layout import MOST_SNAPSHOTS
from lakehouse.pending import RECORDED, read_landed, unified_loads

from ..dbt import seed
from ..dbt.run import Report, Watch, run_dbt
from . import events, last_run
from .attention import from_the_future, remarks, row_count, stale_files
from .balance import Balance, balances
from .context import RunContext

_SAME_IN_EVERY_RUN = tuple(f"path:models/{folder},config.materialized:view" for folder in ("loads", "marts"))
"""The views whose SQL does not depend on the run. Those of staging hold the time at which the run began."""


@dataclass(frozen=True)
class Unified:
    """The result of a run."""

    balances: list[Balance]
    """The balance of each raw table that the run read; empty if nothing was pending."""
    inserted_before: int
    """How many of the inserted rows were inserted by an earlier run that did not finish."""
    remarks: list[str]
    """One line for each thing that needs attention."""
    is_unchanged: bool = False
    """Whether dbt was not started, because nothing has changed since the last run."""


def unify(
    context: RunContext,
    target: str,
    *,
    full_refresh: bool = False,
    force: bool = False,
    before_dbt: Callable[[], None] | None = None,
    report: Report | None = None,
    watch: Watch | None = None,
) -> Unified:
    """Insert the pending loads into `target`, and update what depends on it.

    dbt is not started if neither the lake nor the project has changed since the last run that ended well.

    Args:
        context: the context of the run. No other process can unify its lake meanwhile.
        target: the unified table.
        full_refresh: build everything again from the raw tables.
        force: allow a full refresh to lose rows that the raw tables no longer have, or that are rejected now.
        before_dbt: called before dbt is started.
        report: called for every model that has finished.
        watch: called for every one of dbt's events.

    Raises:
        ConcurrentWriter: another process is unifying.
        DbtFailed: dbt ended with an error. The loads recorded until then are in the target.
        LakeUnavailable: a file of the lake is damaged; nothing was written.
        Misconfigured: there is no such target.
    """
    context.check_target(target)
    lake, registry = context.lake, context.registry
    with context.unifying():
        left = None if full_refresh or force else last_run.last(lake, target)
        found = last_run.now(lake, context.settings)
        if left == found:
            landed = read_landed(lake, registry.targets_by_raw_table)
            return Unified([], inserted_before=0, remarks=remarks(lake, landed, registry), is_unchanged=True)
        last_run.forget(lake, target)
        project_stays = left is not None and left.project == found.project
        context.prepare_models(project_is_same=project_stays)
        if before_dbt:
            before_dbt()
        views_stay = project_stays and left is not None and left.written.views == found.written.views
        run = _Run(context, target, full_refresh=full_refresh, force=force, views_stay=views_stay)
        unified, written = run.unify(report, watch)
        if written is not None:
            # the project as it was before dbt read it
            last_run.remember(lake, target, last_run.Left(written, found.project))
        return unified


@dataclass(frozen=True)
class _Run:
    """A run in which dbt is started."""

    context: RunContext
    target: str
    full_refresh: bool
    force: bool
    views_stay: bool
    """Whether the views that the last run left are those that this one would make."""

    def unify(self, report: Report | None, watch: Watch | None) -> tuple[Unified, Written | None]:
        """The result, and the lake as it was when the run had nothing left to do; None if something is left."""
        context, target = self.context, self.target
        lake, registry = context.lake, context.registry
        recorded, rows = unified_loads(lake), row_count(lake, target)
        # on DuckDB the table of the seed is in the file of the views
        has_seeds = self.views_stay and lake.engine == "duckdb"
        seeds = self.full_refresh or (not has_seeds and seed.is_stale(lake))
        run_dbt(lake, context.settings, self._command(seeds=seeds), report=report, watch=watch)
        if seeds:
            seed.mark_as_fresh(lake)
        _compact_records(lake)
        # before the ledger is read: a load that lands meanwhile must be news to the next run
        written = lake.written()
        landed = read_landed(lake, registry.targets_by_raw_table)
        found = balances(load for key, load in landed.unified.items() if recorded.get(key) != load)
        inserted = sum(each.inserted or 0 for each in found)
        added = row_count(lake, target) - rows
        before = 0 if self.full_refresh else max(0, inserted - added)
        # a run with stale files leaves no note, so the last one found none in the same project
        stale = [] if self.views_stay else stale_files(registry)
        lines = [*from_the_future(found, target), *stale, *remarks(lake, landed, registry)]
        is_complete = not stale and not any(
            landed.is_pending(row) for row in landed.rows if landed.targets.get(row.raw_table) == target
        )
        return Unified(found, inserted_before=before, remarks=lines), written if is_complete else None

    def _command(self, *, seeds: bool) -> list[str]:
        rejected = self.context.registry.targets[self.target].rejected.table
        command = ["build", "--resource-type", "model"]
        command += ["--resource-type", "seed"] if seeds else []
        command += ["--full-refresh"] if self.full_refresh else []
        command += ["--vars", "{lose_rows: true}"] if self.force else []
        command += ["--select", f"+{self.target}+", f"+{rejected}", "schemahub_watermarks"]
        command += [seed.NAME] if seeds else []
        return [*command, "--exclude", events.SELECTION, *(_SAME_IN_EVERY_RUN if self.views_stay else ())]


def _compact_records(lake: Lake) -> None:
    state = lake.table_state(RECORDED)
    if state is None or state.snapshot_count <= MOST_SNAPSHOTS:
        return
    from lakehouse.compaction import compact  # with pyiceberg, whose import takes most of a second
    from lakehouse.tables import existing_table

    if (table := existing_table(lake, RECORDED)) is not None:
        compact(table, gather=True)
