"""Take over a file: its rows become one load, or several if it is large, and are compared with those that are held.

What is recorded when. Every load names the file, and the last one of a file has its checksum, too; so a checksum in the
ledger means that the whole file was taken over. If the process ends in between, the file is read again, and coverage
shows which of its rows are held. A file of which every row was held is noted (`known_files.py`).

Nothing is committed before the file was read to its end once, because damage at the end makes all of it doubtful: a
file with more rows than a load is read twice. So is a file whose rows are not in order, because nearly all are, and to
look first would mean reading every file twice.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse.coverage import Coverage, main_stream, microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake
from lakehouse.ledger import LEDGER, LedgerRow
from lakehouse.ledger_commits import record_if_needed
from lakehouse.raw_table import RawTable
from lakehouse.tables import ensure_table, existing_table

from ..channels.ahead import ahead
from ..channels.files import FileFormat, FileStream, Report
from ..channels.ordered import NotInOrder
from ..piece import Piece
from .file_pieces import by_id, by_second
from .gather import Keys
from .known_files import Span, note

if TYPE_CHECKING:  # it imports more of pyiceberg
    from .load import LoadInProgress

ROWS_OF_A_LOAD = 10_000_000
"""More than most files of a day have, so that they are read once. Until the commit, the rows are on the disk."""
_ROWS_COMPARED = 250_000
"""The number of rows that are compared at a time; more need more memory, and fewer read the table more often."""


@dataclass(frozen=True)
class GivenFile:
    """A file to take over."""

    path: Path
    format: FileFormat
    source: str
    """Where it comes from, for the column `_source`: a path, or an address in S3."""
    checksum: str
    """The SHA-256 of the file."""
    folder: Path
    """Where rows are sorted if they must be."""
    stream: str | None = None
    """The stream of its rows; None if the file says it."""
    is_whole: bool = True
    """Whether all streams of the file are wanted; otherwise it doesn't count as taken over afterwards."""


@dataclass
class TakenOver:
    """What became of a file: read = landed + known + elsewhere."""

    streams: list[str] = field(default_factory=list)
    landed: list[LedgerRow] = field(default_factory=list)
    read: int = 0
    """The number of rows in the file, without lines that are no rows."""
    elsewhere: int = 0
    """The number of rows of seconds that the stream holds from another channel, under other ids."""
    different: int = 0
    """The number of known rows that are held with other values. What is held stays as it is."""
    skipped: Counter[str] = field(default_factory=Counter)
    """The number of lines left out, by reason."""
    examples: list[str] = field(default_factory=list)
    """Some of these lines."""

    @property
    def row_count(self) -> int:
        return sum(row.row_count for row in self.landed)

    @property
    def known(self) -> int:
        """The number of rows that were held already, from whichever channel."""
        return self.read - self.row_count - self.elsewhere


def taken_over_before(lake: Lake, raw: RawTable) -> set[str]:
    """The checksums of the files whose rows are all in a raw table, according to the ledger.

    Those of which every row was held already are not among them; see `known_files.is_noted`.
    """
    record_if_needed(lake, raw)
    rows = lake.rows(LEDGER, ("raw_table", "checksum"))
    return {row["checksum"] for row in rows if row["raw_table"] == raw.name and row["checksum"]}


def take_over(
    lake: Lake,
    raw: RawTable,
    file: GivenFile,
    *,
    now: Callable[[], datetime],
    on_rows: Callable[[int], None] = lambda _: None,
    rows_of_a_load: int = ROWS_OF_A_LOAD,
) -> TakenOver:
    """Land the rows of a file that the raw table lacks, and compare the others.

    Args:
        lake: the lake of the raw table, which is created if it is missing.
        raw: the raw table of the file's source.
        file: the file.
        now: returns the time, UTC without a zone.
        on_rows: called with the number of rows of every piece that was read.
        rows_of_a_load: the number of rows at which a load is committed and the next one begins.

    Raises:
        BadFile: the file is damaged or holds something else; then nothing of it was landed.
        ConcurrentWriter: a repair is changing the table.
    """
    with lake.loading(raw.name):
        ensure_table(lake, raw.table)
        record_if_needed(lake, raw)
        try:
            return _read_and_land(_Reading(lake, raw, file, now, on_rows, rows_of_a_load, is_in_order=True))
        except NotInOrder:  # which shows before the first commit
            return _read_and_land(_Reading(lake, raw, file, now, on_rows, rows_of_a_load, is_in_order=None))


def _read_and_land(reading: "_Reading") -> TakenOver:
    landed: list[LedgerRow] = []
    while reading.has_more():
        # importing dlt takes two seconds, which a file with nothing new should not wait for
        from .dlt_job import land

        load = reading.new_load()
        landed += land(load, reading.pieces_of(load))
    return reading.taken_over(landed)


