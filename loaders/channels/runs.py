"""Puts what was heard in order: runs of trades between which nothing is missing.

The ids of a stream are dense: the trade after id 7 has id 8. So a half-open range of ids [low, high) whose trades were
all heard certainly holds every trade, whatever the connection went through. Repeated trades are dropped, late ones are
put in their place, and where ids are missing a run ends and another one begins.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.raw_table import RawTable

_ID, _AT, _PLACE = "id as a number", "heard at", "number of the stream"
_MOST_RANGES = 64
"""The ranges of ids that are remembered for each stream; what lies below them counts as heard."""


@dataclass(frozen=True)
class Run:
    """Trades of one stream, sorted by id, that certainly include every id from `low` up to but not including `high`."""

    stream: str
    low: int
    high: int
    rows: pa.RecordBatch
    """Exactly one row for each id."""
    last_time: datetime | None
    """The latest time of a trade, UTC without a zone; None if no trade has a usable time."""


@dataclass
class _Ranges:
    """Which ids of one stream were handed out: ranges that neither overlap nor touch, in ascending order."""

    ranges: list[tuple[int, int]] = field(default_factory=list)
    floor: int = 0
    """Below this id nothing is handed out any more."""

    def ends_at(self, low: int) -> bool:
        return any(high == low for _, high in self.ranges)

    def missing_of(self, low: int, high: int) -> list[tuple[int, int]]:
        """The parts of [low, high) that were not handed out yet."""
        low = max(low, self.floor)
        parts = []
        for start, stop in self.ranges:
            if stop <= low:
                continue
            if start >= high:
                break
            if low < start:
                parts.append((low, start))
            low = max(low, stop)
        return [*parts, (low, high)] if low < high else parts

    def add(self, low: int, high: int) -> None:
        merged: list[tuple[int, int]] = []
        for start, stop in sorted([*self.ranges, (low, high)]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        if len(merged) > _MOST_RANGES:
            merged = merged[-_MOST_RANGES:]
            self.floor = merged[0][0]
        self.ranges = merged


@dataclass
class Runs:
    """Collects trades of all streams of a raw table, and hands them out as runs. Not for several threads at once."""

    raw: RawTable
    patience: float = 0.5
    """The seconds for which a trade waits if the ones before it are missing, because they may come late."""
    nbytes: int = 0
    """The size of what waits to be handed out."""
    repeated: int = 0
    """The number of trades that were dropped because they had been heard before."""
    holes: int = 0
    """The number of times that ids were missing between two trades."""

    def __post_init__(self) -> None:
        self._waiting: list[pa.RecordBatch] = []
        self._handed_out: dict[str, _Ranges] = {}

    @property
    def rows(self) -> int:
        """The number of trades that wait to be handed out."""
        return sum(batch.num_rows for batch in self._waiting)

    def add(self, trades: pa.RecordBatch, ids: list[int], *, at: float) -> None:
        """Add trades in any order, with the id of each; `at` is the time in monotonic seconds."""
        if not ids:
            return
        marked = trades.append_column(_ID, pa.array(ids, pa.int64())).append_column(
            _AT, pa.repeat(pa.scalar(at, pa.float64()), len(ids))
        )
        self._waiting.append(marked)
        self.nbytes += marked.nbytes

    def take(self, *, at: float, everything: bool = False) -> list[Run]:
        """The runs of all trades added so far, by stream and id.

        Trades that follow a hole wait until they are older than `patience` at `at`, unless `everything` is wanted.
        """
        if not self._waiting:
            return []
        rows = self._in_order(pa.Table.from_batches(self._waiting))
        self._waiting, self.nbytes = [], 0
        newest = float("inf") if everything else at - self.patience
        ids, streams, times = rows[_ID], rows[self.raw.stream_column], rows[_AT]
        runs = []
        for start, stop in pairwise([*_beginnings(rows), rows.num_rows]):
            stream, first = streams[start].as_py(), ids[start].as_py()
            ranges = self._handed_out.setdefault(stream, _Ranges())
            parts = ranges.missing_of(first, first + stop - start)
            self.repeated += stop - start - sum(high - low for low, high in parts)
            for low, high in parts:
                found = rows.slice(start + low - first, high - low)
                has_hole = bool(ranges.ranges) and not ranges.ends_at(low) and low > ranges.ranges[-1][1]
                if has_hole and times[start + low - first].as_py() > newest:
                    held = found.drop_columns([_PLACE])
                    self._waiting.append(held)
                    self.nbytes += held.nbytes
                    continue
                self.holes += has_hole
                ranges.add(low, high)
                runs.append(self._run(stream, low, found))
        return runs

    def _in_order(self, rows: pa.Table) -> pa.RecordBatch:
        """The rows by stream and id, each id once: as it was heard first."""
        places = rows[self.raw.stream_column].combine_chunks().dictionary_encode().indices
        rows = rows.append_column(_PLACE, places)
        if not _is_ascending(rows):
            rows = rows.take(pc.sort_indices(rows, sort_keys=[(_PLACE, "ascending"), (_ID, "ascending")]))
        (batch,) = rows.combine_chunks().to_batches()
        is_new = pc.invert(pc.and_kleene(_is_same(batch[_PLACE]), pc.equal(_steps(batch[_ID]), 0)))
        if pc.all(is_new).as_py():
            return batch
        found = batch.filter(is_new)
        self.repeated += batch.num_rows - found.num_rows
        return found

    def _run(self, stream: str, low: int, found: pa.RecordBatch) -> Run:
        rows = found.drop_columns([_ID, _AT, _PLACE])
        return Run(stream, low, low + rows.num_rows, rows, pc.max(rows[self.raw.time_column]).as_py())


def _steps(values: pa.Array) -> pa.Array:
    """How much greater each value is than the one before it; null for the first."""
    return pc.pairwise_diff(values)


def _is_same(places: pa.Array) -> pa.Array:
    """Whether each value equals the one before it; false for the first."""
    return pc.fill_null(pc.equal(_steps(places), 0), False)


def _is_ascending(rows: pa.Table) -> bool:
    """Whether the rows are of one stream, in ascending order of id, as they nearly always are."""
    ids = rows[_ID].combine_chunks()
    return pc.max(rows[_PLACE]).as_py() == 0 and pc.all(pc.greater_equal(_steps(ids), 0)).as_py() is not False


def _beginnings(rows: pa.RecordBatch) -> list[int]:
    """The places at which a run begins: another stream, or an id that doesn't follow the one before."""
    follows = pc.and_(_is_same(rows[_PLACE]), pc.equal(_steps(rows[_ID]), 1))
    beginnings: list[int] = pc.indices_nonzero(pc.invert(pc.fill_null(follows, False))).to_pylist()
    return beginnings
