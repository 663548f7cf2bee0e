"""What is wrong with a target: one line per problem, each beginning with the key that it concerns."""

from collections.abc import Iterator, Mapping, Sequence

from . import declarations as declared
from .bounds import bound_problems, broken_bound
from .column_types import Scalar, type_problem
from .problems import choices

TAKEN_COLUMNS = frozenset(
    {
        "_raw_table",
        "filter_reason",
        "is_missing",
        "is_there",
        "is_unexpected",
        "landing_rank",
        "missing_rows",
        "raw_table",
        "rejection_reason",
        "times_unified",
        "unexpected_rows",
    }
)
"""The names that generated SQL gives to columns of its own, beside the target's. Those of lake.yaml are taken, too."""


def target_problems(target: declared.Target, provenance: Mapping[str, declared.Column], stem: str) -> Iterator[str]:
    """What is wrong with `target`; `stem` is the name of its file without the ending."""
    if target.target_table != stem:
        yield f"target_table: is `{target.target_table}`, but the file is named {stem}.yaml; make them agree"
    yield from _named_columns_problems(target)
    for name, column in target.columns.items():
        if name in TAKEN_COLUMNS or name in provenance:
            yield f"columns.{name}: generated models have a column of this name themselves; choose another name"
        yield from (f"columns.{name}.{problem}" for problem in _column_problems(column, provenance))


def _named_columns_problems(target: declared.Target) -> Iterator[str]:
    named: dict[str, Sequence[str]] = {
        "key": target.key,
        "partition_by": [target.partition_column],
        "event_time.column": [target.event_time.column],
        "first_wins_by": target.first_wins_by,
    }
    for key, columns in named.items():
        for column in columns:
            if column not in target.columns:
                yield f"{key}: unknown column `{column}`; {choices(column, target.columns)}"
            elif key in {"partition_by", "event_time.column"} and target.columns[column].type != "timestamp":
                yield f"{key}: `{column}` is {target.columns[column].type}; name a timestamp"
            elif key in {"key", "event_time.column"} and not target.columns[column].required:
                yield f"{key}: `{column}` can be null; add `required: true` to it"


def _column_problems(column: declared.TargetColumn, provenance: Mapping[str, declared.Column]) -> Iterator[str]:
    if column.source is not None and column.source not in provenance:
        yield f"from: unknown column `{column.source}`; {choices(column.source, provenance)}"
    elif column.source is not None and provenance[column.source].type != column.type:
        yield f"from: `{column.source}` is {provenance[column.source].type}, but the column is {column.type}"
    if column.default is not None and (problem := value_problem(column.default, column)):
        yield f"default: {problem}"
    for value in column.accepted_values or []:
        if problem := value_problem(value, column):
            yield f"accepted_values: {problem}"
    yield from bound_problems(column)


def value_problem(value: Scalar, column: declared.TargetColumn) -> str | None:
    """Why `column` can't hold `value`, or None."""
    if problem := type_problem(value, column.type):
        return problem
    if column.accepted_values is not None and value not in column.accepted_values:
        return f"{value!r} is not accepted; {choices(str(value), map(str, column.accepted_values))}"
    return broken_bound(value, column)
