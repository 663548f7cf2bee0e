"""Translates Athena's DDL, and its statements for tables, into Trino's. Pure. `athena_statements` applies these rules.

Sources: https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html, `querying-iceberg-creating-tables`,
`querying-iceberg-evolving-table-schema`, `querying-iceberg-data-optimization`, November 2026.
"""

import re
from collections.abc import Callable, Mapping

from simulator.aws.athena_statement import (
    ICEBERG,
    Statement,
    TableName,
    check_steering,
    literal,
    read_name,
    read_table,
    unsupported,
)
from simulator.aws.sql_tokens import Reader, Refused, statement_reader

_TYPES = {
    "boolean": "boolean",
    "int": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double",
    "string": "varchar",
    "binary": "varbinary",
    "date": "date",
    "timestamp": "timestamp(6)",
}
"""The simple column types of Athena's DDL for Iceberg tables. `trino_type` also handles decimal, array, map and struct.
"""

_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def create_iceberg_table(reader: Reader, table: TableName, if_not_exists: str) -> Statement:
    """`CREATE TABLE t (id bigint) [PARTITIONED BY (…)] LOCATION 's3://…' TBLPROPERTIES ('table_type' = 'ICEBERG')`."""
    columns = [_column(part) for part in reader.parts()]
    if reader.accept("comment"):
        raise Refused("the local Athena has no rule for COMMENT of a table")
    partitioning = reader.parts() if reader.accept("partitioned by") else []
    reader.expect("location")
    location = _location(reader)
    reader.expect("tblproperties")
    properties = _table_properties(reader)
    reader.expect_end()
    if properties.pop("table_type", "").lower() != "iceberg":
        raise Refused("a table that is not external needs TBLPROPERTIES ('table_type' = 'ICEBERG')")
    file_format = properties.pop("format", "parquet").upper()
    if (compression := properties.pop("write_compression", "zstd")).lower() != "zstd":
        raise Refused(
            f"the local Athena writes Iceberg tables with ZSTD only, and write_compression is {compression!r}"
        )
    check_steering(properties)
    settings = [f"format = '{file_format}'", f"location = '{location}'"]
    if partitioning:
        settings.append(f"partitioning = array[{', '.join(literal(_partition(part)) for part in partitioning)}]")
    sql = f"create table {if_not_exists}{table.quoted()} ({', '.join(columns)}) with ({', '.join(settings)})"
    return Statement("DDL", "CREATE_TABLE", (sql,), table=table, properties=properties)


def _create_external_table(reader: Reader, database: str) -> Statement:
    # dbt-athena stages a seed's CSV file under such a table
    reader.accept("if not exists")
    table = read_table(reader, database, "backtick")
    columns = [statement_reader(part) for part in reader.parts()]
    reader.expect("row format serde")
    if (serde := reader.string()) != _CSV:
        raise Refused(f"the local Athena has no rule for external tables of {serde}, only for {_CSV}")
    serde_properties = _table_properties(reader) if reader.accept("with serdeproperties") else {}
    reader.accept("stored as textfile")
    reader.expect("location")
    location = _location(reader)
    properties = _table_properties(reader) if reader.accept("tblproperties") else {}
    reader.expect_end()
    described = {
        "Name": table.table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **properties},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Location": location,
            "Columns": [{"Name": read_name(column), "Type": column.until("comment").lower()} for column in columns],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_properties},
        },
    }
    return Statement("DDL", "CREATE_TABLE", table=table, new_glue_table=described)


def _create_view(reader: Reader, database: str, *, or_replace: str = "") -> Statement:
    view = read_table(reader, database, "double")
    reader.expect("as")
    sql = f"create {or_replace}view {view.quoted()} as {reader.rest()}"
    return Statement("DDL", "CREATE_VIEW", (sql,), table=view)


def _replace_view(reader: Reader, database: str) -> Statement:
    return _create_view(reader, database, or_replace="or replace ")


def _create_database(reader: Reader, _: str) -> Statement:
    if_not_exists = "if not exists " if reader.accept("if not exists") else ""
    name = read_name(reader)
    location = f" with (location = '{_location(reader)}')" if reader.accept("location") else ""
    reader.expect_end()
    return Statement("DDL", "CREATE_DATABASE", (f'create schema {if_not_exists}"{ICEBERG}"."{name}"{location}',))


