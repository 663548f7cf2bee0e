"""How landed columns are encoded, and that readers get back from the files exactly what was landed."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.coverage import Stretch
from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from lakehouse.raw_table import PAYLOAD, RawTable
from lakehouse.table import TYPES, LakeColumn
from lakehouse.tables import ensure_table
from loaders.landing import encoders, gather
from loaders.landing.dlt_job import land
from loaders.landing.load import LoadInProgress, Origin
from loaders.piece import Piece
from tests.support.connectors import CONNECTORS
from tests.support.landings import NOON

ROWS, PAGE, GROUP = 20_000, 1_000, 6_000
OF_EVERY_TYPE = RawTable("imaginary", "things", stream_column="series", id_column="id", time_column="at").with_columns(
    [
        *(LakeColumn(name, "string", name) for name in ("id", "series", "text")),
        LakeColumn("at", "timestamp", "at"),
        *(LakeColumn(f"a_{name}", name, name) for name in TYPES),
    ]
)
TABLES = {raw.name: raw for raw in (*(connector.raw for connector in CONNECTORS.values()), OF_EVERY_TYPE)}

FEW_TEXTS = ("", "b", "sell", "ü 雪 \U0001f4c8", "x" * 300, None)
EDGES: dict[str, tuple[Any, ...]] = {
    "double": (0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, None),
    "long": (0, -1, 2**63 - 1, -(2**63), None),
    "boolean": (True, False, None),
    "timestamp": (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(1969, 12, 31), None),
    "string": FEW_TEXTS,
}
USUAL: dict[str, Callable[[int], Any]] = {
    "double": lambda row: row * 1.01,
    "long": lambda row: row * 7,
    "boolean": lambda row: row % 3 == 0,
    "timestamp": lambda row: NOON + timedelta(microseconds=row * row),
    "string": lambda row: FEW_TEXTS[row % len(FEW_TEXTS)],
}


def values(raw: RawTable, column: LakeColumn, rows: range) -> list[Any]:
    """Values of a column. Every type's extremes are among the first and the last rows; most are ordinary."""
    if column.name == raw.id_column:
        return [str(row) if row < ROWS // 2 else f"made-{row}-{'z' * (row % 5)}" for row in rows]
    if column.name == raw.stream_column:
        return ["SERIES" for _ in rows]
    edges = EDGES[column.type]
    return [
        edges[row % len(edges)] if row < 50 or row >= ROWS - 50 else USUAL[column.type](row)
        for row in rows
    ]  # fmt: skip


def pieces(raw: RawTable) -> Iterator[Piece]:
    for low in range(0, ROWS, PAGE):
        rows = range(low, low + PAGE)
        payload = [None if row % 11 == 0 else f'{{"n":{row},"text":"{FEW_TEXTS[row % 5]}"}}' for row in rows]
        columns = {column.name: pa.array(values(raw, column, rows), TYPES[column.type].arrow) for column in raw.columns}
        batch = raw.batch({**columns, PAYLOAD: pa.array(payload)})
        # keys that are not contiguous, so that files end where pages do
        yield Piece("SERIES", batch, Stretch(2 * low, 2 * (low + PAGE), low, low, PAGE))


@pytest.fixture(params=TABLES)
def raw(request: pytest.FixtureRequest) -> RawTable:
    return TABLES[request.param]


@pytest.fixture
def landed(lake: LocalLake, raw: RawTable, monkeypatch: pytest.MonkeyPatch) -> LocalLake:
    """A lake with one load of two files, each with two row groups and with numbers that no dictionary holds."""
    monkeypatch.setattr(encoders, "ROWS_OF_A_GROUP", GROUP)
    monkeypatch.setattr(gather, "ROWS_OF_A_FILE", ROWS // 2)
    land_everything(lake, raw)
    return lake


def land_everything(lake: LocalLake, raw: RawTable) -> None:
    load = LoadInProgress(lake, raw, ensure_table(lake, raw.table), Origin("somewhere", "rest"), now=lambda: NOON)
    land(load, pieces(raw))


def in_order(rows: pa.Table, raw: RawTable) -> list[tuple[str, ...]]:
    """Every value as text, in which -0.0 differs from 0.0 and NaN equals itself, by ascending id."""
    columns = [[repr(value) for value in rows[name].to_pylist()] for name in (raw.id_column, *rows.column_names)]
    return sorted(zip(*columns, strict=True))


def test_every_reader_gets_back_what_was_landed(landed: LocalLake, raw: RawTable) -> None:
    expected = pa.Table.from_batches([piece.rows for piece in pieces(raw)])
    table = landed.catalog.load_table(identifier(raw.name))
    files = [task.file.file_path for task in table.scan().plan_files()]
    with duckdb.connect() as connection:
        by_duckdb = connection.sql(f"from read_parquet({files})").to_arrow_table()
    for read in (table.scan().to_arrow(), by_duckdb):
        assert read.column_names == raw.table.iceberg_schema.column_names
        assert in_order(read.select(expected.column_names), raw) == in_order(expected, raw)
        for name, value in (("_source", "somewhere"), ("_channel", "rest"), ("_source_ingest_ts", NOON)):
            assert set(read[name].to_pylist()) == {value}
        assert read["_dlt_load_id"].null_count == 0


def test_a_column_is_encoded_by_its_kind(landed: LocalLake, raw: RawTable) -> None:
    kinds = {column.name: column.type for column in raw.table.columns}
    for file in Path(landed.folder, "schemahub", raw.name, "data").iterdir():
        footer = pq.read_metadata(file)
        assert footer.num_row_groups == 2
        for place in range(footer.num_columns):
            column = footer.row_group(0).column(place)
            name = column.path_in_schema
            assert column.compression == "ZSTD"
            assert column.is_stats_set
            assert set(column.encodings) <= {"PLAIN", "RLE", "RLE_DICTIONARY"}  # what every reader reads
            assert column.has_dictionary_page == (
                kinds[name] in ("string", "double", "long") and name not in (PAYLOAD, raw.id_column)
            )


def test_a_file_alone_has_the_types_of_the_table(landed: LocalLake, raw: RawTable) -> None:
    for file in Path(landed.folder, "schemahub", raw.name, "data").iterdir():
        found = pq.read_schema(file)
        assert found.types == [TYPES[column.type].arrow for column in raw.table.columns]  # and no dictionaries


def test_a_column_of_free_numbers_gives_its_dictionary_up(lake: LocalLake) -> None:
    raw = OF_EVERY_TYPE
    land_everything(lake, raw)
    (file,) = Path(lake.folder, "schemahub", raw.name, "data").iterdir()
    footer = pq.read_metadata(file).row_group(0)
    columns = [footer.column(place) for place in range(footer.num_columns)]
    sizes = {column.path_in_schema: column.total_uncompressed_size for column in columns}
    assert sizes["a_double"] < 1.1 * 8 * ROWS  # a dictionary of all values would have that size, and their places
    assert sizes["text"] < ROWS
