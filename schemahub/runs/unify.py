"""Unify what was landed into one target, and report the balance: what was read, and what became of it."""

from dataclasses import dataclass
from pathlib import Path

from lakehouse.compaction import compact
from lakehouse.lake import Lake, existing_table
from lakehouse.pending import RECORDED, Landed, read_landed, shortfalls, unified_loads
from macros_gen.files import differences
from macros_gen.render import mapping_versions, render
from registry.registry import Registry

from ..dbt import seed
from ..dbt.run import Report, Watch, run_dbt
from ..settings import PROJECT
from .balance import Balance, balances, from_the_future, missing_rows, outdated, stuck


@dataclass(frozen=True)
class Unified:
    """What a run did."""

    balances: list[Balance]
    """Of each raw table that it read; none where nothing was pending."""
    inserted_before: int
    """Of the inserted rows those that a run had inserted that did not come to its end."""
    remarks: list[str]
    """A line for everything that needs somebody's attention."""


def unify(
    lake: Lake,
    registry: Registry,
    target: str,
    *,
    full_refresh: bool = False,
    force: bool = False,
    report: Report | None = None,
    watch: Watch | None = None,
) -> Unified:
    """Insert what was landed and is not yet in `target`, and bring what hangs on it up to date.

    Args:
        lake: nobody else may unify in it meanwhile.
        registry: has the target.
        target: the unified table.
        full_refresh: build everything again from the raw tables.
        force: a full refresh may lose rows that the raw tables no longer have, or that are rejected now.
        report: told of every model that has ended.
        watch: told of all that dbt tells.

    Raises:
        DbtFailed: dbt ended with an error. What was recorded by then is in the target.
        LakeUnavailable: a file of the lake is damaged; nothing was written.
    """
    recorded, rows = unified_loads(lake), row_count(lake, target)
    if full_refresh or seed.is_stale(lake):
        run_dbt(lake, ["seed"], report=report, watch=watch)
        seed.mark_as_fresh(lake)
    run_dbt(lake, _run(registry, target, full_refresh=full_refresh, force=force), report=report, watch=watch)
    if (table := existing_table(lake, RECORDED)) is not None:
        compact(table, gather=True)
    landed = read_landed(lake, registry.targets_by_raw_table)
    found = balances(load for key, load in landed.unified.items() if recorded.get(key) != load)
    inserted = sum(each.inserted or 0 for each in found)
    added = row_count(lake, target) - rows
    before = 0 if full_refresh else max(0, inserted - added)
    told = [*from_the_future(found, target), *stale_files(registry), *remarks(lake, landed, registry)]
    return Unified(found, inserted_before=before, remarks=told)


def _run(registry: Registry, target: str, *, full_refresh: bool, force: bool) -> list[str]:
    selected = [f"+{target}+", f"+{registry.targets[target].rejected.table}", "schemahub_watermarks"]
    options = ["--full-refresh"] if full_refresh else []
    options += ["--vars", "{lose_rows: true}"] if force else []
    return ["run", *options, "--select", *selected]


def row_count(lake: Lake, name: str) -> int:
    """The number of rows of a table that only grows, as its current snapshot has it; 0 where there is none."""
    table = existing_table(lake, name)
    snapshot = table.current_snapshot() if table is not None else None
    return int(snapshot.summary["total-records"] or 0) if snapshot and snapshot.summary else 0


def remarks(lake: Lake, landed: Landed, registry: Registry) -> list[str]:
    """A line for everything in a lake that needs somebody's attention."""
    in_raw = {raw_table: row_count(lake, raw_table) for raw_table in sorted({row.raw_table for row in landed.rows})}
    return [
        *stuck(landed, shortfalls(lake)),
        *missing_rows(landed, in_raw),
        *outdated(landed.unified.values(), mapping_versions(registry)),
    ]


def stale_files(registry: Registry, root: Path = PROJECT) -> list[str]:
    """A line where the generated dbt files of the project in `root` are not those of the registry."""
    count = len(differences(root, render(registry)))
    if not count:
        return []
    return [
        f"{count:,} generated dbt files are not what config/ says, and this run went by the files; run `make generate`"
    ]
