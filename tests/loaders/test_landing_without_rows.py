"""A load that only claims that the source has no rows: it is in the ledger too, from which coverage can be restored."""

import msgspec
import pytest

from lakehouse.coverage import Stretch
from lakehouse.coverage_record import read_coverage, read_record
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER, LedgerRow, loads
from lakehouse.local import LocalLake
from lakehouse.repair.coverage_repair import restore_coverage
from lakehouse.repair.repair import examine
from loaders.landing.commit import commit
from loaders.landing.dlt_job import land
from loaders.piece import Piece
from tests.support.landing_program import RAW, pieces
from tests.support.landings import NOON, land_up_to, load_in_progress

ABSENT = Stretch(11, 21, 5, 5, 0, "absent")
NOTHING = Piece("AAA", RAW.batch({name: [] for name in RAW.page_schema.names}), ABSENT)


def ledger_rows(lake: Lake) -> list[tuple[str, int, str | None, str | None, str]]:
    """The rows of the ledger without rows of the source."""
    found = [LedgerRow(**row) for row in lake.rows(LEDGER, LedgerRow.__struct_fields__)]
    return [
        (row.stream, row.row_count, row.first_id, row.coverage, row.channel)
        for row in found
        if (row.row_count, row.last_id, row.min_event_ts, row.landed_at) == (0, None, None, NOON)
    ]


EXPECTED = [("AAA", 0, None, msgspec.json.encode([ABSENT]).decode(), "rest")]


def test_it_has_a_row_in_the_ledger(lake: LocalLake) -> None:
    land_up_to(lake, 10)
    (row,) = land(load_in_progress(lake), iter([NOTHING]))
    assert (row.stream, row.row_count) == ("AAA", 0)
    assert ledger_rows(lake) == EXPECTED
    assert land(load_in_progress(lake), iter([NOTHING])) == []
    assert ledger_rows(lake) == EXPECTED


def test_a_load_that_was_killed_before_the_ledger_gets_its_row_from_the_next_one(lake: LocalLake) -> None:
    land_up_to(lake, 10)
    killed = load_in_progress(lake)
    killed.claims.append((NOTHING.stream, ABSENT))
    commit(killed)
    assert ledger_rows(lake) == []
    land(load_in_progress(lake), pieces(lake, 30))
    assert ledger_rows(lake) == EXPECTED
    assert len({(row.load_id, row.stream) for row in loads(lake)}) == len(loads(lake)) == 5


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_repair_keeps_it(lake: LocalLake, is_restored: bool) -> None:
    land_up_to(lake, 10)
    land(load_in_progress(lake), iter([NOTHING]))
    if is_restored:
        table = lake.catalog.load_table(identifier(RAW.name))
        record = read_record(lake, RAW.name, table.properties)
        with table.transaction() as transaction:
            transaction.set_properties(record.gathered({row.load_id for row in loads(lake)}).as_property())
        for base in (lake.folder / "coverage" / RAW.name).iterdir():
            base.unlink()
        restore_coverage(lake, RAW.name)
    assert read_coverage(lake, RAW.name).of("AAA").stretches[-1] == ABSENT
    assert examine(lake, {RAW.name: RAW}) == []
