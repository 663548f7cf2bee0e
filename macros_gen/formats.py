"""How a raw row becomes a unified one, decided: every target column's SQL, and what is wrong with a mapping's keys.

A mapping has one format, or several one after the other where it has versions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from . import declarations as declared
from .bounds import broken_bound
from .problems import choices
from .sql_text import SqlValue, literal, parse_timestamp, quoted, timestamp_literal
from .transforms import BY_TYPE, CATALOGUE, fitting

SQL_TYPES = {
    "string": "varchar",
    "double": "double",
    "long": "bigint",
    "boolean": "boolean",
    "timestamp": "timestamp(6)",
}
"""As both engines cast to them."""


@dataclass(frozen=True)
class Expression:
    """A target column and the SQL, in a dbt template, that gives it from a raw row."""

    column: str
    sql: str


@dataclass(frozen=True)
class RowFormat:
    """One format and the rows it is for: landed from `since`, inclusive, until `until`, exclusive; None is open."""

    columns: tuple[Expression, ...]
    conditions: tuple[tuple[str, str], ...]
    """Pairs of source column and SQL: rows for which one is not true are no rows of the target."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def landed(self) -> tuple[str, ...]:
        """The condition on landing time, as SQL."""
        since = (f"_source_ingest_ts >= {timestamp_literal(self.since)}",) if self.since else ()
        until = (f"_source_ingest_ts < {timestamp_literal(self.until)}",) if self.until else ()
        return since + until


class _Problems:
    """Collects lines; a key that is wrong in the body isn't reported again by each version that inherits it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._seen: set[str] = set()
        self.prefix = ""

    def add(self, key: str, problem: str) -> None:
        if (line := f"{key}: {problem}") not in self._seen:
            self._seen.add(line)
            self.lines.append(f"{self.prefix}{line}")


def row_formats(
    mapping: declared.Mapping, target: declared.Target, provenance: Mapping[str, declared.Column]
) -> tuple[tuple[RowFormat, ...], list[str]]:
    """The mapping's formats, oldest first, and the lines of what is wrong; the formats count only without any."""
    problems = _Problems()
    last = _format(mapping, mapping, target, provenance, problems)
    formats: list[RowFormat] = []
    since: datetime | None = None
    for number, version in enumerate(mapping.versions):
        problems.prefix = f"versions.{number}."
        until = parse_timestamp(version.until)
        if since is not None and until <= since:
            problems.add("until", f"{version.until} is not after the version before; list versions oldest first")
        laid_over = _lay_over(mapping, version)
        made = _format(laid_over, mapping, target, provenance, problems)
        formats.append(RowFormat(made.columns, made.conditions, since, until))
        since = until
    return (*formats, RowFormat(last.columns, last.conditions, since)), problems.lines


def _lay_over(body: declared.Format, version: declared.Version) -> declared.Format:
    """The body with the version's entries laid over; what gives a target column in the version replaces the body's."""
    given = {*version.mappings.values(), *version.constants}
    kept = {source: target for source, target in body.mappings.items() if target not in given}
    dropped = {name for pair in body.mappings.items() if pair[1] in given for name in pair}
    mappings = {**kept, **version.mappings}
    still_named = {*mappings, *mappings.values()}
    transforms = {
        name: transform
        for name, transform in body.transforms.items()
        if name in still_named and (name not in dropped or name in kept or name in version.mappings)
    }
    return declared.Format(
        mappings=mappings,
        constants={k: v for k, v in body.constants.items() if k not in version.mappings.values()} | version.constants,
        transforms=transforms | version.transforms,
        defaults=body.defaults | version.defaults,
        filters=body.filters | version.filters,
    )


def _format(
    rules: declared.Format,
    mapping: declared.Mapping,
    target: declared.Target,
    provenance: Mapping[str, declared.Column],
    problems: _Problems,
) -> RowFormat:
    types = None
    if mapping.columns is not None:
        types = {name: column.type for name, column in {**mapping.columns, **provenance}.items()}
    _check_names(rules, types, target, problems)
    transforms = _transforms_by_source(rules, problems)
    sources = {column: source for source, column in rules.mappings.items()}
    columns = tuple(
        Expression(name, _expression(name, column, sources.get(name), rules, types, transforms, provenance, problems))
        for name, column in target.columns.items()
    )
    return RowFormat(columns, tuple(_conditions(rules.filters, types, problems)))


def _check_names(
    rules: declared.Format, types: Mapping[str, str] | None, target: declared.Target, problems: _Problems
) -> None:
    givers: dict[str, str] = {}
    for source, column in rules.mappings.items():
        if types is not None and source not in types:
            problems.add(f"mappings.{source}", f"unknown source column `{source}`; {choices(source, types)}")
        if column not in target.columns:
            known = choices(column, target.columns)
            problems.add(f"mappings.{source}", f"unknown column `{column}` of {target.target_table}; {known}")
        if column in givers:
            problems.add(f"mappings.{source}", f"`{column}` is already mapped from `{givers[column]}`; keep one")
        givers.setdefault(column, source)
    for kind, values in (("constants", rules.constants), ("defaults", rules.defaults)):
        for column, value in values.items():
            if column not in target.columns:
                known = choices(column, target.columns)
                problems.add(f"{kind}.{column}", f"unknown column `{column}` of {target.target_table}; {known}")
            elif problem := value_problem(value, target.columns[column]):
                problems.add(f"{kind}.{column}", problem)
            if kind == "constants" and column in givers:
                problems.add(f"constants.{column}", f"`{column}` is mapped from `{givers[column]}` too; keep one")
            if kind == "defaults" and column in rules.constants:
                problems.add(f"defaults.{column}", f"`{column}` is a constant, which is never null; keep one")


