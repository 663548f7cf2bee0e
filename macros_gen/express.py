"""Write what the registry has decided as SQL for a dbt template: row formats, and the refusals of a target.

The registry has already checked all of this, so nothing here can fail.
"""

from collections.abc import Iterator

from registry import declarations as declared
from registry.bounds import bounds_of
from registry.column_types import Scalar, parse_timestamp
from registry.formats import Filter, Giver, RowFormat
from registry.transforms import BY_TYPE, CATALOGUE

from .sql_text import literal, null, quoted, text_literal, timestamp_literal

Pairs = list[tuple[str, str]]


def columns(format_: RowFormat) -> Pairs:
    """Return each target column with the SQL that computes its value."""
    return [(giver.column, _expression(giver)) for giver in format_.givers]


def conditions(format_: RowFormat) -> Pairs:
    """Return source columns with their conditions. A row that doesn't meet them all is not a row of the target."""
    return [(each.column, sql) for each in format_.filters for sql in _predicates(each)]


def landed(format_: RowFormat) -> list[str]:
    """Return the conditions on the landing time of the rows that have this format."""
    since = [f"_source_ingest_ts >= {timestamp_literal(format_.since)}"] if format_.since else []
    until = [f"_source_ingest_ts < {timestamp_literal(format_.until)}"] if format_.until else []
    return since + until


def _expression(giver: Giver) -> str:
    value = null(giver.type) if giver.value is None else literal(giver.value, giver.type)
    if giver.source is None:
        return value
    sql = _converted(giver, giver.source if giver.is_provenance else quoted(giver.source))
    return sql if giver.value is None else f"coalesce({sql}, {value})"


def _converted(giver: Giver, source: str) -> str:
    if giver.source_type is None:
        return _through_text(source, giver.transform or BY_TYPE[giver.type])
    if giver.transform is None or CATALOGUE[giver.transform].is_identity_on(giver.source_type):
        return source
    return _call(giver.transform, source)


def _through_text(source: str, transform: str) -> str:
    """Convert a column of unknown type; if it already has the type that is needed, its values don't change."""
    text = f"cast({source} as varchar)"
    if transform == "to_string":
        return text
    converted = _call(transform, text)
    if CATALOGUE[transform].gives == "timestamp" and transform != "iso8601":
        return f"coalesce({_call('iso8601', text)}, {converted})"
    return converted


def _call(transform: str, value: str) -> str:
    return f"{{{{ {transform}('{value}') }}}}"


def _predicates(each: Filter) -> Iterator[str]:
    column, predicate = quoted(each.column), each.predicate
    if predicate.not_null:
        yield f"{column} is not null"
    if predicate.in_ is not None:
        yield f"{column} in ({_listed(predicate.in_, each.type)})"
    if predicate.not_in is not None:
        yield f"({column} is null or {column} not in ({_listed(predicate.not_in, each.type)}))"
    if predicate.min is not None:
        yield f"{column} >= {literal(predicate.min, each.type)}"
    if predicate.max is not None:
        yield f"{column} <= {literal(predicate.max, each.type)}"


def _listed(values: list[Scalar], type_: str) -> str:
    return ", ".join(literal(value, type_) for value in values)


def refusals(target: declared.Target) -> Pairs:
    """Return the conditions for refusing a row, each with the reason, as SQL. The first that is true counts."""
    event = target.event_time
    required = [name for name, column in target.columns.items() if column.required]
    numbers = [name for name, column in target.columns.items() if _must_be_finite(column)]
    bounds = [broken for name, column in target.columns.items() for broken in bounds_broken(name, column)]
    named = [(name, column) for name, column in target.columns.items() if column.accepted_values]
    earliest = parse_timestamp(event.earliest)
    limit = f"greatest(_source_ingest_ts, {{{{ run_started() }}}}) + interval '{event.latest_days_after_landing}' day"
    return [
        *((f"{name} is null", f"'{name} is null'") for name in required),
        # `not … <`, because DuckDB treats NaN as the largest number, while on Athena a comparison with NaN is false
        *((f"not abs({name}) < cast('Infinity' as double)", f"'{name} is not finite'") for name in numbers),
        *((_is_other(name, column), f"'{name} is not accepted'") for name, column in named),
        *((condition, text_literal(reason)) for condition, reason in bounds),
        (f"{event.column} < {timestamp_literal(earliest)}", f"'{event.column} is before {earliest.date()}'"),
        (f"{event.column} > {limit}", f"'{event.column} is in the future'"),
    ]


def bounds_broken(name: str, column: declared.TargetColumn) -> Pairs:
    """Return for each bound the condition of a row that breaks it, and the reason. For null the condition is null."""
    return [
        (f"{name} {bound.operator} {literal(bound.value, column.type)}", f"{name} {bound.complaint}")
        for bound in bounds_of(column)
    ]


def _is_other(name: str, column: declared.TargetColumn) -> str:
    return f"{name} not in ({_listed(column.accepted_values or [], column.type)})"


def _must_be_finite(column: declared.TargetColumn) -> bool:
    # the engines also disagree on whether NaN is above a bound
    return column.type == "double" and (column.required or bool(bounds_of(column)))
