"""Append rows to the ledger, which all loaders write at the same time.

A load's rows are appended after its raw commit. That commit also adds the load to the list in the raw table's property
`schemahub.coverage`, and the commit of the ledger's rows sets

    schemahub.recorded.raw_some_things = ["1763942400.…", …]

to those loads of the list that the ledger then has. What is in the one list and not in the other is unrecorded, and
whichever loader comes next records it, whether its own process still lives or not.

The order of reading makes this exact: the ledger first, then the raw table, then a commit that succeeds only if the
ledger is still the one that was read. A load that has left the raw table's list was in the ledger before that. Read the
other way round, an old list could name a load that both have forgotten, and it would be recorded twice.
"""

from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table
from tenacity import retry, retry_any, retry_if_exception_type, stop_after_delay, wait_random_exponential

from .compaction import compact
from .coverage import main_stream
from .coverage_record import CoverageRecord, RecordedLoad, read_record
from .declared import declared_table
from .errors import Misconfigured
from .lake import Lake
from .ledger import LEDGER, LedgerRow, has_unrecorded_loads, recorded_loads, recorded_property
from .load_rows import ledger_row, read_load
from .raw_table import RawTable
from .readable import readable
from .table import LakeTable
from .tables import ensure_table, existing_table

_PATIENCE = 600
"""The seconds for which a commit to the ledger is tried; loaders of all sources commit to it."""


def ledger_table() -> LakeTable:
    """The ledger as declared; raises Misconfigured if its columns aren't those of LedgerRow."""
    table = declared_table(LEDGER)
    if (found := [column.name for column in table.columns]) != list(LedgerRow.__struct_fields__):
        raise Misconfigured(
            f"config/lake.yaml: tables.{LEDGER}.columns: expected {', '.join(LedgerRow.__struct_fields__)}, "
            f"found {', '.join(found)}; restore the file with git"
        )
    return table


def record_if_needed(lake: Lake, raw: RawTable) -> None:
    """Append what the ledger lacks of a raw table, if anything; opens no table to find that out."""
    state = lake.table_state(raw.name)
    if state is not None and has_unrecorded_loads(state, lake.table_state(LEDGER), raw.name):
        record(lake, raw)


def record(lake: Lake, raw: RawTable, rows: Mapping[str, Sequence[LedgerRow]] | None = None) -> None:
    """Append the rows of every load of a raw table that the ledger lacks.

    Args:
        lake: the lake of both tables.
        raw: the raw table.
        rows: ledger rows by load, where they are known; those of other loads are read in the raw table.
    """
    attempts = retry(
        retry=retry_any(
            retry_if_exception_type(CommitFailedException),
            # safe to repeat: the property, which is part of the commit, shows whether it succeeded
            retry_if_exception_type(CommitStateUnknownException),
        ),
        wait=wait_random_exponential(multiplier=lake.commit_seconds, max=1),
        stop=stop_after_delay(_PATIENCE),
        reraise=True,
    )
    attempts(_record)(lake, raw, rows or {})


def _record(lake: Lake, raw: RawTable, rows: Mapping[str, Sequence[LedgerRow]]) -> None:
    ledger = ensure_table(lake, ledger_table())
    recorded = recorded_loads(ledger.properties, raw.name)
    if (state := lake.table_state(raw.name)) is None:
        return
    listed = read_record(lake, raw.name, state.properties)
    if not (lacking := [load for load in listed.loads if load.id not in recorded]):
        return
    added = [
        row for load in lacking for row in (rows[load.id] if load.id in rows else rows_of_load(lake, raw, listed, load))
    ]
    with ledger.transaction() as transaction:
        # without rows too, because only a commit of a snapshot is refused if the ledger has changed
        transaction.append(as_arrow(added, ledger))
        transaction.set_properties(recorded_property(raw.name, [load.id for load in listed.loads]))
    compact(ledger, gather=True)


def rows_of_load(lake: Lake, raw: RawTable, listed: CoverageRecord, load: RecordedLoad) -> list[LedgerRow]:
    """The ledger rows of a load of a process that ended before it could append them."""
    with readable(lake, raw.name):
        if (table := existing_table(lake, raw.name)) is None:
            return []
        streams = listed.streams_of(load)
        names = {main_stream(name): name for name in streams}  # rows don't say in which of two streams they are
        read = read_load(raw, table, load.id, landed_at=load.landed_at)
        found = {names.get(row.stream, row.stream): row for row in read}
        for stream in streams.keys() - found.keys():  # claims that there are no rows
            channel = "file" if load.file_name else "rest"
            found[stream] = ledger_row(raw, load.id, stream, None, channel, load.landed_at, landed_at=load.landed_at)
        return [
            msgspec.structs.replace(
                row,
                stream=stream,
                coverage=msgspec.json.encode(streams.get(stream, ())).decode(),
                file=load.file_name,
                checksum=load.checksum,
            )
            for stream, row in sorted(found.items())
        ]


def as_arrow(rows: Sequence[LedgerRow], ledger: Table) -> pa.Table:
    """The rows as an Arrow table in the ledger's schema."""
    return pa.Table.from_pylist(
        [msgspec.structs.asdict(row) for row in rows], schema=ledger_table().arrow_schema(ledger.schema())
    )
