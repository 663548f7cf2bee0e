"""A file that doesn't match its table is refused before the commit, and nothing of its load is kept."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from loaders.landing.dlt_job import land
from loaders.landing.encoders import write_file
from loaders.landing.file_check import UnexpectedFile
from loaders.landing.load import LoadInProgress
from tests.support.landing_program import RAW, pieces
from tests.support.landings import DATA, every_id_once, land_up_to, landed_ids, load_in_progress

ID = b"PARQUET:field_id"


def _cast(rows: pa.Table, column: str, to: pa.DataType) -> pa.Table:
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, rows.schema.field(at).with_type(to), rows[column].cast(to))


def _with_id(rows: pa.Table, column: str, field_id: bytes | None) -> pa.Table:
    at = rows.schema.get_field_index(column)
    metadata = {} if field_id is None else {ID: field_id}
    return rows.set_column(at, rows.schema.field(at).with_metadata(metadata), rows[column])


def _in_milliseconds(rows: pa.Table) -> pa.Table:
    at = rows.schema.get_field_index("at")
    return rows.set_column(at, rows.schema.field(at), pc.floor_temporal(rows["at"], unit="millisecond"))


CHANGES = {
    "a column more": lambda rows: rows.append_column("_dlt_id", pa.array(["x"] * rows.num_rows)),
    "a column less": lambda rows: rows.drop_columns(["_channel"]),
    "other order": lambda rows: rows.select(rows.column_names[::-1]),
    "other name": lambda rows: rows.rename_columns(["ident", *rows.column_names[1:]]),
    "other id": lambda rows: _with_id(rows, "id", b"7"),
    "no id": lambda rows: _with_id(rows, "id", None),
    "zoned time": lambda rows: _cast(rows, "at", pa.timestamp("us", "UTC")),
    "nanoseconds": lambda rows: _cast(rows, "at", pa.timestamp("ns")),
    "milliseconds": lambda rows: _cast(_in_milliseconds(rows), "at", pa.timestamp("ms")),
    "binary": lambda rows: _cast(rows, "id", pa.binary()),
    "rows less": lambda rows: rows.slice(1),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_differs_from_its_table_is_refused_in_one_line(
    lake: LocalLake, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(lake, 10)
    before = lake.catalog.load_table(identifier(RAW.name)).metadata_location
    stage = LoadInProgress.stage

    def stage_changed(self: LoadInProgress, job_file: Path) -> None:
        changed = CHANGES[change](pq.read_table(job_file))
        job_file.unlink()  # dlt has it under another name too
        write_file(job_file, changed, 0, {"compression": "zstd"})
        stage(self, job_file)

    monkeypatch.setattr(LoadInProgress, "stage", stage_changed)
    load = load_in_progress(lake)
    with pytest.raises(UnexpectedFile, match=rf"`{RAW.name}`.* nothing of this load was landed") as caught:
        land(load, pieces(lake, 20))
    assert "\n" not in str(caught.value)
    assert lake.catalog.load_table(identifier(RAW.name)).metadata_location == before
    assert landed_ids(lake) == every_id_once(10)
    assert len(list((lake.folder / DATA).iterdir())) == 1
