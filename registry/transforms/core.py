"""Transforms that any table can use: numbers, flags, times and letters."""

from collections.abc import Mapping

from .transform import Transform

_LETTERS = "Only A to Z change; other letters stay as they are, because the engines treat them differently."


def _epoch(unit: str, edge_cases: str) -> Transform:
    return Transform(
        f"Unix time in {unit} to UTC.", ("string", "long"), "timestamp", f"{edge_cases} Times before 1970 are negative."
    )


def _decimal_epoch(unit: str, *, digits: int) -> Transform:
    return _epoch(unit, f"Null if it isn't a number or has more than {digits} digits before the point.")


CORE: Mapping[str, Transform] = {
    "to_string": Transform(
        "A whole number or a boolean as text.",
        ("long", "boolean"),
        "string",
        "Booleans become true and false. Doubles are not accepted, because the engines write them differently.",
    ),
    "to_double": Transform(
        "A number as a double.",
        ("string", "long"),
        "double",
        "Null if it isn't a number, is NaN or infinite, or is too large for a double. An exponent is accepted.",
    ),
    "to_bigint": Transform(
        "The text of a whole number as a 64-bit integer.",
        ("string",),
        "long",
        "Null if it isn't a whole number in plain digits (1.5 and 1e3 are not) or exceeds 64 bits.",
    ),
    "to_boolean": Transform(
        "The words true and false, t and f, or 1 and 0 as a boolean.",
        ("string", "long"),
        "boolean",
        "Upper or lower case. Null if it is anything else.",
    ),
    "from_s": _decimal_epoch("seconds", digits=12),
    "from_ms": _decimal_epoch("milliseconds", digits=15),
    "from_us": _decimal_epoch("microseconds", digits=18),
    "from_ns": _epoch("nanoseconds", "Null if it isn't a whole number in plain digits, or lies after the year 2262."),
    "iso8601": Transform(
        "ISO 8601 text to UTC.",
        ("string",),
        "timestamp",
        "A date and a time to the second or finer, with T or a space between them, and an optional offset of up to 14"
        " hours; without an offset it is UTC. Null if it isn't such a time.",
    ),
    "upper": Transform("Text in upper case.", ("string",), "string", _LETTERS),
    "lower": Transform("Text in lower case.", ("string",), "string", _LETTERS),
}

PLAIN = ("to_string", "to_double", "to_bigint", "to_boolean", "iso8601")
"""The transforms that only change the type, one for each target type."""
