"""Text from YAML, made safe for where it goes: SQL inside a dbt template, or a dbt description.

A value can hold quotes, braces that dbt's Jinja would run, and line ends; none of them may leave its quotes.
"""

import math
import re
from datetime import UTC, datetime

from .problems import shown

TYPES = ("string", "double", "long", "boolean", "timestamp")
"""The column types of the lake, by the names that the loaders use too."""

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,127}\Z")
_JINJA_OR_CONTROL = re.compile(r"[{}#%\\\x00-\x1f\x7f-\x9f\u2028\u2029]")

# Words that neither Athena nor DuckDB takes as a bare column name; source columns are quoted, the target's are not.
# https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html, read 2026-11-20
_RESERVED = frozenset(
    [
        "all",
        "alter",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "both",
        "by",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "cross",
        "cube",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "deallocate",
        "default",
        "deferrable",
        "delete",
        "desc",
        "describe",
        "distinct",
        "do",
        "drop",
        "else",
        "end",
        "escape",
        "except",
        "execute",
        "exists",
        "extract",
        "false",
        "fetch",
        "first",
        "for",
        "foreign",
        "from",
        "full",
        "group",
        "grouping",
        "having",
        "in",
        "initially",
        "inner",
        "insert",
        "intersect",
        "into",
        "is",
        "join",
        "lambda",
        "last",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "normalize",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "pivot",
        "placing",
        "prepare",
        "primary",
        "qualify",
        "recursive",
        "references",
        "returning",
        "right",
        "rollup",
        "select",
        "show",
        "skip",
        "some",
        "summarize",
        "symmetric",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "uescape",
        "union",
        "unique",
        "unnest",
        "unpivot",
        "using",
        "values",
        "variadic",
        "when",
        "where",
        "window",
        "with",
    ]
)

SqlValue = str | int | float | bool


def identifier_problem(name: str) -> str | None:
    """Why `name` can't be a bare column or table name, or None."""
    if not _IDENTIFIER.match(name):
        return f"{name!r} is no name; use lower-case letters, digits and underscores, not beginning with a digit"
    if name in _RESERVED:
        return f"`{name}` is a reserved word of SQL; choose another name"
    return None


def source_name_problem(name: str) -> str | None:
    """As `identifier_problem` for names that are quoted, so that reserved words are allowed."""
    return None if name in _RESERVED else identifier_problem(name)


def quoted(column: str) -> str:
    return f'"{column}"'


def literal(value: SqlValue, type_: str) -> str:
    """`value` as SQL of the lake's type `type_`, for use in a dbt template; raises ValueError where it doesn't fit."""
    if type_ == "string" and isinstance(value, str):
        return f"cast({text_literal(value)} as varchar)"
    if type_ == "boolean" and isinstance(value, bool):
        return "true" if value else "false"
    if type_ == "long" and isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return f"cast({value} as bigint)"
    if type_ == "double" and isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
        return f"cast({float(value)!r} as double)"
    if type_ == "timestamp" and isinstance(value, str):
        return timestamp_literal(parse_timestamp(value))
    raise ValueError(f"{shown(value)} is no {type_}" + ("; put it in quotes" if type_ == "string" else ""))


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no double holds
        return False


def text_literal(value: str) -> str:
    return jinja_safe("'" + value.replace("'", "''") + "'")


def timestamp_literal(value: datetime) -> str:
    return f"timestamp '{value.isoformat(sep=' ', timespec='microseconds')}'"


def parse_timestamp(text: str) -> datetime:
    """A date, or a date and time, as UTC without a zone; raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write it as 2026-01-31 or 2026-01-31 23:59:59.5") from None


def jinja_safe(text: str) -> str:
    """`text` so that dbt's Jinja gives it back unchanged."""
    if not _JINJA_OR_CONTROL.search(text):
        return text
    escaped = "".join(_escape(character) for character in text)
    return '{{ "' + escaped + '" }}'


def _escape(character: str) -> str:
    # Jinja reads string literals as Python does
    if character in '"\\{}#%' or not character.isprintable():
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    return character