def value_problem(value: SqlValue, column: declared.TargetColumn) -> str | None:
    """Why `value` can't stand in `column`, or None."""
    try:
        literal(value, column.type)
    except ValueError as error:
        return str(error)
    if column.accepted_values is not None and value not in column.accepted_values:
        return f"{value!r} is not accepted; {choices(str(value), map(str, column.accepted_values))}"
    return broken_bound(value, column)


def _transforms_by_source(rules: declared.Format, problems: _Problems) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, name in rules.transforms.items():
        place = f"transforms.{key}"
        if name not in CATALOGUE:
            problems.add(place, f"unknown transform `{name}`; {choices(name, CATALOGUE)}")
        pairs = [pair for pair in rules.mappings.items() if key in pair]
        if not pairs:
            named = list(dict.fromkeys(name for pair in rules.mappings.items() for name in pair))
            problems.add(place, f"`{key}` is no column of `mappings`; {choices(key, named)}")
        elif len(pairs) > 1:
            problems.add(place, f"`{key}` is a source column and another one's target; name the other end of the pair")
        elif found.setdefault(source := pairs[0][0], name) != name:
            problems.add(place, f"`{source}` has the transform `{found[source]}` too; keep one")
    return found


def _expression(
    name: str,
    column: declared.TargetColumn,
    source: str | None,
    rules: declared.Format,
    types: Mapping[str, str] | None,
    transforms: Mapping[str, str],
    provenance: Mapping[str, declared.Column],
    problems: _Problems,
) -> str:
    default = rules.defaults.get(name, column.default)
    if name in rules.constants:
        return _literal_or_null(rules.constants[name], column.type)
    if source is None and default is None and column.source is not None:
        return column.source
    if source is None:
        if default is None and column.required:
            problems.add("mappings", f"nothing gives `{name}`, which is required; map it, or name it under `constants`")
        return _literal_or_null(default, column.type)
    known = provenance[source].type if source in provenance else types.get(source) if types else None
    if types is not None and known is None:
        return quoted(source)  # an unknown column, reported as such
    sql = _converted(source, known, column.type, transforms.get(source), name, problems)
    return sql if default is None else f"coalesce({sql}, {_literal_or_null(default, column.type)})"


def _literal_or_null(value: SqlValue | None, type_: str) -> str:
    if value is None:
        return f"cast(null as {SQL_TYPES[type_]})"
    try:
        return literal(value, type_)
    except ValueError:
        return "null"  # reported by value_problem


def _converted(
    source: str, known: str | None, wanted: str, transform: str | None, name: str, problems: _Problems
) -> str:
    if transform is not None and transform not in CATALOGUE:
        return quoted(source)  # reported as unknown
    place = f"transforms.{source}" if transform else f"mappings.{source}"
    if transform is not None and CATALOGUE[transform].gives != wanted:
        gives = CATALOGUE[transform].gives
        fit = ", ".join(fitting(known, wanted)) or "none of the catalogue"
        problems.add(place, f"`{transform}` gives {gives}, but `{name}` is {wanted}; use one of: {fit}")
    elif known is not None and transform is None and known != wanted:
        fit = ", ".join(fitting(known, wanted)) or "none of the catalogue"
        problems.add(place, f"`{source}` is {known}, but `{name}` is {wanted}; name a transform, one of: {fit}")
    elif known is not None and transform is not None and not CATALOGUE[transform].fits(known, wanted):
        fit = ", ".join(fitting(known, wanted)) or "none of the catalogue"
        takes = ", ".join(CATALOGUE[transform].takes)
        problems.add(place, f"`{transform}` takes {takes}, but `{source}` is {known}; use one of: {fit}")
    if known is None:
        return _through_text(source, transform or BY_TYPE[wanted])
    if transform is None or CATALOGUE[transform].is_identity_on(known):
        return quoted(source)
    return _call(transform, quoted(source))


def _through_text(source: str, transform: str) -> str:
    """Convert a column of unknown type, so that one which already has the wanted type keeps its value."""
    text = f"cast({quoted(source)} as varchar)"
    if transform == "to_string":
        return text
    converted = _call(transform, text)
    if CATALOGUE[transform].gives == "timestamp" and transform != "from_iso8601":
        return f"coalesce({_call('from_iso8601', text)}, {converted})"
    return converted


def _call(transform: str, value: str) -> str:
    return f"{{{{ {transform}('{value}') }}}}"


def _conditions(
    filters: Mapping[str, declared.Predicate], types: Mapping[str, str] | None, problems: _Problems
) -> Iterator[tuple[str, str]]:
    for source, predicate in filters.items():
        if types is None or source not in types:
            known = choices(source, types) if types else "declare it under `columns`, so that its type is known"
            problems.add(f"filters.{source}", f"unknown source column `{source}`; {known}")
            continue
        try:
            yield from ((source, sql) for sql in _predicates(quoted(source), types[source], predicate))
        except ValueError as error:
            problems.add(f"filters.{source}", str(error))


def _predicates(column: str, type_: str, predicate: declared.Predicate) -> Iterator[str]:
    if predicate.not_null:
        yield f"{column} is not null"
    if predicate.in_ is not None:
        yield f"{column} in ({', '.join(literal(value, type_) for value in predicate.in_)})"
    if predicate.not_in is not None:
        listed = ", ".join(literal(value, type_) for value in predicate.not_in)
        yield f"({column} is null or {column} not in ({listed}))"
    if predicate.min is not None:
        yield f"{column} >= {literal(predicate.min, type_)}"
    if predicate.max is not None:
        yield f"{column} <= {literal(predicate.max, type_)}"
