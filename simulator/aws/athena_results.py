"""Trino's values as Athena returns them: as text, column descriptions and result files. Pure.

Trino sends a value as JSON with the type's signature: a timestamp as text with all its digits, a row as a list. Athena
sends every value as text, and a value with parts in Java's notation: `[1, 2]`, `{a=1}`.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html, and for the notation the
measurements on Athena in https://github.com/aoyagikouhei/athena-local, November 2026.
"""

import base64
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = Sequence[str | None]

_PRECISIONS = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "float": 17,
    "double": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "varchar": 2_147_483_647,
    "varbinary": 1_073_741_824,
}


@dataclass(frozen=True)
class Column:
    """A column of Trino's response: its name, its type as text, and the type's signature."""

    name: str
    type: str
    signature: dict[str, Any]

    def described(self) -> dict[str, Any]:
        """The column as GetQueryResults' ColumnInfo."""
        base = re.sub(r"\(\d.*?\)", "", self.type).partition("(")[0].strip()
        kind = "float" if base == "real" else base
        precision, scale = _PRECISIONS.get(kind, 0), 0
        if digits := re.fullmatch(r"(?:decimal|varchar|char)\((\d+)(?:,\s*(\d+))?\)", self.type):
            precision, scale = int(digits[1]), int(digits[2] or 0)
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": kind,
            "Precision": precision,
            "Scale": scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": kind in ("varchar", "char"),
        }


ROWS_WRITTEN = Column("rows", "bigint", {"rawType": "bigint", "arguments": []})
"""The column that Athena lists, without rows, for a statement that writes."""


def as_text(value: Any, signature: dict[str, Any]) -> str | None:
    """A value of Trino in Athena's notation; None for null."""
    if value is None:
        return None
    kind, arguments = signature["rawType"], signature.get("arguments", [])
    if kind in ("double", "real"):
        return _java_double(float(value))
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "varbinary":
        return base64.b64decode(value).hex(" ")
    if kind == "array":
        return f"[{', '.join(_inner(item, arguments[0]['value']) for item in value)}]"
    if kind == "map":
        return _map(value, arguments)
    if kind == "row":
        fields = zip(value, arguments, strict=True)
        return f"{{{', '.join(_field(item, argument['value']) for item, argument in fields)}}}"
    return str(value)


def csv(rows: Iterable[Row]) -> str:
    """Rows as in Athena's result file: every value quoted, null as an empty field without quotes."""
    lines = (",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def plain_text(rows: Iterable[Row]) -> str:
    """Rows of SHOW, DESCRIBE and EXPLAIN, each of which is a single text, as in their result file."""
    return "\n".join(row[0] or "" for row in rows)


def _inner(value: Any, signature: dict[str, Any]) -> str:
    text = as_text(value, signature)
    return "null" if text is None else text


def _map(value: dict[str, Any], arguments: list[dict[str, Any]]) -> str:
    keys, values = (argument["value"] for argument in arguments)
    numeric = keys["rawType"] in ("tinyint", "smallint", "integer", "bigint", "double", "real", "decimal")
    entries = sorted(value.items(), key=lambda entry: Decimal(entry[0]) if numeric else entry[0])
    return f"{{{', '.join(f'{key}={_inner(item, values)}' for key, item in entries)}}}"


def _field(value: Any, argument: dict[str, Any]) -> str:
    name = (argument.get("fieldName") or {}).get("name")
    text = _inner(value, argument["typeSignature"])
    return f"{name}={text}" if name else text


def _java_double(value: float) -> str:
    """A number as Java's `Double.toString` writes it: 1.5, 1.0E20, 1.0E-7."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value)).normalize()
    digits = "".join(map(str, exact.as_tuple().digits))
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"
