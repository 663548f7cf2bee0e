"""Transforms that any table can use: numbers, flags, times and letters."""

from collections.abc import Mapping

from .transform import Transform

_LETTERS = "A to Z; other letters stay as they are, because engines differ in them. Null stays null."


def _epoch(unit: str, edge_cases: str) -> Transform:
    return Transform(
        f"Unix time in {unit} to UTC.", ("string", "long"), "timestamp", f"{edge_cases} Before 1970 is negative."
    )


def _decimal_epoch(unit: str, *, digits: int) -> Transform:
    return _epoch(unit, f"Null where it isn't a number or has more than {digits} digits before the point.")


CORE: Mapping[str, Transform] = {
    "to_string": Transform(
        "A whole number or a boolean as text.",
        ("long", "boolean"),
        "string",
        "Booleans are true and false. A double has no one text on both engines, so it isn't taken.",
    ),
    "to_double": Transform(
        "A number as a double.",
        ("string", "long"),
        "double",
        "Null where it isn't a number, and for NaN and infinities, also those that overflow. 1e-8 is taken.",
    ),
    "to_bigint": Transform(
        "Text of a whole number as a 64-bit integer.",
        ("string",),
        "long",
        "Null where it isn't a whole number in plain digits (1.5, 1e3), or exceeds 64 bits.",
    ),
    "to_boolean": Transform(
        "true/false, t/f or 1/0 as a boolean.",
        ("string", "long"),
        "boolean",
        "Any case; null where it is anything else.",
    ),
    "from_s": _decimal_epoch("seconds", digits=12),
    "from_ms": _decimal_epoch("milliseconds", digits=15),
    "from_us": _decimal_epoch("microseconds", digits=18),
    "from_ns": _epoch(
        "nanoseconds", "Null where it isn't a whole number in plain digits, or lies after the year 2262."
    ),
    "iso8601": Transform(
        "ISO 8601 text to UTC.",
        ("string",),
        "timestamp",
        "Date, time to the second or finer, and perhaps an offset of up to 14 hours; without one it is UTC. A blank may"
        " stand for the T. Null where it isn't a time.",
    ),
    "upper": Transform("Text in capitals.", ("string",), "string", _LETTERS),
    "lower": Transform("Text in small letters.", ("string",), "string", _LETTERS),
}

PLAIN = ("to_string", "to_double", "to_bigint", "to_boolean", "iso8601")
"""The transforms that only change the type, one for each type."""
