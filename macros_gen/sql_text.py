"""Write checked values as text that is safe where it goes: in SQL inside a dbt template, or in a dbt description.

A value can contain quotes, line ends, and braces that dbt would run as Jinja. None of them may end the quoted text.
"""

import re
from datetime import datetime

from registry.column_types import TYPES, Scalar, parse_timestamp

_SPELLED = {"string": "varchar", "long": "bigint", "timestamp": "timestamp(6)"}
SQL_TYPES = {name: _SPELLED.get(name, name) for name in TYPES}
"""The name of each type in a cast, the same for both engines."""

_JINJA_OR_CONTROL = re.compile(r"[{}#%\\\x00-\x1f\x7f-\x9f\u2028\u2029]")


def quoted(column: str) -> str:
    return f'"{column}"'


def literal(value: Scalar, type_: str) -> str:
    """Return `value`, which must be of the type `type_`, as SQL for a dbt template."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and type_ == "timestamp":
        return timestamp_literal(parse_timestamp(value))
    number = float(value) if type_ == "double" else value
    text = text_literal(value) if isinstance(value, str) else repr(number)
    return f"cast({text} as {SQL_TYPES[type_]})"


def null(type_: str) -> str:
    return f"cast(null as {SQL_TYPES[type_]})"


def text_literal(value: str) -> str:
    return jinja_safe("'" + value.replace("'", "''") + "'")


def timestamp_literal(value: datetime) -> str:
    return f"timestamp '{value.isoformat(sep=' ', timespec='microseconds')}'"


def jinja_safe(text: str) -> str:
    """Return `text`, escaped so that dbt's Jinja renders it unchanged."""
    if not _JINJA_OR_CONTROL.search(text):
        return text
    escaped = "".join(_escape(character) for character in text)
    return '{{ "' + escaped + '" }}'


def _escape(character: str) -> str:
    # Jinja understands the same escapes in a string as Python
    if character in '"\\{}#%' or not character.isprintable():
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    return character
