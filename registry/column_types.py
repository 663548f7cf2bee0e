"""The column types that config files may name, and checks whether a value of a YAML file has a type."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .problems import shown

Scalar = str | int | float | bool


@dataclass(frozen=True)
class ColumnType:
    holds: Callable[[object], bool]
    """Whether a value read from YAML has this type; `type_problem` also checks the text of a timestamp."""
    sample: Scalar | None
    """A value for generated tests; None for a timestamp, because a suitable time depends on the table."""
    is_ordered: bool = False
    """Whether values of this type can have bounds."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_finite_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that is too large for a double
        return False


TYPES: Mapping[str, ColumnType] = {
    "string": ColumnType(_is_text, "sample"),
    "double": ColumnType(_is_finite_number, 1.5, is_ordered=True),
    "long": ColumnType(_is_whole_number, 1, is_ordered=True),
    "boolean": ColumnType(_is_flag, True),
    "timestamp": ColumnType(_is_text, None, is_ordered=True),
}
"""The column types by name; the lake's tables use the same names. Timestamps are UTC without a zone."""


def type_problem(value: object, type_: str) -> str | None:
    """Why `value` doesn't have the type, or None."""
    if not TYPES[type_].holds(value):
        return f"{shown(value)} is not a {type_}" + ("; put it in quotes" if type_ == "string" else "")
    return timestamp_problem(str(value)) if type_ == "timestamp" else None


def timestamp_problem(text: str) -> str | None:
    """Why `text` is not a time, or None."""
    try:
        parse_timestamp(text)
    except (ValueError, OverflowError):
        return f"{text!r} is not a time; write it as 2026-01-31 or 2026-01-31 23:59:59.5"
    return None


def parse_timestamp(text: str) -> datetime:
    """A date, or a date and time, as UTC without a zone; only for text without a `timestamp_problem`."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
