"""What a run of `trades_unified` and its marts would read, told before it runs, and what Athena would take for it.

    what waits     in the ledger and not in `unified_loads`                    ../landed.py, ranges.py
    what is read   files and bytes in the ranges of time that this touches     files.py
    the price      of each statement                                           statement.py, price.py

Nothing is made or written. The ledger and `unified_loads` are read, and of the tables with trades only manifests. The
statements are those that dbt-athena sends for this project's models, which `tests/athena/test_cost.py` holds against
those that were sent; dbt-duckdb reads the same files, in fewer statements.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from pyiceberg.table import Table

from lakehouse.lake import Lake, existing_table, readable
from lakehouse.ledger import LEDGER
from lakehouse.pending import LOAD_KEY, PENDING, RECORDED, Landed, read_landed
from registry.registry import PROJECT, Mapping, Registry

from .files import Reads, reads
from .ranges import EVERYTHING, Range, WaitingLoad, days_written, event_ranges, landing_ranges, waiting_loads
from .statement import CREATE, INSERT, SELECT, Statement

TARGET = "trades_unified"
BARS = "trades_1m_versions"

_MODELS = PROJECT / "dbt_project" / "models"
_WAITING_SQL = PROJECT / "dbt_project" / "macros" / "loads" / "waiting_loads.sql"
_BARS_SQL = _MODELS / "marts" / "stored" / f"{BARS}.sql"

_FILE_BYTES, _LOAD_BYTES = 2400, 150
"""Of a file with hardly a row, and of each row of `pending_loads`; measured, and a little more."""

_RANGES_OF_RECORDS = 8
"""Stretches of time in which `unified_loads` counts the rows of a target, at most, as `stored_reads` has it."""

_DAYS_AT_ONCE = 100
"""Athena writes no more partitions in a statement: https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html"""

_NEW_ROWS = "its new rows"
_BAR_KEY = frozenset({"exchange", "symbol", "minute", "trade_count"})
_OF_EVERY_RAW_ROW = frozenset({"_source_ingest_ts", "_dlt_load_id"})


@dataclass(frozen=True)
class PendingTable:
    """What of one raw table waits to be unified. Times are UTC; None is unknown."""

    raw_table: str
    loads: int
    rows: int
    first_trade_at: datetime | None
    last_trade_at: datetime | None
    days: int | None
    """How many days of the unified tables its loads touch; None is all of them."""

    @classmethod
    def of(cls, raw_table: str, loads: Sequence[WaitingLoad]) -> Self:
        touched = event_ranges(loads)
        return cls(
            raw_table,
            len(loads),
            sum(load.row_count for load in loads),
            min((load.first_trade_at for load in loads if load.first_trade_at), default=None),
            max((load.last_trade_at for load in loads if load.last_trade_at), default=None),
            None if EVERYTHING in touched else len({day for each in touched for day in each.days}),
        )


@dataclass(frozen=True)
class Plan:
    """What a run would do; without statements where nothing was ever landed."""

    pending: tuple[PendingTable, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def dollars(self) -> float:
        return sum(statement.dollars for statement in self.statements)

    @property
    def dollars_at_most(self) -> float:
        return sum(statement.dollars_at_most for statement in self.statements)

    def reads(self, node: str, kind: str = CREATE) -> dict[str, Reads]:
        """What a node's statements of a kind read, by table."""
        found: dict[str, Reads] = defaultdict(Reads)
        for statement in self.statements:
            if (statement.node, statement.kind) == (node, kind):
                for table, read in statement.reads.items():
                    found[table] += read
        return found


def plan_unify(lake: Lake, registry: Registry, *, seeds: Sequence[Path] = (), full_refresh: bool = False) -> Plan:
    """What `schemahub run unify` would read of the lake now; `seeds` are the files that it would load first."""
    planner = _Planner(lake, registry, seeds, full_refresh)
    if not planner.landed.rows:
        return Plan()
    return Plan(tuple(planner.pending_tables()), tuple(planner.statements()))


