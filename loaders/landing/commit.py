"""Commit a load to a raw table that others write too: without a lock, every row once.

Nothing is held while rows are fetched, encoded and put into the table's folder. A commit then

1. reads the table and its coverage, and cuts what other loaders have landed in the meantime, also what is in a stream
   beside, where the same rows have other ids;
2. appends the files and sets the coverage together with this load, in one commit that asserts what it has read;
3. if it is refused, because another was faster, waits for a random time and begins again with the same files.

If no response comes, the load is in doubt: it may be in the table, or arrive there late. Only the coverage tells, since
it lists the loads that the ledger may still lack, and the ledger has the others. It is safe to commit again, because
each attempt asserts the snapshot in which the load was not found, so either the late one or the new one succeeds.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table

from lakehouse.coverage import Coverage, Streams, Stretch
from lakehouse.coverage_record import CoverageRecord, RecordedLoad, read_record
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER, LedgerRow, recorded_loads
from lakehouse.load_rows import StreamRows, ledger_row
from lakehouse.readable import readable

from ..piece import Piece
from .gather import Part
from .load import LoadInProgress, StagedFile

_LONGEST_PAUSE = 1.0
_PATIENCE = 600.0
"""The seconds for which a commit is repeated of which nothing is heard."""


def commit(load: LoadInProgress, sleep: Callable[[float], None] = time.sleep) -> None:
    """Commit what other loaders have not landed in the meantime, in one snapshot; sets `load.committed`.

    Raises whatever made the commit fail. If `load.is_in_doubt` is set then, the commit may still succeed.
    """
    with readable(load.lake, load.raw.name):
        _Commit(load, sleep).run()


class _Commit:
    def __init__(self, load: LoadInProgress, sleep: Callable[[float], None]) -> None:
        self._load, self._sleep = load, sleep
        self._files = list(load.staged)
        self._claims = list(load.claims)
        self._useless: list[StagedFile] = []

    def run(self) -> None:
        load, attempt, began = self._load, 0, time.monotonic()
        while not load.is_done:
            attempt += 1
            try:
                self._attempt()
            except CommitFailedException:  # another commit was faster, so this one is not in the table
                pass
            except Exception as error:
                is_over = time.monotonic() - began > _PATIENCE
                if is_over or not (load.is_in_doubt and _is_silence(error)):
                    raise
            if not load.is_done:
                self._sleep(random.uniform(0, min(_LONGEST_PAUSE, load.lake.commit_seconds * 2**attempt)))
        for file in self._useless:
            load.discard(file)

    def _attempt(self) -> None:
        load = self._load
        table = load.lake.catalog.load_table(identifier(load.raw.name))
        record = read_record(load.lake, load.raw.name, table.properties)
        if load.is_in_doubt and is_committed(load.lake, record, load.load_id):
            # which of the attempts it was is unknown, so its rows are read, and no file is removed
            load.committed, self._useless = table, []
        else:
            self._cut(record.coverage)
            if self._files or self._claims:
                self._append(table, record)
                load.committed = table
        # no earlier attempt can succeed any more, because the table is no longer what it asserted
        load.is_in_doubt, load.is_done = False, True

    def _cut(self, coverage: Coverage) -> None:
        """Keep a file as it is, drop it, or write again what is left of it."""
        kept, beside = [], coverage.times_beside
        for file in self._files:
            left = [
                (part, low, high)
                for part in file.parts
                for low, high in coverage.missing(part.stream, part.stretch.low, part.stretch.high)
            ]
            is_whole = [(part.stretch.low, part.stretch.high) for part in file.parts] == [each[1:] for each in left]
            if is_whole and not any(_meet(part.stretch, beside.get(part.stream, ())) for part in file.parts):
                kept.append(file)
                continue
            kept += self._rest(file, left, beside)
            self._useless.append(file)
        self._files = kept
        self._claims = [
            (stream, msgspec.structs.replace(claim, low=low, high=high))
            for stream, claim in self._claims
            for low, high in coverage.missing(stream, claim.low, claim.high)
        ]

    def _rest(
        self, file: StagedFile, left: list[tuple[Part, int, int]], beside: dict[str, list[tuple[int, int]]]
    ) -> list[StagedFile]:
        if not left:
            return []
        rows = pq.read_table(file.path)
        at, places = 0, {}
        for part in file.parts:
            places[id(part)] = at
            at += part.stretch.rows
        parts, tables = [], []
        for part, low, high in left:
            of_part = rows.slice(places[id(part)], part.stretch.rows)
            rest = self._load.keys.within(of_part, low, high)
            if not rest.num_rows:
                continue
            stretch = self._load.keys.cut(part.stretch, rest, low, high)
            for piece in self._load.keys.apart(Piece(part.stream, rest, stretch), beside.get(part.stream, [])):
                if piece.rows.num_rows:
                    parts.append(Part(piece.stream, piece.stretch, StreamRows.of(self._load.raw, piece.rows)))
                    tables.append(piece.rows)
                else:
                    self._claims.append((piece.stream, piece.stretch))
        if not parts:
            return []
        return [self._load.stage_rest(pa.concat_tables(tables), parts)]

    def _append(self, table: Table, record: CoverageRecord) -> None:
        load, lake = self._load, self._load.lake
        landed_at = load.now()
        streams = self._streams()
        recorded = _recorded(lake, load.raw.name) if record.is_long else set()
        following = record.gathered(recorded).with_load(
            RecordedLoad(load.load_id, landed_at, streams, file_name=load.origin.file, checksum=load.origin.checksum)
        )
        was_in_doubt, load.is_in_doubt = load.is_in_doubt, True
        try:
            self._commit(table, following)
        except CommitFailedException:
            load.is_in_doubt = was_in_doubt
            raise
        load.ledger_rows = self._ledger_rows(streams, landed_at)
        if following.base != record.base:
            following.remove_unused_files()

    def _commit(self, table: Table, record: CoverageRecord) -> None:
        # a snapshot even where there are no rows, because a commit of properties alone is refused by nobody
        with table.transaction() as transaction:
            summary = {"schemahub.load-id": self._load.load_id}
            # a fast append never merges manifests, so planning would take longer with every load
            with transaction.update_snapshot(snapshot_properties=summary).merge_append() as append:
                for file in self._files:
                    append.append_data_file(file.data_file)
            transaction.set_properties(record.as_property())

    def _streams(self) -> Streams:
        held = ((part.stream, part.stretch) for part in self._parts())
        return Coverage({}).with_added([*held, *self._claims]).streams

    def _parts(self) -> Iterator[Part]:
        for file in self._files:
            yield from file.parts

    def _ledger_rows(self, streams: Streams, landed_at: datetime) -> list[LedgerRow]:
        load, rows = self._load, dict[str, StreamRows]()
        for part in sorted(self._parts(), key=lambda part: (part.stream, part.stretch.low)):
            if (seen := rows.get(part.stream)) is None:
                rows[part.stream] = replace(part.rows)
            else:
                seen.add(part.rows)
        return [
            ledger_row(
                load.raw,
                load.load_id,
                stream,
                rows.get(stream),
                load.origin.channel,
                load.started_at,
                landed_at=landed_at,
                coverage=msgspec.json.encode(stretches).decode(),
                file=load.origin.file,
                checksum=load.origin.checksum,
            )
            for stream, stretches in sorted(streams.items())
        ]


def _meet(stretch: Stretch, times: Iterable[tuple[int, int]]) -> bool:
    """Whether a stretch may have rows at one of these times."""
    return any(stretch.since < high and stretch.until >= low for low, high in times)


def _is_silence(error: Exception) -> bool:
    """Whether an error means that no response came, so that the commit may have succeeded."""
    is_of_aws = type(error).__module__.startswith("botocore")  # whose import takes a fifth of a second
    return is_of_aws or isinstance(error, CommitStateUnknownException | ConnectionError | TimeoutError)


def is_committed(lake: Lake, record: CoverageRecord, load_id: str) -> bool:
    """Whether a load is in the raw table: the coverage lists it, or the ledger has it."""
    if any(load.id == load_id for load in record.loads):
        return True
    return any(row["load_id"] == load_id for row in lake.rows(LEDGER, ("load_id",)))


def _recorded(lake: Lake, raw_table: str) -> set[str]:
    ledger = lake.table_state(LEDGER)
    return recorded_loads(ledger.properties if ledger else {}, raw_table)
