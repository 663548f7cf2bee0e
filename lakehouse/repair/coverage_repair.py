"""Restore the coverage of a raw table whose files outside the table's folder are missing or damaged.

The ledger has what each load covers, so nothing is lost. A load that the ledger had to derive from the raw rows, after
it had been damaged too, has no coverage there; its part is loaded again.
"""

import msgspec

from ..coverage import Coverage, Stretch
from ..coverage_record import CoverageRecord, read_record
from ..errors import LakeUnavailable
from ..lake import Lake
from ..ledger import LEDGER
from ..tables import existing_table

_stretches = msgspec.json.Decoder(tuple[Stretch, ...])


def damage_of_coverage(lake: Lake, name: str, properties: dict[str, str]) -> str | None:
    """What is wrong with the coverage of a raw table with these properties; None if it can be read."""
    record = read_record(lake, name, properties)
    try:
        record.check_readable()
    except LakeUnavailable as error:
        return str(error).partition(";")[0]
    return None


def restore_coverage(lake: Lake, name: str) -> None:
    """Set the coverage of a raw table to what the ledger says about its loads."""
    table = existing_table(lake, name)
    if table is None:
        return
    listed = read_record(lake, name, table.properties)
    rows = [
        row for row in lake.rows(LEDGER, ("raw_table", "load_id", "stream", "coverage")) if row["raw_table"] == name
    ]
    in_ledger = {row["load_id"] for row in rows}
    coverage = Coverage({})
    for row in rows:
        stretches = _stretches.decode(row["coverage"] or "[]")
        coverage = coverage.with_added((row["stream"], each) for each in stretches)
    kept = [load for load in listed.loads if load.id not in in_ledger and load.streams is not None]
    restored = CoverageRecord(lake, name, loads=kept).with_base(coverage.streams)
    with table.transaction() as transaction:
        transaction.set_properties(restored.as_property())
