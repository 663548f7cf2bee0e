"""Plan what a run of the unified tables will read, table by table, and what Athena will charge for it.

    what is pending   in the ledger and not in `unified_loads`                 ../lakehouse/pending.py, ranges.py
    what is read      data files, by the ranges of the pending loads           files.py
    how often         by the registry's targets and stored marts, and by the references in a stored mart's file
    the price         the least and the most that it can be                    price.py

Nothing is written, and of the tables with data only the manifests are read. A run reads every file that its plan names
at least once. The most that it can read follows from how many of its models read a table, and from how much it writes
to each table. `tests/athena/test_cost.py` compares both figures with what Athena read.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

from pyiceberg.table import Table
from pyiceberg.types import TimestampType

from lakehouse.errors import Misconfigured
from lakehouse.lake import Lake
from lakehouse.ledger import LEDGER
from lakehouse.pending import LOAD_KEY, PENDING, RECORDED, Landed, read_landed
from lakehouse.readable import readable
from registry.column_types import parse_timestamp
from registry.registry import Mapping, Registry

from .files import Reads, reads
from .price import dollars, dollars_at_most
from .ranges import EVERYTHING, PendingLoad, Range, days_written, event_ranges, landing_ranges, pending_loads

SMALLEST_FILE_BYTES = 4 * 1024
"""An upper bound for the size of a Parquet file with few rows. A table gets at least one file per day of new rows."""

LOAD_BYTES = 256
"""An upper bound for the size of a row of `pending_loads` or `unified_loads`."""

STATEMENTS = 6
"""An upper bound for the statements that dbt-athena sends for a model or a seed with new rows of at most `DAYS_AT_ONCE`
days.
"""

DAYS_AT_ONCE = 100
"""The most partitions that Athena writes in one statement. dbt-athena first creates a table of the new rows, and then
reads all of that table once for each hundred days.

