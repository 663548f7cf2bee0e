"""The declaration of a table, and the Iceberg schema, partitioning and Arrow schema derived from it.

Source: https://iceberg.apache.org/spec/#schemas-and-data-types, read 2026-11-20.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
)


class Type(NamedTuple):
    """A column type in Iceberg, in Arrow, and as a value in Python."""

    iceberg: PrimitiveType
    arrow: pa.DataType
    python: type


TYPES: Mapping[str, Type] = {
    "string": Type(StringType(), pa.string(), str),
    "double": Type(DoubleType(), pa.float64(), float),
    "long": Type(LongType(), pa.int64(), int),
    "boolean": Type(BooleanType(), pa.bool_(), bool),
    # UTC without a zone, because Athena's CTAS rejects timestamps with one
    "timestamp": Type(TimestampType(), pa.timestamp("us"), datetime),
}
"""The column types of the lake, by name; the mapping registry uses the same names."""

_FIRST_PARTITION_FIELD_ID = 1000  # Iceberg's convention


@dataclass(frozen=True)
class LakeColumn:
    name: str
    type: str
    description: str

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"column `{self.name}`: unknown type `{self.type}`; use one of: {', '.join(TYPES)}")


@dataclass(frozen=True)
class LakeTable:
    """A table that the loaders own, partitioned by the UTC day of the timestamp `day_column`."""

    name: str
    columns: tuple[LakeColumn, ...]
    day_column: str

    @property
    def iceberg_schema(self) -> Schema:
        return Schema(
            *(
                NestedField(field_id, column.name, TYPES[column.type].iceberg, required=False, doc=column.description)
                for field_id, column in enumerate(self.columns, start=1)
            )
        )

    @property
    def partition_spec(self) -> PartitionSpec:
        source_id = self.iceberg_schema.find_field(self.day_column).field_id
        return PartitionSpec(
            PartitionField(source_id, _FIRST_PARTITION_FIELD_ID, DayTransform(), f"{self.day_column}_day")
        )

    def arrow_schema(self, current: Schema) -> pa.Schema:
        """The columns as an Arrow schema, with the field ids that the table has now.

        Parquet files written with this schema are read by field id, so renamed and added columns are never mixed up.
        """
        return pa.schema(
            pa.field(
                column.name,
                TYPES[column.type].arrow,
                metadata={"PARQUET:field_id": str(current.find_field(column.name).field_id)},
            )
            for column in self.columns
        )