@dataclass(frozen=True)
class _Planner:
    lake: Lake
    registry: Registry
    seeds: Sequence[Path]
    full_refresh: bool

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables that are there, of those that the statements read."""
        wanted = {
            LEDGER,
            RECORDED,
            BARS,
            *self.registry.targets,
            *(each.source for each in self.registry.mappings),
        }
        return {name: table for name in sorted(wanted) if (table := existing_table(self.lake, name)) is not None}

    @cached_property
    def landed(self) -> Landed:
        return read_landed(self.lake, self.registry.targets_by_raw_table, full_refresh=self.full_refresh)

    def is_incremental(self, model: str) -> bool:
        return not self.full_refresh and model in self.tables

    @property
    def counts_recorded(self) -> bool:
        """Whether loads that are recorded need no unifying, as the macro `waiting_loads` has it."""
        return any(self.is_incremental(target) for target in self.registry.targets) and RECORDED in self.tables

    @cached_property
    def pending(self) -> list[WaitingLoad]:
        return waiting_loads(
            row for row in self.landed.rows if row.raw_table in self.landed.targets and self.landed.is_pending(row)
        )

    def pending_tables(self) -> Iterator[PendingTable]:
        loads: dict[str, list[WaitingLoad]] = defaultdict(list)
        for load in self.pending:
            loads[load.raw_table].append(load)
        for raw_table, of_table in sorted(loads.items()):
            yield PendingTable.of(raw_table, of_table)

    def statements(self) -> Iterator[Statement]:
        for seed in self.seeds:
            yield Statement(seed.stem, CREATE, {seed.name: _seed_reads(seed)})
        yield from self._pending_loads()
        new_rows = {target: self._new_rows(target) for target in self.registry.targets}
        for target, of_raw_tables in new_rows.items():
            yield from self._target(target, of_raw_tables)
        yield from self._bars(_sum(new_rows[TARGET]))
        yield from self._unified_loads(new_rows)

    def _pending_loads(self) -> Iterator[Statement]:
        waiting = {LEDGER: self._whole(LEDGER, _words(_WAITING_SQL.read_text()))}
        if self.counts_recorded:
            waiting[RECORDED] = self._whole(RECORDED, LOAD_KEY)
        # when they landed, so that only their files are counted; and one that tells dbt how the last statement went
        yield Statement(PENDING, SELECT, waiting, count=2)
        landed = ((mapping, self._waiting_ranges(mapping)) for mapping in self.registry.mappings)
        yield Statement(
            PENDING,
            CREATE,
            waiting | {mapping.source: self._raw(mapping, ranges) for mapping, ranges in landed if ranges},
        )

    @cached_property
    def _pending_rows(self) -> Reads:
        """Reading `pending_loads` once, which has a row for each load."""
        size = _FILE_BYTES + _LOAD_BYTES * len(self.pending) if self.pending else 0
        return Reads((), size, size)

    def _target(self, target: str, new_rows: dict[str, Reads]) -> Iterator[Statement]:
        read = {**new_rows, PENDING: self._pending_rows}
        loads = self._pending_of(target)
        if not self.is_incremental(target) and RECORDED in self.tables:
            read[RECORDED] = self._whole(RECORDED, LOAD_KEY)
        declared = self.registry.targets[target]
        if self.is_incremental(target):
            column = declared.event_time.column
            read[target] = self._within(target, {*declared.key, column}, event_ranges(loads), column)
        # dbt asks for the ranges of landing and of trade times
        yield from self._incremental(target, read, made=_sum(new_rows), days=days_written(loads), range_queries=2)
        if self.full_refresh and target in self.tables:  # whether rows would be lost
            keys = {target: self._whole(target, declared.key), "its new keys": _made(_sum(new_rows))}
            yield Statement(target, SELECT, keys)

    def _pending_of(self, target: str) -> list[WaitingLoad]:
        sources = {mapping.source for mapping in self.registry.mappings_of(target)}
        return [load for load in self.pending if load.raw_table in sources]

    def _new_rows(self, target: str) -> dict[str, Reads]:
        """What is read of each raw table that has anything to read."""
        landed = ((mapping, self._landing_ranges(mapping)) for mapping in self.registry.mappings_of(target))
        return {mapping.source: self._raw(mapping, ranges) for mapping, ranges in landed if ranges}

    def _landing_ranges(self, mapping: Mapping) -> list[Range]:
        if not self.is_incremental(mapping.target.target_table):
            return [EVERYTHING]
        return self._waiting_ranges(mapping)

    def _waiting_ranges(self, mapping: Mapping) -> list[Range]:
        return landing_ranges(load for load in self.pending if load.raw_table == mapping.source)

    def _raw(self, mapping: Mapping, landed: Sequence[Range]) -> Reads:
        found = Reads()
        for format_ in mapping.formats:  # each is a SELECT of its own
            valid = Range(format_.since or EVERYTHING.start, format_.until or EVERYTHING.end)
            ranges = [overlap for each in landed if (overlap := each.overlap(valid))]
            found += self._within(mapping.source, format_.sources | _OF_EVERY_RAW_ROW, ranges, "_source_ingest_ts")
        return found

    def _bars(self, new_trades: Reads) -> Iterator[Statement]:
        is_incremental = self.is_incremental(BARS)
        loads = self._pending_of(TARGET) if is_incremental else waiting_loads(self.landed.rows)
        touched = event_ranges(loads) if is_incremental else [EVERYTHING]
        days = days_written(loads)
        read = {f"new {TARGET}": _made(new_trades, files=days)}  # by then the table has them too, a file for each day
        if self.is_incremental(TARGET):
            read[TARGET] = self._within(TARGET, _words(_BARS_SQL.read_text()), touched, "trade_ts")
        made = _sum(read)
        if is_incremental:
            made = new_trades  # no more bars change than there are new trades
            read[BARS] = self._within(BARS, _BAR_KEY, touched, "minute")
        yield from self._incremental(BARS, read, made=made, days=days, range_queries=1)

    def _unified_loads(self, new_rows: dict[str, dict[str, Reads]]) -> Iterator[Statement]:
        read = {PENDING: self._pending_rows}
        if RECORDED in self.tables:
            read[RECORDED] = self._whole(RECORDED, LOAD_KEY)
        targets = {name: column for name, column in self.registry.landing_columns.items() if column}
        for target, column in targets.items():
            event = self.registry.targets[target].event_time.column
            loads = self._pending_of(target)
            read[f"new {target}"] = _made(_sum(new_rows[target]), files=days_written(loads))
            if self.is_incremental(target):
                touched = event_ranges(loads, at_most=_RANGES_OF_RECORDS)
                read[target] = self._within(target, {column, event}, touched, event)
        ranges = {PENDING: _times(self._pending_rows, len(targets))}
        yield from self._incremental(RECORDED, read, made=self._pending_rows, days=0, always=ranges)

    def _incremental(
        self,
        model: str,
        read: dict[str, Reads],
        *,
        made: Reads,
        days: int,
        range_queries: int = 0,
        always: dict[str, Reads] | None = None,
    ) -> Iterator[Statement]:
        """As dbt-athena builds a model, or adds to it: it makes a table of the new rows, and inserts from that.

        A build needs such a table only where there are too many days for a statement; then dbt-athena asks which days
        there are, and makes the model of the first hundred and inserts the others, a hundred at a time.
        """
        is_incremental = self.is_incremental(model)
        queries = range_queries if is_incremental else 0
        # one SELECT more has no table: it tells dbt how the last statement went
        ranges = always or ({PENDING: _times(self._pending_rows, queries)} if queries else {})
        yield Statement(model, SELECT, ranges, count=(queries or len(ranges)) + 1)
        yield Statement(model, CREATE, read)
        batches = max(1, -(-days // _DAYS_AT_ONCE))
        if batches > 1:
            yield Statement(model, SELECT, {_NEW_ROWS: _made(made)})
            if not is_incremental:
                yield Statement(model, CREATE, {_NEW_ROWS: _made(made)})
        if inserts := batches if is_incremental else batches - 1:
            yield Statement(model, INSERT, {_NEW_ROWS: _times(_made(made), inserts)}, count=inserts)

    def _whole(self, table: str, columns: Iterable[str]) -> Reads:
        return self._within(table, columns, [EVERYTHING])

    def _within(self, name: str, columns: Iterable[str], ranges: Sequence[Range], column: str = "") -> Reads:
        if (table := self.tables.get(name)) is None:
            return Reads()
        with readable(self.lake, name):
            return reads(table, set(columns) & set(table.schema().column_names), within=ranges, of=column)


def _made(read: Reads, *, files: int = 0) -> Reads:
    """Reading what is made of `read`, so that its files aren't known; `files` is their number, where there are many."""
    beside = files * _FILE_BYTES if read.bytes else 0
    return Reads((), read.bytes + beside, read.bytes_of_files + beside)


def _sum(found: dict[str, Reads]) -> Reads:
    return sum(found.values(), Reads())


def _times(read: Reads, times: int) -> Reads:
    return sum([read] * times, Reads())


def _seed_reads(seed: Path) -> Reads:
    text = seed.read_text(encoding="utf-8")
    size = len(text.encode()) + 2 * (text.count(",") + text.count("\n"))  # dbt-athena puts every field in quotes
    return Reads((str(seed),), size, size)


@cache
def _words(sql: str) -> frozenset[str]:
    """Every name in a statement; those of a table's columns among them are the columns that it reads."""
    return frozenset(re.findall(r"\w+", re.sub(r"\{[{%].*?[%}]\}", "", sql)))  # macros have names of their own
