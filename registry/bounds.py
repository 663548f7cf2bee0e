"""The least and the greatest value of a target's column: what breaks them, and what can be wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .column_types import TYPES, Scalar, parse_timestamp, type_problem
from .declarations import TargetColumn


@dataclass(frozen=True)
class Bound:
    """One of a column's bounds; `operator` says how a value compares that breaks it."""

    key: str
    value: Scalar
    operator: str
    complaint: str
    """What is said of a value that breaks it: `is not above 0`."""
    sentence: str
    """What is said of the column: `above 0`."""

    def is_broken_by(self, value: Scalar, type_: str) -> bool:
        found, bound = _ordered(value, type_), _ordered(self.value, type_)
        equal = found == bound and self.operator in ("<=", ">=")
        return equal or (found < bound if self.operator.startswith("<") else found > bound)


def bounds_of(column: TargetColumn) -> list[Bound]:
    every = (
        ("min", column.min, "<", "is below", "at least"),
        ("above", column.above, "<=", "is not above", "above"),
        ("max", column.max, ">", "is above", "at most"),
        ("below", column.below, ">=", "is not below", "below"),
    )
    return [
        Bound(key, value, operator, f"{complaint} {value}", f"{sentence} {value}")
        for key, value, operator, complaint, sentence in every
        if value is not None
    ]


def in_words(column: TargetColumn) -> str:
    """The bounds as a sentence for people, or nothing."""
    text = ", ".join(bound.sentence for bound in bounds_of(column))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def broken_bound(value: Scalar, column: TargetColumn) -> str | None:
    """Which bound a value of the column's type breaks, or None; bounds that are wrong themselves don't count."""
    for bound in bounds_of(column):
        if _problem(bound, column.type) is None and bound.is_broken_by(value, column.type):
            return f"{value!r} {bound.complaint}"
    return None


def bound_problems(column: TargetColumn) -> Iterator[str]:
    """What is wrong with the bounds themselves, each line begun by its key."""
    bounds = bounds_of(column)
    wrong = [f"{bound.key}: {problem}" for bound in bounds if (problem := _problem(bound, column.type))]
    yield from wrong or _contradictions(bounds, column.type)


def _problem(bound: Bound, type_: str) -> str | None:
    if not TYPES[type_].is_ordered:
        return f"a {type_} has no bounds; {', '.join(name for name, each in TYPES.items() if each.is_ordered)} have"
    return type_problem(bound.value, type_)


def _contradictions(bounds: list[Bound], type_: str) -> Iterator[str]:
    lower = [bound for bound in bounds if bound.operator.startswith("<")]
    upper = [bound for bound in bounds if bound.operator.startswith(">")]
    for same in (lower, upper):
        if len(same) > 1:
            yield f"{same[1].key}: `{same[0].key}` is given too; keep one"
    if (
        lower
        and upper
        and (upper[0].is_broken_by(lower[0].value, type_) or lower[0].is_broken_by(upper[0].value, type_))
    ):
        yield f"{upper[0].key}: no value is {lower[0].sentence} and {upper[0].sentence}"


def _ordered(value: Scalar, type_: str) -> float:
    """A number that compares as the value does; microseconds for a timestamp."""
    if type_ == "timestamp":
        return (parse_timestamp(str(value)) - datetime.min) // timedelta(microseconds=1)
    assert isinstance(value, int | float)
    return value
