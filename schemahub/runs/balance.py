"""The balance of a run: what became of the rows that it read, and what of the lake needs somebody's attention. Pure.

raw_binance_trades   450 read = 270 inserted + 175 already there + 5 rejected
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.ledger import LedgerRow
from lakehouse.pending import Landed, Shortfall, UnifiedLoad

FUTURE = "is in the future"
"""How the reason ends for which a row is rejected whose time is after its landing and after the run."""

MOST_LINES = 5
"""Loads that are named one by one; of more the number is told."""


@dataclass(frozen=True)
class Balance:
    """Of the loads of one raw table: read = inserted + known + rejected, in rows."""

    raw_table: str
    loads: int
    read: int
    inserted: int | None
    """None where the target can't tell, as is `known`."""
    known: int | None
    rejected: int
    reasons: Mapping[str, int]
    """Why rows were rejected, and how many."""

    def __str__(self) -> str:
        parts = [f"{self.rejected:,} rejected"]
        if self.inserted is not None and self.known is not None:
            parts = [f"{self.inserted:,} inserted", f"{self.known:,} already there", *parts]
        return f"{self.raw_table:<20} {self.read:,} read = {' + '.join(parts)}"


def balances(loads: Iterable[UnifiedLoad]) -> list[Balance]:
    """The balance of each raw table that the loads are of, by its name."""
    by_table: dict[str, list[UnifiedLoad]] = defaultdict(list)
    for load in loads:
        by_table[load.raw_table].append(load)
    return [_balance(raw_table, of_table) for raw_table, of_table in sorted(by_table.items())]


def _balance(raw_table: str, loads: Sequence[UnifiedLoad]) -> Balance:
    reasons: Counter[str] = Counter()
    for load in loads:
        reasons.update(_reasons(load.rejections))
    return Balance(
        raw_table,
        len(loads),
        sum(load.read_rows for load in loads),
        _sum([load.inserted_rows for load in loads]),
        _sum([load.known_rows for load in loads]),
        sum(load.rejected_rows for load in loads),
        dict(reasons.most_common()),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _reasons(rejections: str | None) -> dict[str, int]:
    """The lines of `unified_loads.rejections` as numbers by reason."""
    parts = (line.partition(" ") for line in (rejections or "").splitlines())
    return {reason: int(count) for count, _, reason in parts}


def rejections(balance: Balance) -> str:
    """Why rows of a raw table were rejected, in one line."""
    return ", ".join(f"{count:,} {reason}" for reason, count in balance.reasons.items())


def from_the_future(balances: Iterable[Balance], target: str) -> Iterator[str]:
    """A line where rows were rejected because a clock was behind, of their landing or of the run."""
    rows = sum(count for balance in balances for reason, count in balance.reasons.items() if reason.endswith(FUTURE))
    if rows:
        yield (
            f"{rows:,} rows were rejected as being from the future; where a clock was wrong, set it, and "
            f"`schemahub run unify {target} --full-refresh` takes them in"
        )


def stuck(landed: Landed, short: Sequence[Shortfall]) -> Iterator[str]:
    """A line for each thing that keeps landed rows out of their target, and that waiting won't mend."""
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
        yield f"{loads:,} loads of {raw_table} ({count:,} rows) wait: no file of config/mappings/ reads that table"


def missing_rows(landed: Landed, rows_in_raw: Mapping[str, int]) -> Iterator[str]:
    """A line for each raw table that holds fewer rows than the ledger says were landed."""
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
    """A line for each raw table some of whose loads were unified by another version of its mapping."""
    by_table: dict[tuple[str, str], list[UnifiedLoad]] = defaultdict(list)
    for load in loads:
        if load.mapping_version is not None and load.mapping_version != versions.get(load.raw_table):
            by_table[load.target, load.raw_table].append(load)
    for (target, raw_table), of_table in sorted(by_table.items()):
        if raw_table in versions:
            count = sum(load.read_rows for load in of_table)
            yield (
                f"{len(of_table):,} loads of {raw_table} ({count:,} rows) were unified by another version of its "
                f"mapping; `schemahub run unify {target} --full-refresh` makes them again"
            )