Source: https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html
"""

_RANGES, _RANGES_OF_RECORDS = 40, 8
"""The most ranges of time by which a model, and `unified_loads`, reads a table; more are merged into one wide range."""

_GROWTH = 2
"""New rows take at most this many times the bytes of the columns from which they are made."""

LEDGER_KEY = ("raw_table", "load_id")

_REFERENCE = re.compile(r"""\bref\(\s*["'](\w+)["']\s*\)""")
_ITSELF = re.compile(r"{{-?\s*this\s*-?}}")


@dataclass(frozen=True)
class PendingTable:
    """The pending loads of one raw table, added up. Times are UTC; None means unknown."""

    raw_table: str
    loads: int
    rows: int
    first_at: datetime | None
    last_at: datetime | None
    days: int | None
    """The number of days of the unified table that the loads touch; None means all days."""

    @classmethod
    def of(cls, raw_table: str, loads: Sequence[PendingLoad]) -> Self:
        touched = event_ranges(loads)
        return cls(
            raw_table,
            len(loads),
            sum(load.row_count for load in loads),
            min((load.first_at for load in loads if load.first_at), default=None),
            max((load.last_at for load in loads if load.last_at), default=None),
            None if EVERYTHING in touched else len({day for each in touched for day in each.days}),
        )


@dataclass(frozen=True)
class Writes:
    """The most that a run writes to a table."""

    rows: int
    days: int
    """The number of days of the rows. Each day is a partition and has at least one file."""
    bytes: int

    @property
    def batches(self) -> int:
        return max(1, -(-self.days // DAYS_AT_ONCE))


@dataclass(frozen=True)
class TablePlan:
    """What a run does with one table."""

    name: str
    reads: Reads = Reads()
    """What is read from the files that exist now."""
    looks: int = 0
    """The most statements that read the table, both its existing files and what the run writes to it."""
    writes: Writes | None = None

    @property
    def bytes_at_most(self) -> int:
        """Every look reads existing and new files; new rows are also read from where dbt-athena puts them first."""
        reads_of_new = self.looks + 1 + self.writes.batches if self.writes else 0
        return self.looks * self.reads.bytes_of_files + (reads_of_new * self.writes.bytes if self.writes else 0)

    @property
    def statements_at_most(self) -> int:
        return STATEMENTS + self.writes.batches if self.writes else 0


@dataclass(frozen=True)
class Plan:
    """What a run would do; there are no tables if nothing was ever landed."""

    pending: tuple[PendingTable, ...] = ()
    tables: tuple[TablePlan, ...] = ()

    @property
    def bytes(self) -> int:
        """The least that is read: each file once."""
        return sum(table.reads.bytes for table in self.tables)

    @property
    def bytes_at_most(self) -> int:
        return sum(table.bytes_at_most for table in self.tables)

    @property
    def dollars(self) -> float:
        """The least that Athena charges: for one statement per table that is written."""
        return dollars(self.bytes, statements=sum(table.writes is not None for table in self.tables))

    @property
    def dollars_at_most(self) -> float:
        return dollars_at_most(self.bytes_at_most, sum(table.statements_at_most for table in self.tables))

    def of(self, table: str) -> TablePlan:
        """Return the plan of one table; it is empty if the run neither reads nor writes the table."""
        return next((each for each in self.tables if each.name == table), TablePlan(table))


def plan_unify(
    lake: Lake, registry: Registry, *, models: Path, seeds: Sequence[Path] = (), full_refresh: bool = False
) -> Plan:
    """Plan what `schemahub run unify` would read of the lake now.

    Args:
        lake: The lake in its current state.
        registry: The mappings, and the unified tables with their stored marts.
        models: The folder that contains the stored marts' files, at any depth.
        seeds: The files from which the run would create tables first.
        full_refresh: Whether the run would rebuild everything from the raw tables.
    """
    planner = _Planner(lake, registry, models, seeds, full_refresh)
    if not planner.landed.rows:
        return Plan()
    return Plan(tuple(planner.pending_tables()), tuple(planner.tables()))


@dataclass(frozen=True)
class _Model:
    """A table to which the loads of a target are added: the target itself or one of its stored marts."""

    name: str
    target: str
    references: Collection[str]
    """The tables that the model reads, except raw tables; it may read itself."""


@dataclass(frozen=True)
class _Planner:
    lake: Lake
    registry: Registry
    folder: Path
    seeds: Sequence[Path]
    full_refresh: bool

    @cached_property
    def landed(self) -> Landed:
        return read_landed(self.lake, self.registry.targets_by_raw_table, full_refresh=self.full_refresh)

    @cached_property
    def pending(self) -> list[PendingLoad]:
        mapped = (row for row in self.landed.rows if row.raw_table in self.landed.targets)
        return pending_loads(row for row in mapped if self.landed.is_pending(row))

    @cached_property
    def models(self) -> list[_Model]:
        models = [_Model(target, target, {target}) for target in self.registry.targets]
        for target, declared in self.registry.targets.items():
            models += [_Model(mart, target, self._references(mart)) for mart in declared.stored_marts]
        return models

    def _references(self, mart: str) -> set[str]:
        found = sorted(self.folder.rglob(f"{mart}.sql"))
        if not found:
            raise Misconfigured(f"stored mart `{mart}`: expected a model {mart}.sql in {self.folder}; add it there")
        sql = found[0].read_text(encoding="utf-8")
        return set(_REFERENCE.findall(sql)) | ({mart} if _ITSELF.search(sql) else set())

    def pending_tables(self) -> Iterator[PendingTable]:
        loads: dict[str, list[PendingLoad]] = defaultdict(list)
        for load in self.pending:
            loads[load.raw_table].append(load)
        for raw_table, of_table in sorted(loads.items()):
            yield PendingTable.of(raw_table, of_table)

    def tables(self) -> Iterator[TablePlan]:
        """Yield every table that is read or written, roughly in the order of the run."""
        yield from map(_seed, self.seeds)
        yield TablePlan(LEDGER, self._whole(LEDGER, LEDGER_KEY), 2)
        records = Writes(len(self.pending), 0, SMALLEST_FILE_BYTES + LOAD_BYTES * len(self.pending))
        # a target reads it for two kinds of ranges and for its loads; the other models read it less often
        yield TablePlan(PENDING, Reads(), 3 * (len(self.models) + 1), records)
        raw_tables = {each.source: self._raw(each) for each in self.registry.mappings}
        for name, found in raw_tables.items():
            if found.files:  # read twice: its rows are counted, then unified
                yield TablePlan(name, found, 2)
        for model in self.models:
            sources = self.registry.mappings_of(model.target)
            written = self._writes(model, sum(raw_tables[each.source].bytes for each in sources))
            # a target is read once more, to count each load's rows or to check whether a refresh would lose rows
            looks = self._looks(model.name) + (model.name == model.target)
            yield TablePlan(model.name, self._reads(model), looks, written)
        known = {PENDING, *(model.name for model in self.models)}
        for name in sorted({name for model in self.models for name in model.references} - known):
            if (found := self._whole(name)).files:
                yield TablePlan(name, found, self._looks(name))
        yield TablePlan(RECORDED, self._whole(RECORDED, LOAD_KEY), 3 + len(self.registry.targets), records)

    def _looks(self, table: str) -> int:
        return sum(table in model.references for model in self.models)

    def _raw(self, mapping: Mapping) -> Reads:
        declared = mapping.declared
        columns = {"_source_ingest_ts", "_dlt_load_id", *declared.mappings, *declared.filters}
        ranges = [EVERYTHING]
        if self._grows(mapping.target.target_table):
            ranges = landing_ranges(load for load in self.pending if load.raw_table == mapping.source)
        # each row format has its own SELECT, which reads what landed while the format was in force
        edges = [EVERYTHING.start, *(parse_timestamp(each.until) for each in declared.versions), EVERYTHING.end]
        formats = [Range(*edge) for edge in pairwise(edges)]
        within = [overlap for each in ranges for valid in formats if (overlap := each.overlap(valid))]
        return self._within(mapping.source, columns, within, "_source_ingest_ts")

    def _reads(self, model: _Model) -> Reads:
        """Return what is read from a table to which the run also adds rows."""
        target = self.registry.targets[model.target]
        is_target, event = model.name == model.target, target.event_time.column
        columns = {*target.key, event} if is_target else set()
        if self.full_refresh:
            return self._whole(model.name, columns) if is_target else Reads()
        if (table := self._table(model.name)) is None:
            return Reads()
        column = event if is_target else _partition_time(table)
        if not column or any(self._is_read_whole_by(each, model) for each in self.models):
            return self._whole(model.name, columns)
        touched = event_ranges(self._pending_of(model.target), at_most=_RANGES_OF_RECORDS if is_target else _RANGES)
        return self._within(model.name, columns | {column}, touched, column)

    def _is_read_whole_by(self, reader: _Model, model: _Model) -> bool:
        is_far = reader.target != model.target or not self._grows(reader.name)
        return model.name in reader.references and is_far

    def _writes(self, model: _Model, raw_bytes: int) -> Writes:
        loads, made_of = self._pending_of(model.target), raw_bytes
        if not self._grows(model.name) and self._grows(model.target):  # a missing mart is made from all rows
            loads = pending_loads(
                row for row in self.landed.rows if self.landed.targets.get(row.raw_table) == model.target
            )
            made_of += self._whole(model.target).bytes_of_files
        days = days_written(loads)
        size = _GROWTH * made_of + SMALLEST_FILE_BYTES * (days + 1)
        return Writes(sum(load.row_count for load in loads), days, size)

    def _pending_of(self, target: str) -> list[PendingLoad]:
        return [load for load in self.pending if self.landed.targets[load.raw_table] == target]

    def _grows(self, model: str) -> bool:
        """Return whether the run adds rows to an existing table."""
        return not self.full_refresh and self._table(model) is not None

    def _table(self, name: str) -> Table | None:
        if name not in self._opened:
            self._opened[name] = self.lake.open_to_plan(name)
        return self._opened[name]

    @cached_property
    def _opened(self) -> dict[str, Table | None]:
        return {}

    def _whole(self, name: str, columns: Collection[str] = ()) -> Reads:
        return self._within(name, columns, [EVERYTHING])

    def _within(self, name: str, columns: Collection[str], ranges: Sequence[Range], column: str = "") -> Reads:
        if (table := self._table(name)) is None:
            return Reads()
        with readable(self.lake, name):
            return reads(table, set(columns) & set(table.schema().column_names), within=ranges, range_column=column)


def _partition_time(table: Table) -> str:
    """Return the timestamp column by which the table is partitioned, from its own metadata; empty if there is none."""
    columns = [table.schema().find_field(each.source_id) for each in table.spec().fields]
    return next((column.name for column in columns if isinstance(column.field_type, TimestampType)), "")


def _seed(seed: Path) -> TablePlan:
    text = seed.read_bytes()
    rows = text.count(b"\n") - 1
    return TablePlan(seed.stem, Reads((str(seed),), len(text), len(text)), 1, Writes(rows, 0, _GROWTH * len(text)))