class _Reading:
    """Reads a file once, and hands out what is missing of it."""

    def __init__(
        self,
        lake: Lake,
        raw: RawTable,
        file: GivenFile,
        now: Callable[[], datetime],
        on_rows: Callable[[int], None],
        rows_of_a_load: int,
        *,
        is_in_order: bool | None,
    ) -> None:
        self._lake, self._raw, self._file, self._now, self._on_rows = lake, raw, file, now, on_rows
        self._is_in_order = is_in_order
        self._rows_of_a_load = rows_of_a_load
        self.keys = Keys(raw, raw.time_column if file.format.beside else raw.id_column)
        self._coverage: Coverage = read_coverage(lake, raw.name)
        self._held = existing_table(lake, raw.name)
        self._to_compare: list[pa.Table] = []
        self._found = TakenOver()
        self._reports: list[Report] = []
        self._is_checked = False
        self._spans: list[Span] = []
        """What the file has of each stream, one after another."""
        self._missing = self._missing_pieces()
        self._next: Piece | None = None

    def has_more(self) -> bool:
        """Whether a part of the file is missing in the table and not handed out yet."""
        if self._next is None:
            self._next = next(self._missing, None)
        return self._next is not None

    def new_load(self) -> "LoadInProgress":
        from .load import LoadInProgress, Origin

        table = ensure_table(self._lake, self._raw.table)
        name = os.fsencode(self._file.path.name).decode(errors="replace")  # so that it can be stored
        origin = Origin(self._file.source, "file", name)
        return LoadInProgress(self._lake, self._raw, table, origin, now=self._now, key_column=self.keys.column)

    def pieces_of(self, load: "LoadInProgress") -> Iterator[Piece]:
        """The pieces of the next load, which gets the file's checksum if they are the last ones."""
        rows = 0
        while self.has_more() and (piece := self._next) is not None:
            if rows and rows + piece.rows.num_rows > self._rows_of_a_load:
                self._check()
                return
            self._next = None
            rows += piece.rows.num_rows
            yield piece
        if self._file.is_whole:
            load.origin = replace(load.origin, checksum=self._file.checksum)

    def taken_over(self, landed: list[LedgerRow]) -> TakenOver:
        """The result, once the file was read to its end."""
        if self._file.is_whole and not landed:
            note(self._lake, self._raw.name, self._file.checksum, self._spans, folder=self._file.folder)
        for report in self._reports:
            self._found.skipped += report.skipped
            self._found.examples += report.examples
        self._found.landed = landed
        return self._found

    def _check(self) -> None:
        """Read the whole file, the first time that a load ends before the file does."""
        if not self._is_checked:
            for found in self._streams():
                for _ in self._pieces(found):
                    pass
            self._is_checked = True

    def _streams(self) -> Iterator[FileStream]:
        file = self._file
        yield from file.format.read(
            file.path, self._raw, file.stream, folder=file.folder, is_in_order=self._is_in_order
        )

    def _pieces(self, found: FileStream) -> Iterator[Piece]:
        # the next lines are split and read while these are gathered, most of which doesn't hold Python's lock
        with closing(ahead(found.batches, stop=lambda: None)) as batches:
            now = microseconds(self._now())
            if (what := self._file.format.beside) is not None:
                yield from by_second(self._raw, found.stream, what, batches, found.report, now=now)
            else:
                yield from by_id(self._raw, found.stream, batches, now=now)

    def _missing_pieces(self) -> Iterator[Piece]:
        for found in self._streams():
            self._found.streams.append(found.stream)
            self._reports.append(found.report)
            for piece in self._pieces(found):
                self._found.read += piece.rows.num_rows
                self._on_rows(piece.rows.num_rows)
                self._note_span(piece)
                yield from self._missing_of(piece)
            self._compare(found.stream)

    def _note_span(self, piece: Piece) -> None:
        stream, low, high = piece.stream, piece.stretch.low, piece.stretch.high
        if self._spans and self._spans[-1][0] == stream and self._spans[-1][2] == low:
            low = self._spans.pop()[1]
        self._spans.append((stream, low, high))

    def _missing_of(self, piece: Piece) -> Iterator[Piece]:
        low, high = piece.stretch.low, piece.stretch.high
        parts = self._coverage.missing(piece.stream, low, high)
        if parts == [(low, high)]:
            yield piece
            return
        rows = piece.rows if isinstance(piece.rows, pa.Table) else pa.Table.from_batches([piece.rows])
        for start, stop in parts:
            missing = self.keys.within(rows, start, stop)
            yield Piece(piece.stream, missing, self.keys.cut(piece.stretch, missing, start, stop))
        lacking = self._coverage.of(piece.stream).missing(low, high)
        held = [self.keys.within(rows, *each) for each in _between(lacking, low, high)]
        self._found.elsewhere += rows.num_rows - sum(
            each.num_rows for each in (*held, *(self.keys.within(rows, *part) for part in parts))
        )
        self._to_compare += [each for each in held if each.num_rows]
        if sum(each.num_rows for each in self._to_compare) >= _ROWS_COMPARED:
            self._compare(main_stream(piece.stream))

    def _compare(self, stream: str) -> None:
        if not self._to_compare or self._held is None:
            return
        from .held_rows import absent_rows, different_rows

        compare = absent_rows if self._file.format.beside else different_rows
        rows = pa.concat_tables(self._to_compare)
        self._to_compare = []
        self._found.different += compare(self._lake, self._raw, self._held, stream, rows)


def _between(parts: list[tuple[int, int]], low: int, high: int) -> list[tuple[int, int]]:
    """What of [low, high) is in none of the parts, which are in order."""
    ends = [low, *(end for part in parts for end in part), high]
    return [(start, stop) for start, stop in zip(ends[::2], ends[1::2], strict=True) if start < stop]
