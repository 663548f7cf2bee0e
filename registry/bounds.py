"""The bounds of a target column's values: which values violate them, and what can be wrong with the bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .column_types import TYPES, Scalar, parse_timestamp, type_problem
from .declarations import TargetColumn


@dataclass(frozen=True)
class Bound:
    """One of a column's bounds; a value violates it if `value operator bound` is true."""

    key: str
    value: Scalar
    operator: str
    complaint: str
    """The complaint about a value that violates the bound, such as `is not above 0`."""
    sentence: str
    """The description of the bound, such as `above 0`."""

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
    """The bounds as a sentence for people, or an empty text."""
    text = ", ".join(bound.sentence for bound in bounds_of(column))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def broken_bound(value: Scalar, column: TargetColumn) -> str | None:
    """The complaint about a value of the column's type that violates a bound, or None; ignores invalid bounds."""
    for bound in bounds_of(column):
        if _problem(bound, column.type) is None and bound.is_broken_by(value, column.type):
            return f"{value!r} {bound.complaint}"
    return None


def bound_problems(column: TargetColumn) -> Iterator[str]:
    """What is wrong with the bounds themselves; each line begins with the bound's key."""
    bounds = bounds_of(column)
    wrong = [f"{bound.key}: {problem}" for bound in bounds if (problem := _problem(bound, column.type))]
    yield from wrong or _contradictions(bounds, column.type)


def _problem(bound: Bound, type_: str) -> str | None:
    if not TYPES[type_].is_ordered:
        ordered = ", ".join(name for name, each in TYPES.items() if each.is_ordered)
        return f"a {type_} can't have bounds; only these types can: {ordered}"
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
    """A number that is ordered as the value is; for a timestamp, microseconds."""
    if type_ == "timestamp":
        return (parse_timestamp(str(value)) - datetime.min) // timedelta(microseconds=1)
    assert isinstance(value, int | float)
    return value
