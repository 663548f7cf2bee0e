"""Reports what in a lake needs attention, one line for each thing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lakehouse.lake import Lake
from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed, Shortfall, UnifiedLoad, shortfalls
from macros_gen.versions import mapping_versions
from registry.registry import Registry

from ..settings import PROJECT
from .balance import Balance

FUTURE = "is in the future"
"""The end of the rejection reason of a row whose time is later than both its landing and the run."""

MOST_LINES = 5
"""The maximum number of loads that are listed one by one. Of the others, only the number is reported."""


def row_count(lake: Lake, name: str) -> int:
    """The number of rows of a table that only grows, according to its current snapshot; 0 if there is none."""
    state = lake.table_state(name)
    return 0 if state is None else state.row_count


def remarks(lake: Lake, landed: Landed, registry: Registry) -> list[str]:
    """One line for each thing in a lake that needs attention."""
    in_raw = {raw_table: row_count(lake, raw_table) for raw_table in sorted({row.raw_table for row in landed.rows})}
    return [
        *stuck(landed, shortfalls(lake)),
        *missing_rows(landed, in_raw),
        *outdated(landed.unified.values(), mapping_versions(registry)),
    ]


def stale_files(registry: Registry, root: Path = PROJECT) -> list[str]:
    """One line if the generated dbt files of the project in `root` don't match the registry.

    Schemas and documentation are generated too, but no run uses them, and packages for AWS leave them out.
    """
    # `status` would wait for these imports too
    from macros_gen.files import differences
    from macros_gen.render import render

    count = sum(": dbt_project/" in line for line in differences(root, render(registry)))
    if not count:
        return []
    return [f"{count:,} generated dbt files don't match config/, and this run used the files; run `schemahub generate`"]


def from_the_future(balances: Iterable[Balance], target: str) -> Iterator[str]:
    """One line if rows were rejected because a clock was behind, at their landing or in the run."""
    rows = sum(count for balance in balances for reason, count in balance.reasons.items() if reason.endswith(FUTURE))
    if rows:
        yield (
            f"{rows:,} rows were rejected because their time is in the future; if a clock was wrong, set it and "
            f"run `schemahub run unify {target} --full-refresh` to insert them"
        )


def stuck(landed: Landed, short: Sequence[Shortfall]) -> Iterator[str]:
    """One line for each thing that keeps landed rows out of their target, and that waiting won't resolve."""
    yield from _unmapped(landed)
    waiting = [each for each in short if (each.target, each.raw_table, each.load_id) not in landed.unified]
    for each in waiting[:MOST_LINES]:
        yield (
            f"load {each.load_id} of {each.raw_table} stays pending: {each.found_rows:,} of its {each.row_count:,} "
            f"rows were found when {each.target} was last unified; `schemahub repair` looks for damage"
        )
    if len(waiting) > MOST_LINES:
        yield f"{len(waiting) - MOST_LINES:,} more loads stay pending for the same reason"


def _unmapped(landed: Landed) -> Iterator[str]:
    by_table: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in landed.rows:
        if row.raw_table not in landed.targets:
            by_table[row.raw_table].append(row)
    for raw_table, rows in sorted(by_table.items()):
        loads, count = len({row.load_id for row in rows}), sum(row.row_count for row in rows)
        yield f"{loads:,} loads of {raw_table} ({count:,} rows) stay pending: no file in config/mappings/ reads it"


def missing_rows(landed: Landed, rows_in_raw: Mapping[str, int]) -> Iterator[str]:
    """One line for each raw table that holds fewer rows than were landed according to the ledger."""
    in_ledger: Counter[str] = Counter()
    for row in landed.rows:
        in_ledger[row.raw_table] += row.row_count
    for raw_table, held in sorted(rows_in_raw.items()):
        if held < in_ledger[raw_table]:
            yield (
                f"{raw_table} holds {held:,} rows, and the ledger has {in_ledger[raw_table]:,}; "
                "`schemahub repair` looks for damage"
            )


def outdated(loads: Iterable[UnifiedLoad], versions: Mapping[str, str]) -> Iterator[str]:
    """One line for each raw table with loads that were unified by another version of its mapping."""
    by_table: dict[tuple[str, str], list[UnifiedLoad]] = defaultdict(list)
    for load in loads:
        if load.mapping_version is not None and load.mapping_version != versions.get(load.raw_table):
            by_table[load.target, load.raw_table].append(load)
    for (target, raw_table), of_table in sorted(by_table.items()):
        if raw_table in versions:
            count = sum(load.read_rows for load in of_table)
            yield (
                f"{len(of_table):,} loads of {raw_table} ({count:,} rows) were unified by another version of its "
                f"mapping; `schemahub run unify {target} --full-refresh` unifies them again"
            )
