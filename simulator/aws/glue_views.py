"""A view in Glue, as Athena and as Trino write it. Pure functions on Glue's table structures.

Both keep the view's definition as base64 of JSON in ViewOriginalText. Athena lists the columns too, which dbt-athena
and other clients read; Trino's Iceberg connector leaves them out. Trino recognises a view by the comment `Presto View`,
which dbt's persist_docs replaces; Athena recognises it by the parameter `presto_view`.
"""

import base64
import json
import re
from typing import Any

_DEFINITION = re.compile(r"/\* Presto View: (?P<base64>\S*) \*/")
_HIVE_TYPES = {"varchar": "string", "char": "string", "integer": "int", "real": "float", "varbinary": "binary"}


def with_columns(table: dict[str, Any]) -> dict[str, Any]:
    """The view's TableInput with the columns of its definition, as Athena lists them."""
    definition = _DEFINITION.fullmatch(table.get("ViewOriginalText", ""))
    if not definition or table.get("StorageDescriptor", {}).get("Columns"):
        return table
    columns = [
        {"Name": column["name"], "Type": hive_type(column["type"])}
        for column in json.loads(base64.b64decode(definition["base64"]))["columns"]
    ]
    return {**table, "StorageDescriptor": {"Columns": columns, "Location": "", "SerdeInfo": {}}}


def with_trinos_comment(answer: dict[str, Any]) -> dict[str, Any]:
    """The response of GetTable or GetTables, with views marked as Trino requires."""
    tables = answer.get("TableList") or [answer["Table"]]
    for table in tables:
        if table.get("TableType") == "VIRTUAL_VIEW":
            table["Parameters"] = {**table.get("Parameters", {}), "comment": "Presto View"}
    return answer


def hive_type(trino_type: str) -> str:
    """The Hive name of a Trino type: `timestamp(6)` is `timestamp`, `varchar(3)` is `string`."""
    name, _, arguments = trino_type.partition("(")
    if name == "decimal":
        return trino_type
    if name in ("array", "map"):
        return f"{name}<{','.join(hive_type(part) for part in _arguments(arguments.removesuffix(')')))}>"
    if name == "row":
        fields = [field.strip().partition(" ") for field in _arguments(arguments.removesuffix(")"))]
        return f"struct<{','.join(f'{field.strip(chr(34))}:{hive_type(kind)}' for field, _, kind in fields)}>"
    return _HIVE_TYPES.get(name, name)


def _arguments(text: str) -> list[str]:
    """Split at the outer commas: `varchar, map(varchar, integer)` has two parts."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
