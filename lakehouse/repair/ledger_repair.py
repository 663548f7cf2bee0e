"""Compare the ledger with the raw tables: which loads only the ledger has, and which it lacks.

If the ledger lists a load that the raw table doesn't have, `run unify` would wait for that load for ever.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import reduce

import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, EqualTo, In, Or, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import StaticTable, Table

from ..coverage_record import read_record
from ..lake import Lake
from ..ledger import LedgerRow, recorded_property
from ..ledger_commits import as_arrow, ledger_table, rows_of_load
from ..load_rows import LOAD, read_load
from ..raw_table import RawTable
from ..tables import ensure_table, existing_table

_FILE = re.compile(r"(\d+\.\d+-[0-9a-f]{8})-[^/]*\.parquet")
"""The file names that landing gives to the files of a load."""

Loads = dict[str, set[str]]
"""The ids of loads, by raw table."""


@dataclass(frozen=True)
class LedgerDifferences:
    """How the ledger differs from the raw tables."""

    gone: Loads
    """Loads that the ledger lists but the raw tables don't have."""
    lacking: Loads
    """Loads that the raw tables have but the ledger lacks."""
    declared: Mapping[str, RawTable]

    def __bool__(self) -> bool:
        return bool(self.gone or self.lacking)

    def in_words(self) -> str:
        """The differences in a few words."""
        words = [f"lists {_counted(ids)} that {table} doesn't have" for table, ids in sorted(self.gone.items())]
        words += [f"lacks {_counted(ids)} of {table}" for table, ids in sorted(self.lacking.items())]
        return ", ".join(words)


def differences(
    raw: Mapping[str, str], ledger: str | None, *, declared: Mapping[str, RawTable], unknown: Set[str]
) -> LedgerDifferences:
    """Compare the ledger with the raw tables; reads no rows of tables whose files were all written by landing.

    Args:
        raw: the addresses of the raw tables' metadata, by table.
        ledger: the address of the ledger's metadata; None if the ledger will be created again.
        declared: the raw tables whose columns are known, so that ledger rows can be derived from their rows.
        unknown: raw tables whose contents are unknown; they are left out of the comparison.
    """
    listed = _listed(ledger) if ledger else {}
    held = {name: _held(StaticTable.from_metadata(address)) for name, address in raw.items()}
    tables = (listed.keys() | held.keys()) - unknown
    gone = {name: listed.get(name, set()) - held.get(name, set()) for name in tables}
    lacking = {name: held.get(name, set()) - listed.get(name, set()) for name in tables & declared.keys()}
    return LedgerDifferences(_some(gone), _some(lacking), declared)


def correct(differs: LedgerDifferences, lake: Lake) -> None:
    """Remove the loads from the ledger that are gone, and add those that it lacks, in one commit."""
    ledger = ensure_table(lake, ledger_table())
    added, recorded = list(_added(differs, lake)), list(_recorded(differs, lake))
    with ledger.transaction() as transaction:
        if differs.gone:
            transaction.delete(_of_loads(differs.gone))
        if added:
            transaction.append(as_arrow(added, ledger))
        for of_table in recorded:
            transaction.set_properties(of_table)


def _added(differs: LedgerDifferences, lake: Lake) -> Iterator[LedgerRow]:
    for name, load_ids in sorted(differs.lacking.items()):
        raw = differs.declared[name]
        if (table := existing_table(lake, name)) is not None:
            listed = read_record(lake, name, table.properties)
            in_list = {load.id: load for load in listed.loads}
            for load_id in sorted(load_ids):
                if load_id in in_list:
                    yield from rows_of_load(lake, raw, listed, in_list[load_id])
                else:
                    yield from read_load(raw, table, load_id, landed_at=None)


# otherwise the next run would append loads of a restored table to the ledger a second time
def _recorded(differs: LedgerDifferences, lake: Lake) -> Iterator[dict[str, str]]:
    for name in (differs.gone.keys() | differs.lacking.keys()) & differs.declared.keys():
        table = existing_table(lake, name)
        listed = read_record(lake, name, table.properties if table else {})
        yield recorded_property(name, [load.id for load in listed.loads])


def _listed(address: str) -> Loads:
    columns = ("raw_table", "load_id", "row_count")
    rows = StaticTable.from_metadata(address).scan(selected_fields=columns).to_arrow()
    listed: Loads = defaultdict(set)
    for table, load_id, row_count in zip(*(rows[name].to_pylist() for name in columns), strict=True):
        if row_count != 0:  # a load without rows has no files by which it could be found
            listed[table].add(load_id)
    return listed


def _held(table: Table) -> set[str]:
    names = [_FILE.fullmatch(task.file.file_path.rpartition("/")[2]) for task in table.scan().plan_files()]
    if all(names):
        return {name[1] for name in names if name}
    rows = table.scan(selected_fields=(LOAD,)).to_arrow()
    return set(pc.unique(rows[LOAD]).to_pylist())


def _of_loads(loads: Loads) -> BooleanExpression:
    each: list[BooleanExpression] = [
        And(
            EqualTo(term=Reference("raw_table"), value=literal(name)),
            In(term=Reference("load_id"), literals={literal(load_id) for load_id in load_ids}),
        )
        for name, load_ids in sorted(loads.items())
    ]
    return reduce(Or, each)


def _counted(ids: Set[str]) -> str:
    return "1 load" if len(ids) == 1 else f"{len(ids):,} loads"


def _some(loads: Loads) -> Loads:
    return {name: load_ids for name, load_ids in loads.items() if load_ids}
