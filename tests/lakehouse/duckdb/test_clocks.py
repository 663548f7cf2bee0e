"""DuckDB sees the current state of a table, whatever its own clock and the clocks of the writers say."""

import json
import subprocess
import sys
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from lakehouse.duckdb.current_state import current_state
from tests.support.clocks import shifted_clock
from tests.support.plain_lake import ROOT, trades

DAY = 24 * 3600
STEPS = (-330 * DAY, -1200, 120, 330 * DAY)

PROGRAM = """
import json, sys
from pathlib import Path
from pyiceberg.catalog.sql import SqlCatalog
from tests.support.duckdb_writer import writing
from tests.support.plain_lake import trades

lake, shift = Path(sys.argv[1]), Path(sys.argv[2])
catalog = SqlCatalog("schemahub", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")
seen, wanted = [], 48
with writing(lake) as duck:
    count = lambda: duck.execute("select count(*) from schemahub.schemahub.raw_trades").fetchone()[0]
    for step in map(int, sys.argv[3:]):
        # first the loader's clock is wrong and DuckDB's is right, then the reverse
        for loaders, ducks in ((step, 0), (0, step)):
            shift.write_text(str(loaders))
            catalog.load_table("schemahub.raw_trades").append(trades(wanted, wanted + 10))
            shift.write_text(str(ducks))
            seen.append((step, count() - wanted))
            duck.execute("insert into schemahub.schemahub.raw_trades select 1, null, null")
            wanted += 11
            seen.append((step, count() - wanted + 10))
        # within a transaction, a table that was read doesn't change
        duck.begin()
        before = count()
        shift.write_text(str(-step))
        seen.append((step, count() - before + 10))
        duck.execute("create or replace temp table kept as select * from schemahub.schemahub.raw_trades")
        duck.commit()
print(json.dumps(seen))
"""


def test_every_commit_is_seen_and_extended_under_any_clock(raw_trades: Table, lake: Path, tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    shift.write_text("0")
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, lake, shift, *map(str, STEPS)],
        env={**shifted_clock(shift), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    seen = json.loads(finished.stdout)
    assert len(seen) == 5 * len(STEPS)
    assert [step for step, new in seen if new != 10] == []


def test_only_the_current_snapshot_is_handed_out_and_no_real_time(raw_trades: Table, catalog: SqlCatalog) -> None:
    raw_trades.append(trades(48, 60))
    raw_trades.manage_snapshots().create_tag(raw_trades.metadata.snapshots[0].snapshot_id, "first").commit()
    metadata = catalog.load_table("schemahub.raw_trades").metadata
    state = current_state(metadata)
    current = metadata.current_snapshot()
    assert current is not None
    assert (
        [each["snapshot-id"] for each in state["snapshots"]] == [current.snapshot_id] == [state["current-snapshot-id"]]
    )
    assert state["snapshots"][0]["manifest-list"] == current.manifest_list
    assert state["last-sequence-number"] == metadata.last_sequence_number == 2
    assert list(state["refs"]) == ["main"]
    times = [state["last-updated-ms"], *(each["timestamp-ms"] for each in state["snapshots"] + state["snapshot-log"])]
    assert times == [1, 1, 1]
    assert (state["metadata-log"], len(metadata.snapshots)) == ([], 2)


def test_a_table_without_rows_is_handed_out_without_a_snapshot(catalog: SqlCatalog) -> None:
    table = catalog.create_table("schemahub.empty", schema=trades(0, 0).schema)
    state = current_state(table.metadata)
    assert (state["snapshots"], state["snapshot-log"], state["refs"]) == ([], [], {})
    assert "current-snapshot-id" not in state
