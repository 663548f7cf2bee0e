"""An Athena statement as it is translated for Trino, and the names and properties that the rules of translation read.

Source of the properties: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html, November
2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.aws.sql_tokens import Reader, Refused

ICEBERG, HIVE = "awsdatacatalog", "hive"
"""The two Trino catalogs that stand in for Athena's only one, which has the name of the first. Each redirects tables of
the other kind to the other catalog."""

STEERING_PROPERTIES = {
    "vacuum_min_snapshots_to_keep",
    "vacuum_max_snapshot_age_seconds",
    "vacuum_max_metadata_files_to_keep",
    "optimize_rewrite_min_data_file_size_bytes",
    "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold",
    "write_target_data_file_size_bytes",
}
"""Table properties that control OPTIMIZE and VACUUM. Trino doesn't have them, so they are kept as parameters of the
Glue table."""

Quote = Literal["double", "backtick"]
"""The quotes for names: Athena uses double quotes in queries and views, and backticks in its DDL."""


@dataclass(frozen=True)
class TableName:
    database: str
    table: str

    def quoted(self, catalog: str = ICEBERG) -> str:
        return f'"{catalog}"."{self.database}"."{self.table}"'


@dataclass(frozen=True)
class Statement:
    """What to do: check `query`, then run `trino`, then change Glue."""

    type: Literal["DDL", "DML", "UTILITY"]
    subtype: str
    trino: tuple[str, ...] = ()
    result: Literal["rows", "lines", "count", "nothing"] = "nothing"
    """The kind of result: rows (a table with a header), lines (plain text) or count (the number of rows written)."""
    table: TableName | None = None
    query: str | None = None
    """The query of an Iceberg CTAS. Its columns must have types that Athena can write."""
    new_glue_table: Mapping[str, Any] = field(default_factory=dict)
    """A TableInput to create in Glue directly, because Trino would add statistics to this metadata."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """The Athena table properties to set in Glue."""
    is_vacuum: bool = False
    """Whether it is a VACUUM, whose statements depend on the table's properties: see `athena_ddl.vacuum`."""


def read_table(reader: Reader, database: str, *quotes: Quote) -> TableName:
    """Read a table's name of one to three parts, bare or in one of these quotes, and return it in lower case."""
    parts = [_identifier(reader, *quotes)]
    while reader.accept("."):
        parts.append(_identifier(reader, *quotes))
    if len(parts) == 3 and parts[0] != ICEBERG:
        raise Refused(f"Catalog {parts[0]!r} does not exist; the local Athena has {ICEBERG!r}")
    if len(parts) > 3:
        raise Refused(f"a table's name has at most three parts, and {'.'.join(parts)} has {len(parts)}")
    return TableName(parts[-2] if len(parts) > 1 else database, parts[-1])


def read_name(reader: Reader) -> str:
    """Read a name of DDL, bare or in backticks, and return it in lower case."""
    return _identifier(reader, "backtick")


def check_steering(properties: Mapping[str, str]) -> None:
    """Refuse properties that Athena doesn't have for Iceberg tables."""
    if unknown := properties.keys() - STEERING_PROPERTIES:
        raise Refused(f"Unsupported table property key: {min(unknown)}")


def unsupported(reader: Reader) -> Refused:
    """The refusal of a statement that no rule handles."""
    return Refused(f"Queries of this type are not supported: {reader.statement_text()[:80]!r}")


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _identifier(reader: Reader, *quotes: Quote) -> str:
    token = reader.take("word", *quotes)
    return (token.text if token.kind == "word" else token.text[1:-1]).lower()