def _drop_database(reader: Reader, _: str) -> Statement:
    if_exists = "if exists " if reader.accept("if exists") else ""
    name, mode = read_name(reader), reader.accept_any("cascade", "restrict")
    reader.expect_end()
    return Statement("DDL", "DROP_DATABASE", (f'drop schema {if_exists}"{ICEBERG}"."{name}" {mode}'.rstrip(),))


def _drop_table(reader: Reader, database: str) -> Statement:
    if_exists = "if exists " if reader.accept("if exists") else ""
    table = read_table(reader, database, "backtick")
    reader.expect_end()
    return Statement("DDL", "DROP_TABLE", (f"drop table {if_exists}{table.quoted()}",), table=table)


def _drop_view(reader: Reader, database: str) -> Statement:
    if_exists = "if exists " if reader.accept("if exists") else ""
    view = read_table(reader, database, "double")
    reader.expect_end()
    return Statement("DDL", "DROP_VIEW", (f"drop view {if_exists}{view.quoted()}",), table=view)


def _alter_table(reader: Reader, database: str) -> Statement:
    table = read_table(reader, database, "backtick")
    change = reader.accept_any("rename to", "add columns", "drop column", "change column", "set tblproperties")
    properties: dict[str, str] = {}
    changes: list[str] = []
    if change == "rename to":
        changes = [f"rename to {read_table(reader, table.database, 'backtick').quoted()}"]
    elif change == "add columns":
        changes = [f"add column {_column(part)}" for part in reader.parts()]
    elif change == "drop column":
        changes = [f'drop column "{read_name(reader)}"']
    elif change == "change column":
        changes = _change_column(reader)
    elif change == "set tblproperties":
        properties = _table_properties(reader)
    else:
        raise unsupported(reader)
    reader.expect_end()
    sql = tuple(f"alter table {table.quoted()} {what}" for what in changes)
    return Statement("DDL", "ALTER_TABLE", sql, table=table, properties=properties)


def _change_column(reader: Reader) -> list[str]:
    old, new, kind = read_name(reader), read_name(reader), trino_type(reader.rest())
    rename = [] if old == new else [f'rename column "{old}" to "{new}"']
    return [*rename, f'alter column "{new}" set data type {kind}']


def _optimize(reader: Reader, database: str) -> Statement:
    table = read_table(reader, database, "backtick")
    reader.expect("rewrite data using bin_pack")
    where = f" {reader.rest()}" if not reader.at_end() else ""
    if where and not where.lower().startswith(" where"):
        raise Refused(f"mismatched input {where.strip()[:40]!r}: expecting WHERE")
    return Statement("DML", "OPTIMIZE", (f"alter table {table.quoted()} execute optimize{where}",), table=table)


def _vacuum(reader: Reader, database: str) -> Statement:
    table = read_table(reader, database, "backtick")
    reader.expect_end()
    return Statement("DML", "VACUUM", table=table, is_vacuum=True)


def vacuum(table: TableName, properties: Mapping[str, str]) -> tuple[str, ...]:
    """Trino's statements for VACUUM; five days are Athena's default for vacuum_max_snapshot_age_seconds."""
    if unknown := {"vacuum_min_snapshots_to_keep", "vacuum_max_metadata_files_to_keep"} & properties.keys():
        raise Refused(f"the local Athena's VACUUM has no rule for {min(unknown)}")
    age = int(properties.get("vacuum_max_snapshot_age_seconds", 432_000))
    return tuple(
        f"alter table {table.quoted()} execute {what}(retention_threshold => '{age}s')"
        for what in ("expire_snapshots", "remove_orphan_files")
    )


def _describe(reader: Reader, database: str) -> Statement:
    table = read_table(reader, database, "backtick")
    reader.expect_end()
    return Statement("UTILITY", "DESCRIBE_TABLE", (f"describe {table.quoted()}",), "lines", table=table)


