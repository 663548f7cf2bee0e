"""Checks before the commit whether a Parquet file matches the table, by the file's footer.

Readers trust a file. A file with other columns, ids, types or units would be read wrongly by some engines and refused
by others for as long as the table exists.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.schema import Schema

from lakehouse.errors import TerminalError
from lakehouse.table import LakeTable

_MICROSECONDS = {
    "Type": "Timestamp",
    "isAdjustedToUTC": False,
    "timeUnit": "microseconds",
}
_TYPES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "string": ("BYTE_ARRAY", {"Type": "String"}),
    "double": ("DOUBLE", {"Type": "None"}),
    "long": ("INT64", {"Type": "None"}),
    "boolean": ("BOOLEAN", {"Type": "None"}),
    "timestamp": ("INT64", _MICROSECONDS),
}
"""For each column type of the lake, its physical and logical type in Parquet."""

_WHY = "a setting or another version of dlt may be the cause; nothing of this load was landed"


class UnexpectedFile(TerminalError):
    """A file that was about to be committed doesn't match the table."""


def check_file(footer: pq.FileMetaData, declared: LakeTable, current: Schema, file: Path) -> None:
    """Raise UnexpectedFile if columns, field ids, types, units or zones of a file are not those of the table."""
    expected = list(_expected(declared, current))
    found = list(_found(footer))
    for wanted, had in zip(expected, found, strict=False):
        if wanted != had:
            raise UnexpectedFile(f"{file.name} for `{declared.name}` has {had}, expected {wanted}; {_WHY}")
    if len(expected) != len(found):
        names = ", ".join(column.split()[0] for column in found)
        raise UnexpectedFile(
            f"{file.name} for `{declared.name}` has the columns {names}, expected {len(expected)}; {_WHY}"
        )


def check_row_count(found: int, counted: int, declared: LakeTable) -> None:
    """Raise UnexpectedFile if the files of a load don't hold the number of rows received."""
    if found != counted:
        raise UnexpectedFile(
            f"the files for `{declared.name}` hold {found:,} rows, expected the {counted:,} that were received; {_WHY}"
        )


def _expected(declared: LakeTable, current: Schema) -> Iterator[str]:
    for column in declared.columns:
        physical, logical = _TYPES[column.type]
        yield _text(column.name, current.find_field(column.name).field_id, physical, logical)


def _found(footer: pq.FileMetaData) -> Iterator[str]:
    ids = {
        field.name: (field.metadata or {}).get(b"PARQUET:field_id", b"none").decode()
        for field in footer.schema.to_arrow_schema()
    }
    for at in range(len(footer.schema)):
        column = footer.schema.column(at)
        logical: dict[str, object] = json.loads(column.logical_type.to_json())
        yield _text(column.path, ids.get(column.path, "none"), column.physical_type, logical)


def _text(name: str, field_id: int | str, physical: str, logical: Mapping[str, object]) -> str:
    shown = {key: value for key, value in logical.items() if key in _MICROSECONDS}
    return f"`{name}` (id {field_id}, {physical}, {', '.join(str(value) for value in shown.values())})"
