"""How the columns of a raw table are encoded in Parquet, by the kind of each column.

pyarrow tries a dictionary for every column. That costs time and bytes if nearly every value is different, so it is
used only where values repeat:

    payload                  DELTA_LENGTH_BYTE_ARRAY   all lengths, then all texts
    ids                      DELTA_BYTE_ARRAY          only what differs from the id before
    timestamps and integers  DELTA_BINARY_PACKED       only the difference to the value before
    everything else          a dictionary, given up as soon as a column turns out to have too many values for one

Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/, read 2026-11-27. pyarrow, DuckDB, Trino and
Spark read all of these.
"""

from typing import Any

from lakehouse.raw_table import PAYLOAD, RawTable
from lakehouse.table import LakeColumn

_MOST_BYTES_OF_A_DICTIONARY = 32 * 1024
"""For example 4,096 numbers. A larger dictionary saves nothing that zstd doesn't save too, and costs more time."""

_BY_TYPE = {"timestamp": "DELTA_BINARY_PACKED", "long": "DELTA_BINARY_PACKED"}


def parquet_options(raw: RawTable) -> dict[str, Any]:
    """The arguments of `pyarrow.parquet.ParquetWriter` for the files of a raw table."""
    columns = raw.table.columns
    encodings = {column.name: found for column in columns if (found := _encoding(raw, column))}
    return {
        "compression": "zstd",
        "column_encoding": encodings,
        "use_dictionary": [column.name for column in columns if column.name not in encodings],
        "dictionary_pagesize_limit": _MOST_BYTES_OF_A_DICTIONARY,
    }


def _encoding(raw: RawTable, column: LakeColumn) -> str | None:
    """The encoding of a column; None if it has a dictionary."""
    if column.name == PAYLOAD:
        return "DELTA_LENGTH_BYTE_ARRAY"
    if column.name == raw.id_column and column.type == "string":
        return "DELTA_BYTE_ARRAY"
    return _BY_TYPE.get(column.type)