def _show_columns(reader: Reader, database: str) -> Statement:
    if not reader.accept_any("in", "from"):
        reader.expect("in")
    table = read_table(reader, database, "backtick")
    reader.expect_end()
    columns = f"{ICEBERG}.information_schema.columns"
    where = f"table_schema = '{table.database}' and table_name = '{table.table}'"
    sql = f"select column_name from {columns} where {where} order by ordinal_position"
    return Statement("UTILITY", "SHOW_COLUMNS", (sql,), "lines", table=table)


def _show_databases(reader: Reader, _: str) -> Statement:
    like = f" and schema_name like {literal(reader.string().replace('*', '%'))}" if reader.accept("like") else ""
    reader.expect_end()
    of_trino = "('information_schema', 'system')"
    where = f"where schema_name not in {of_trino}{like} order by schema_name"
    sql = f"select schema_name from {ICEBERG}.information_schema.schemata {where}"
    return Statement("UTILITY", "SHOW_DATABASES", (sql,), "lines")


def _show_tables(reader: Reader, database: str) -> Statement:
    if reader.accept_any("in", "from"):
        database = read_name(reader)
    pattern = "" if reader.at_end() else f" like {literal(reader.string().replace('*', '%'))}"
    reader.expect_end()
    return Statement("UTILITY", "SHOW_TABLES", (f'show tables from {ICEBERG}."{database}"{pattern}',), "lines")


DDL_RULES: dict[str, Callable[[Reader, str], Statement]] = {
    "create external table": _create_external_table,
    "create view": _create_view,
    "create or replace view": _replace_view,
    "create database": _create_database,
    "create schema": _create_database,
    "drop database": _drop_database,
    "drop schema": _drop_database,
    "drop table": _drop_table,
    "drop view": _drop_view,
    "alter table": _alter_table,
    "optimize": _optimize,
    "vacuum": _vacuum,
    "describe": _describe,
    "desc": _describe,
    "show columns": _show_columns,
    "show databases": _show_databases,
    "show schemas": _show_databases,
    "show tables": _show_tables,
}
"""For the first words of a statement, the rule that handles it, given the reader after those words and the database."""


def trino_type(written: str) -> str:
    """Trino's name for a type of Athena's DDL: `array<string>` is `array(varchar)`."""
    kind = re.sub(r"\s+", "", written).lower()
    if kind in _TYPES:
        return _TYPES[kind]
    if re.fullmatch(r"decimal\(\d+,\d+\)", kind):
        return kind
    if nested := re.fullmatch(r"(array|map|struct)<(.*)>", kind):
        inner = _between_commas(nested[2])
        if nested[1] == "struct":
            fields = [part.partition(":") for part in inner]
            return f"row({', '.join(f'{name} {trino_type(field)}' for name, _, field in fields)})"
        return f"{nested[1]}({', '.join(trino_type(part) for part in inner)})"
    raise Refused(f"mismatched input {written!r}: expecting a type of Athena's DDL, such as {', '.join(_TYPES)}")


def _between_commas(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _column(part: str) -> str:
    reader = statement_reader(part)
    name, kind = read_name(reader), trino_type(reader.until("comment"))
    comment = f" comment {reader.take('string').text}" if reader.accept("comment") else ""
    reader.expect_end()
    return f'"{name}" {kind}{comment}'


def _partition(part: str) -> str:
    """Change `bucket(16, id)`, as Athena's DDL writes it, into `bucket(id, 16)`, as Trino and Athena's CTAS do."""
    transform = re.fullmatch(r"(bucket|truncate)\((?P<first>.+),(?P<second>.+)\)", part.replace("`", "").lower())
    if not transform:
        return part.replace("`", "")
    if not transform["first"].strip().isdecimal():
        raise Refused(f"mismatched input {part!r}: expecting {transform[1]}(number, column)")
    return f"{transform[1]}({transform['second'].strip()}, {transform['first'].strip()})"


def _location(reader: Reader) -> str:
    location = reader.string()
    if not location.startswith("s3://"):
        raise Refused(f"a location must begin with s3://; found {location!r}")
    return location.rstrip("/")


def _table_properties(reader: Reader) -> dict[str, str]:
    """Read `('a' = 'b', …)`."""
    found = {}
    for part in reader.parts():
        pair = statement_reader(part)
        key = pair.string()
        pair.expect("=")
        found[key] = pair.string()
        pair.expect_end()
    return found
