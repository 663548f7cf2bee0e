"""The balance of a run: what became of the rows that it read. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.pending import UnifiedLoad


@dataclass(frozen=True)
class Balance:
    """The balance of the loads of one raw table, in rows: read = inserted + known + rejected."""

    raw_table: str
    loads: int
    read: int
    inserted: int | None
    """The rows added to the target. This and `known` are None if the target can't tell them apart."""
    known: int | None
    rejected: int
    reasons: Mapping[str, int]
    """For each reason, the number of rows rejected for it."""


def balances(loads: Iterable[UnifiedLoad]) -> list[Balance]:
    """The balance of each raw table that has loads, ordered by name."""
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
