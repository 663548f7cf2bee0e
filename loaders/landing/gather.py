"""Gather pieces into batches of rows, one for each Parquet file, that know what they claim.

A file holds one stream, or many streams in their order if a load has few rows of each. Where ids are contiguous, files
end at multiples of ROWS_OF_A_FILE: two loaders that fill the same hole then make the same files, and the slower one
drops whole files instead of encoding parts of them again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from lakehouse.coverage import Stretch
from lakehouse.load_rows import StreamRows
from lakehouse.raw_table import RawTable

from ..piece import Piece

ROWS_OF_A_FILE = 250_000
_SMALLEST_SHARE = 5
"""A file ends at a multiple of ROWS_OF_A_FILE only if it then has at least a fifth of that."""
MOST_ROWS_GATHERED = 500_000
"""The maximum number of rows that are gathered in memory. Then the longest runs are written, until half is left."""


class Part(NamedTuple):
    """The rows of one stretch within a batch."""

    stream: str
    stretch: Stretch
    rows: StreamRows


class Batch(NamedTuple):
    """The rows of one file, in the page schema, and what they claim, in the order of the rows."""

    rows: pa.Table
    parts: list[Part]


@dataclass
class Keys:
    """How the keys of rows are read: from which column of a raw table, which holds numbers as text, or times."""

    raw: RawTable
    column: str

    def of(self, rows: pa.RecordBatch | pa.Table) -> pa.Array | pa.ChunkedArray:
        """The keys of rows, as 64-bit integers."""
        return rows[self.column].cast(pa.int64())

    def within(self, rows: pa.Table, low: int, high: int) -> pa.Table:
        """The rows with keys in [low, high)."""
        keys = self.of(rows)
        return rows.filter(pc.and_(pc.greater_equal(keys, low), pc.less(keys, high)))

    def cut(self, stretch: Stretch, rows: pa.Table, low: int, high: int) -> Stretch:
        """The claim of `rows`, which are those rows of `stretch` whose keys are in [low, high)."""
        if self.column == self.raw.time_column:
            return Stretch(low, high, low, high, rows.num_rows, stretch.proof)
        times = pc.min_max(rows[self.raw.time_column].cast(pa.int64())).as_py()
        # no row makes its part complete at times of which the whole isn't
        first, last = (min(max(each, stretch.since), stretch.until) for each in (times["min"] or 0, times["max"] or 0))
        since = stretch.since if low == stretch.low or times["min"] is None else first
        until = stretch.until if high == stretch.high or times["max"] is None else last
        token = stretch.token if high == stretch.high else None
        return Stretch(low, high, min(since, until), max(since, until), rows.num_rows, stretch.proof, token)

    def apart(self, piece: Piece, times: Sequence[tuple[int, int]]) -> Iterator[Piece]:
        """A piece without the rows of these times, [low, high), which a stream beside holds; it claims their keys.

        The piece is cut where its rows change from times that are held there to others, or back.
        """
        moments = piece.rows[self.raw.time_column].cast(pa.int64())
        is_held = pa.repeat(False, len(moments))
        for low, high in times:
            is_within = pc.and_(pc.greater_equal(moments, low), pc.less(moments, high))
            is_held = pc.or_(is_held, is_within.fill_null(False))
        held = is_held.combine_chunks() if isinstance(is_held, pa.ChunkedArray) else is_held
        changes = pc.indices_nonzero(pc.not_equal(held[1:], held[:-1])).to_pylist()
        places = [0, *(place + 1 for place in changes), len(held)]
        keys = self.of(piece.rows)
        lows = [piece.stretch.low, *(keys[place].as_py() for place in places[1:-1]), piece.stretch.high]
        for (start, stop), (low, high) in zip(pairwise(places), pairwise(lows), strict=True):
            rows = piece.rows.slice(start, stop - start)
            stretch = self.cut(piece.stretch, rows, low, high)
            if held[start].as_py():
                rows, stretch = rows.slice(0, 0), replace(stretch, rows=0, proof="file")
            yield Piece(piece.stream, rows, stretch)


@dataclass
class _Run:
    """Pieces of one stream, each of which continues the one before."""

    stream: str
    stretch: Stretch
    rows: list[pa.RecordBatch | pa.Table] = field(default_factory=list)

    def table(self) -> pa.Table:
        return pa.concat_tables(
            [rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows]) for rows in self.rows]
        )


@dataclass
class Gatherer:
    """Gathers the pieces of one load."""

    keys: Keys
    claims: list[tuple[str, Stretch]] = field(default_factory=list)
    """The claims of pieces without rows."""

    def batches(self, pieces: Iterator[Piece]) -> Iterator[Batch]:
        """The rows of `pieces`, which may come from several streams in any order, in batches."""
        runs: dict[tuple[str, int], _Run] = {}
        rows = 0
        for piece in pieces:
            if piece.rows.num_rows == 0:
                self.claims.append((piece.stream, piece.stretch))
                continue
            rows += piece.rows.num_rows
            run = runs.pop((piece.stream, piece.stretch.low), None)
            if run is None or not piece.stretch.continues(run.stretch):
                if run is not None:
                    runs[piece.stream, -1 - len(runs)] = run  # it is complete
                run = _Run(piece.stream, piece.stretch, [piece.rows])
            else:
                run.stretch = run.stretch.joined(piece.stretch)
                run.rows.append(piece.rows)
            for batch in self._full_files(run):
                rows -= batch.rows.num_rows
                yield batch
            if run.rows:
                runs[piece.stream, run.stretch.high] = run
            if rows >= MOST_ROWS_GATHERED:
                by_length = sorted(runs, key=lambda place: runs[place].stretch.rows)
                longest = []
                while rows > MOST_ROWS_GATHERED // 2:
                    longest.append(runs.pop(by_length.pop()))
                    rows -= longest[-1].stretch.rows
                yield from self._as_files(longest)
        yield from self._as_files(list(runs.values()))

    def _full_files(self, run: _Run) -> Iterator[Batch]:
        """The files that are complete at the beginning of a run; the run keeps the rest."""
        stretch = run.stretch
        while stretch.rows >= ROWS_OF_A_FILE:
            is_contiguous = stretch.rows == stretch.high - stretch.low
            end = stretch.high // ROWS_OF_A_FILE * ROWS_OF_A_FILE if is_contiguous else stretch.high
            if end - stretch.low < ROWS_OF_A_FILE // _SMALLEST_SHARE:
                return
            table = run.table()
            count = len(table) if end == stretch.high else pc.sum(pc.less(self.keys.of(table), end)).as_py()
            taken, left = table.slice(0, count), table.slice(count)
            yield self._batch([(run.stream, self.keys.cut(stretch, taken, stretch.low, end), taken)])
            if end == stretch.high:
                run.rows = []
                return
            run.stretch = stretch = self.keys.cut(stretch, left, end, stretch.high)
            run.rows = [left]

    def _as_files(self, runs: list[_Run]) -> Iterator[Batch]:
        """All rows of `runs`, by stream and key, in files of about ROWS_OF_A_FILE."""
        gathered: list[tuple[str, Stretch, pa.Table]] = []
        rows = 0
        for run in sorted(runs, key=lambda run: (run.stream, run.stretch.low)):
            gathered.append((run.stream, run.stretch, run.table()))
            rows += run.stretch.rows
            if rows >= ROWS_OF_A_FILE:
                yield self._batch(gathered)
                gathered, rows = [], 0
        if gathered:
            yield self._batch(gathered)

    def _batch(self, gathered: list[tuple[str, Stretch, pa.Table]]) -> Batch:
        return Batch(
            pa.concat_tables([rows for _, _, rows in gathered]),
            [Part(stream, stretch, StreamRows.of(self.keys.raw, rows)) for stream, stretch, rows in gathered],
        )
