"""What was landed, and which of it waits to be unified: the ledger and `unified_loads`, for all that tell of them.

The same in SQL, which is what a run does: `dbt_project/macros/loads/recorded_loads.sql`.
"""

from dataclasses import dataclass

from loaders.exceptions import LakeUnavailable
from loaders.lake import Lake, existing_table, readable
from loaders.ledger import LedgerRow, loads

TARGET = "trades_unified"
RECORDED = "unified_loads"
LOAD_KEY = ("raw_table", "load_id")


@dataclass(frozen=True)
class Landed:
    """What was ever landed, and which loads of it are unified."""

    rows: list[LedgerRow]
    """Of the ledger."""
    unified: frozenset[tuple[str, str]]
    """Raw table and id of each load."""

    def is_pending(self, row: LedgerRow) -> bool:
        """Whether the row's load waits to be unified."""
        return (row.raw_table, row.load_id) not in self.unified


def read_landed(lake: Lake, *, full_refresh: bool = False) -> Landed:
    """What the lake has; before its first build, and for a full refresh, all of it is pending."""
    return Landed(loads(lake), frozenset() if full_refresh else _unified(lake))


def nothing_landed(location: str) -> str:
    """What a person is told of a lake without anything in it."""
    return f"nothing was landed in {location} yet; try `schemahub run ingest`"


def check_is_there(lake: Lake) -> None:
    """Raise LakeUnavailable where nothing was ever landed, for those that only look at a lake."""
    if not lake.is_there:
        raise LakeUnavailable(nothing_landed(lake.location))


def _unified(lake: Lake) -> frozenset[tuple[str, str]]:
    recorded = existing_table(lake, RECORDED)
    if recorded is None or existing_table(lake, TARGET) is None:
        return frozenset()  # what was recorded of a table that is gone is unified anew
    with readable(lake, RECORDED):
        columns = recorded.scan(selected_fields=LOAD_KEY).to_arrow()
    return frozenset(zip(*(columns[name].to_pylist() for name in LOAD_KEY), strict=True))
