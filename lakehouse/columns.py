"""Identify the columns of the loaders' tables by their field ids, to detect what another tool did to them.

Files are read by field id, and a column keeps its id when it is renamed. A property of the table records the ids:

    schemahub.columns = {"id": 1, "price": 2, …}
"""

import msgspec
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from .errors import Misconfigured
from .layout import COLUMNS_PROPERTY
from .table import TYPES, LakeColumn, LakeTable

_UNDO = "undo that in the tool that did it, or load into another lake"


def columns_property(schema: Schema, declared: LakeTable) -> dict[str, str]:
    """The property that records which ids the declared columns have in `schema`."""
    have = _names(schema)
    ids = {column.name: schema.find_field(column.name).field_id for column in declared.columns if column.name in have}
    return {COLUMNS_PROPERTY: msgspec.json.encode(ids).decode()}


def missing_columns(table: Table, declared: LakeTable) -> list[LakeColumn]:
    """The columns that have been declared since the table was created."""
    return [column for column in declared.columns if column.name not in _names(table.schema())]


def newly_described_columns(table: Table, declared: LakeTable) -> list[LakeColumn]:
    """The columns whose description has been changed since the table was created."""
    docs = {field.name: field.doc for field in table.schema().fields}
    return [column for column in declared.columns if docs.get(column.name, column.description) != column.description]


def check_columns(table: Table, declared: LakeTable) -> None:
    """Raise Misconfigured if another tool renamed, dropped or retyped a column of ours."""
    kept: dict[str, int] = msgspec.json.decode(table.properties.get(COLUMNS_PROPERTY, "{}"), type=dict[str, int])
    for column in declared.columns:
        if problem := _problem(table, column, kept.get(column.name)):
            raise Misconfigured(f"column `{column.name}` of `{table.name()[-1]}` {problem}")
    others = _names(table.schema()) - {column.name for column in declared.columns}
    if not kept and others and (missing := missing_columns(table, declared)):  # created before ids were recorded
        raise Misconfigured(
            f"column `{missing[0].name}` of `{table.name()[-1]}` is missing, and another tool created `{min(others)}`, "
            f"perhaps by renaming it; {_UNDO}"
        )


def _problem(table: Table, column: LakeColumn, kept_id: int | None) -> str | None:
    schema = table.schema()
    field = next((each for each in schema.fields if each.name == column.name), None)
    if kept_id is not None and (field is None or field.field_id != kept_id):
        renamed = next((each.name for each in schema.fields if each.field_id == kept_id), None)
        if renamed is None:
            return f"was dropped by another tool, and its values can't be read any more; {_UNDO}"
        return f"was renamed to `{renamed}` by another tool; rename it back, or load into another lake"
    wanted = TYPES[column.type].iceberg
    if field is not None and field.field_type != wanted:
        return f"was changed by another tool to {field.field_type}, expected {wanted}; {_UNDO}"
    return None


def _names(schema: Schema) -> set[str]:
    return {field.name for field in schema.fields}
