"""Raw tables: a source's own columns, and columns that say where each row came from.

Grain: one row per row of the source, exactly as sent; append-only. Timestamps are UTC without a zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from .declared import provenance
from .errors import Misconfigured
from .table import TYPES, LakeColumn, LakeTable

PAYLOAD = "_raw_payload"
LANDED_AT = "_source_ingest_ts"


@dataclass(frozen=True)
class RawTable:
    """One source's rows of one kind, under its own column names, and the roles of three of these columns.

    A stream is an ordered series of rows within the source; the ids of one stream increase with time.
    """

    source: str
    entity: str
    """What the rows are, in the plural, such as `orders`."""
    stream_column: str
    id_column: str
    time_column: str
    columns: tuple[LakeColumn, ...] = ()
    """The source's own columns, as the mapping of this table declares them."""

    @property
    def name(self) -> str:
        return f"raw_{self.source}_{self.entity}"

    @property
    def table(self) -> LakeTable:
        return table_of(self.name, self.columns)

    @cached_property
    def page_schema(self) -> pa.Schema:
        """The schema of a page: the source's own columns and the payload; landing adds the rest."""
        payload = [column for column in provenance() if column.name == PAYLOAD]
        return pa.schema([(column.name, TYPES[column.type].arrow) for column in (*self.columns, *payload)])

    def with_columns(self, columns: Sequence[LakeColumn]) -> Self:
        """The same table with these columns; raises Misconfigured if one of the three with a role is missing."""
        parts = (self.stream_column, self.id_column, self.time_column)
        if missing := [name for name in parts if name not in {column.name for column in columns}]:
            raise Misconfigured(
                f"the mapping of `{self.name}` lacks columns that landing needs: add {', '.join(missing)} to `columns`"
            )
        return replace(self, columns=tuple(columns))

    def batch(self, values: Mapping[str, Any]) -> pa.RecordBatch:
        """A page's rows, in `page_schema`, from arrays or lists of everything that the source sends.

        Columns that the mapping doesn't declare are left out, because the payload holds them. Raises Misconfigured if
        the mapping declares a column that the source doesn't send, or declares it with another type.
        """
        schema = self.page_schema
        if missing := [name for name in schema.names if name not in values]:
            raise Misconfigured(
                f"the mapping of `{self.name}` declares the column {missing[0]}, which {self.source} doesn't send; "
                f"it sends: {', '.join(name for name in values if name != PAYLOAD)}"
            )
        for column in self.columns:
            self._check_type(column, values[column.name])
        return pa.RecordBatch.from_arrays(
            [
                given if isinstance(given := values[field.name], pa.Array) else pa.array(given, field.type)
                for field in schema
            ],
            schema=schema,
        )

    def _check_type(self, column: LakeColumn, values: Any) -> None:
        wanted = TYPES[column.type]
        if isinstance(values, pa.Array):
            fits, found = values.type == wanted.arrow, str(values.type)
        else:
            first = next((value for value in values if value is not None), None)
            fits, found = first is None or type(first) is wanted.python, type(first).__name__
        if not fits:
            raise Misconfigured(
                f"the mapping of `{self.name}` declares the column {column.name} as {column.type}, but {self.source} "
                f"sends {found}; correct the type in `columns`"
            )

    def between(self, rows: pa.RecordBatch, low: int, high: int | None) -> pa.RecordBatch:
        """The rows whose numeric ids are in [low, high), or from `low` on if there is no `high`; none without an id."""
        ids = pc.cast(rows[self.id_column], pa.int64())
        if rows.num_rows and not ids.null_count:
            bounds = pc.min_max(ids)
            if bounds["min"].as_py() >= low and (high is None or bounds["max"].as_py() < high):
                return rows  # without a copy, because nearly every page is wanted as it is
        is_within = pc.greater_equal(ids, low)
        return rows.filter(is_within if high is None else pc.and_(is_within, pc.less(ids, high)))

    def since(self, rows: pa.RecordBatch, moment: datetime) -> pa.RecordBatch:
        """The rows starting with the first one that is not known to be before `moment`."""
        start = pa.scalar(moment.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
        return rows.slice(_leading(pc.less(rows[self.time_column], start).fill_null(False)))

    def first_id(self, rows: pa.RecordBatch) -> int | None:
        """The numeric id of the first row; None if there are no rows."""
        return int(rows[self.id_column][0].as_py()) if rows.num_rows else None

    def last_id(self, rows: pa.RecordBatch) -> int:
        """The numeric id of the last row; there must be at least one row."""
        return int(rows[self.id_column][-1].as_py())


def table_of(name: str, columns: Sequence[LakeColumn]) -> LakeTable:
    """A raw table from its name and its source's columns."""
    return LakeTable(name, (*columns, *provenance()), LANDED_AT)


def _leading(is_before: pa.BooleanArray) -> int:
    first = pc.index(is_before, False).as_py()
    return len(is_before) if first < 0 else int(first)
