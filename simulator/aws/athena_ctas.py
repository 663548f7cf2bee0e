"""Translates CREATE TABLE … AS SELECT into Trino's. Pure.

Athena's own properties are translated into Trino's, kept in Glue, or refused.
Source: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html, November 2026.
"""

from simulator.aws.athena_statement import HIVE, ICEBERG, STEERING_PROPERTIES, Statement, TableName
from simulator.aws.sql_tokens import Reader, Refused

_PROPERTIES_OF_TRINO = {
    "iceberg": {"format", "partitioning", "location"},
    "hive": {"format", "partitioned_by", "bucketed_by", "bucket_count", "external_location"},
}
_WRITTEN_COMPRESSION = "'zstd'"


def create_table_as(reader: Reader, table: TableName, if_not_exists: str, *, results: str) -> Statement:
    """Translate what follows the table's name. A Hive table without a location is created in `results`."""
    properties = _properties(reader) if reader.accept("with") else {}
    reader.expect("as")
    query = reader.rest()
    kind = properties.pop("table_type", "'hive'").strip("'").lower()
    if kind not in _PROPERTIES_OF_TRINO:
        raise Refused(f"table_type {kind!r} is not supported; use 'ICEBERG' or 'HIVE'")
    where = "location" if kind == "iceberg" else "external_location"
    if kind == "iceberg":
        _check_iceberg(properties)
    else:
        properties.pop("is_external", None)
        properties.pop("write_compression", None)
        properties.setdefault(where, f"'{results}'")
    steering = {name: properties.pop(name).strip("'") for name in STEERING_PROPERTIES & properties.keys()}
    if unknown := properties.keys() - _PROPERTIES_OF_TRINO[kind]:
        raise Refused(f"Unsupported table property key: {min(unknown)}")
    location = _location(properties[where])
    properties |= {where: f"'{location}'", "format": properties.get("format", "'PARQUET'").upper()}
    written = ", ".join(f"{name} = {value}" for name, value in properties.items())
    name = table.quoted(ICEBERG if kind == "iceberg" else HIVE)
    return Statement(
        "DDL",
        "CREATE_TABLE_AS_SELECT",
        (f"create table {if_not_exists}{name} with ({written}) as {query}",),
        "count",
        table=table,
        query=query if kind == "iceberg" else None,
        properties=steering,
    )


def _properties(reader: Reader) -> dict[str, str]:
    """Read `(format = 'PARQUET', partitioning = ARRAY['a'])` as names with their expressions, unchanged."""
    found = {}
    for part in reader.parts():
        name, equals, value = part.partition("=")
        if not equals:
            raise Refused(f"mismatched input {part!r}: expecting name = value")
        found[name.strip().lower()] = value.strip()
    return found


def _check_iceberg(properties: dict[str, str]) -> None:
    if "location" not in properties:
        raise Refused("Table location must be specified for an Iceberg table: location = 's3://…'")
    if (is_external := properties.pop("is_external", "missing")).lower() != "false":
        raise Refused(f"An Iceberg table needs is_external = false; found {is_external}")
    if (compression := properties.pop("write_compression", _WRITTEN_COMPRESSION)).lower() != _WRITTEN_COMPRESSION:
        raise Refused(f"the local Athena writes Iceberg tables with ZSTD only, and write_compression is {compression}")


def _location(expression: str) -> str:
    """The value of `'s3://bucket/folder/'` without the final slash, because Iceberg appends one itself."""
    if not expression.startswith("'s3://"):
        raise Refused(f"a location must be a text that begins with s3://; found {expression}")
    return expression.strip("'").rstrip("/")
