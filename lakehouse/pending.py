"""What has been landed, and which loads are pending: the ledger, `unified_loads` and `pending_loads`.

A run decides the same in SQL: `dbt_project/macros/loads/waiting_loads.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .errors import LakeUnavailable
from .lake import Lake
from .ledger import LedgerRow, loads

RECORDED = "unified_loads"
PENDING = "pending_loads"
LOAD_KEY = ("target", "raw_table", "load_id")

Load = tuple[str, str, str]
"""The key of a load for one target: the target's name, the raw table's name, the load's id."""


@dataclass(frozen=True)
class UnifiedLoad:
    """A row of `unified_loads`: read_rows = inserted_rows + known_rows + rejected_rows."""

    target: str
    raw_table: str
    load_id: str
    read_rows: int
    inserted_rows: int | None
    """The rows added to the target. This and `known_rows` are None if the target can't tell them apart."""
    known_rows: int | None
    rejected_rows: int
    rejections: str | None
    """One line per reason, each beginning with its number of rows."""
    mapping_version: str | None
    unified_at: datetime

    @property
    def key(self) -> Load:
        return self.target, self.raw_table, self.load_id


@dataclass(frozen=True)
class Shortfall:
    """A load that the last run left pending because it found fewer of its rows than were landed."""

    target: str
    raw_table: str
    load_id: str
    row_count: int
    """The number of rows landed, according to the ledger."""
    found_rows: int


@dataclass(frozen=True)
class Landed:
    """Everything that was ever landed, and which of these loads are unified."""

    rows: list[LedgerRow]
    """The rows of the ledger."""
    targets: Mapping[str, str]
    """For each raw table that a mapping reads, the target that its rows go into."""
    unified: Mapping[Load, UnifiedLoad]

    def is_pending(self, row: LedgerRow) -> bool:
        """Whether the row's load is pending; loads of a raw table without a mapping are pending until it has one."""
        target = self.targets.get(row.raw_table)
        return target is None or (target, row.raw_table, row.load_id) not in self.unified


def read_landed(lake: Lake, targets: Mapping[str, str], *, full_refresh: bool = False) -> Landed:
    """What the lake holds; before its first build, and for a full refresh, all loads are pending.

    `targets` names, for each raw table that a mapping reads, the unified table that its rows go into.
    """
    return Landed(loads(lake), targets, {} if full_refresh else unified_loads(lake))


def unified_loads(lake: Lake) -> dict[Load, UnifiedLoad]:
    """Every load recorded as unified, by key, except those of a dropped target, which will be rebuilt."""
    found = [UnifiedLoad(**row) for row in lake.rows(RECORDED, tuple(UnifiedLoad.__dataclass_fields__))]
    there = {target for target in {load.target for load in found} if target and lake.table_state(target)}
    return {load.key: load for load in found if load.target in there}


def shortfalls(lake: Lake) -> list[Shortfall]:
    """The loads for which the last run found fewer rows than were landed."""
    columns = (*Shortfall.__dataclass_fields__, "is_complete")
    return [
        Shortfall(**{name: row[name] for name in Shortfall.__dataclass_fields__})
        for row in lake.rows(PENDING, columns)
        if not row["is_complete"]
    ]


def nothing_landed(location: str) -> str:
    """The message for a lake that is empty."""
    return f"nothing has been landed in {location} yet; try `schemahub run ingest`"


def check_is_there(lake: Lake) -> None:
    """Raise LakeUnavailable if nothing was ever landed; for commands that only read a lake."""
    if not lake.is_there:
        raise LakeUnavailable(nothing_landed(lake.location))
