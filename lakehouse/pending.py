"""What was landed, and which of it waits to be unified: the ledger, `unified_loads` and `pending_loads`.

The same in SQL, which is what a run does: `dbt_project/macros/loads/waiting_loads.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import LakeUnavailable
from .lake import Lake, existing_table, readable
from .ledger import LedgerRow, loads

RECORDED = "unified_loads"
PENDING = "pending_loads"
LOAD_KEY = ("target", "raw_table", "load_id")

Load = tuple[str, str, str]
"""A load of a target: its name, the raw table, the load's id."""


@dataclass(frozen=True)
class UnifiedLoad:
    """A row of `unified_loads`: read_rows = inserted_rows + known_rows + rejected_rows."""

    target: str
    raw_table: str
    load_id: str
    read_rows: int
    inserted_rows: int | None
    """None where the target can't tell, as is `known_rows`."""
    known_rows: int | None
    rejected_rows: int
    rejections: str | None
    """A line for each reason, after the number of its rows."""
    mapping_version: str | None
    unified_at: datetime

    @property
    def key(self) -> Load:
        return self.target, self.raw_table, self.load_id


@dataclass(frozen=True)
class Shortfall:
    """A load that the last run left pending, because it found fewer rows of it than were landed."""

    target: str
    raw_table: str
    load_id: str
    row_count: int
    """Rows landed, by the ledger."""
    found_rows: int


@dataclass(frozen=True)
class Landed:
    """What was ever landed, and which loads of it are unified."""

    rows: list[LedgerRow]
    """Of the ledger."""
    targets: Mapping[str, str]
    """Of each raw table that a mapping reads the target that its rows go into."""
    unified: Mapping[Load, UnifiedLoad]

    def is_pending(self, row: LedgerRow) -> bool:
        """Whether the row's load waits to be unified; a raw table without a mapping waits for one."""
        target = self.targets.get(row.raw_table)
        return target is None or (target, row.raw_table, row.load_id) not in self.unified


def read_landed(lake: Lake, targets: Mapping[str, str], *, full_refresh: bool = False) -> Landed:
    """What the lake has; before its first build, and for a full refresh, all of it is pending.

    `targets` names, for each raw table that a mapping reads, the unified table that its rows go into.
    """
    return Landed(loads(lake), targets, {} if full_refresh else unified_loads(lake))


def unified_loads(lake: Lake) -> dict[Load, UnifiedLoad]:
    """Every load that is recorded, by its key; without those of a target that is gone, which is built again."""
    found = [UnifiedLoad(**row) for row in _rows(lake, RECORDED, tuple(UnifiedLoad.__dataclass_fields__))]
    there = {target for target in {load.target for load in found} if target and existing_table(lake, target)}
    return {load.key: load for load in found if load.target in there}


def shortfalls(lake: Lake) -> list[Shortfall]:
    """The loads of which the last run found fewer rows than were landed."""
    columns = (*Shortfall.__dataclass_fields__, "is_complete")
    return [
        Shortfall(**{name: row[name] for name in Shortfall.__dataclass_fields__})
        for row in _rows(lake, PENDING, columns)
        if not row["is_complete"]
    ]


def nothing_landed(location: str) -> str:
    """What a person is told of a lake without anything in it."""
    return f"nothing was landed in {location} yet; try `schemahub run ingest`"


def check_is_there(lake: Lake) -> None:
    """Raise LakeUnavailable where nothing was ever landed, for those that only look at a lake."""
    if not lake.is_there:
        raise LakeUnavailable(nothing_landed(lake.location))


def _rows(lake: Lake, name: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of a table that dbt makes; none before its first build, and where it lacks a column that came later."""
    table = existing_table(lake, name)
    if table is None or not set(columns) <= set(table.schema().column_names):
        return []
    with readable(lake, name):
        rows: list[dict[str, Any]] = table.scan(selected_fields=columns).to_arrow().to_pylist()
    return rows
