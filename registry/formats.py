"""Decide how a raw row becomes a unified one: where each target column gets its value, and which rows are left out.

A mapping has one format or, if it has versions, several that follow each other in time. Nothing is checked here: the
formats of a mapping with mistakes contain these mistakes, so that the checks can examine the formats too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from . import declarations as declared
from .column_types import Scalar, parse_timestamp

Columns = Mapping[str, declared.Column]


@dataclass(frozen=True)
class Giver:
    """The origin of a target column's value: a column of the raw row, or one value for all rows."""

    column: str
    type: str
    value: Scalar | None
    """The value of all rows or, if there is a source column, of rows in which that is null; None means null."""
    source: str | None = None
    source_type: str | None = None
    """The source column's type; None if no file declares it."""
    transform: str | None = None
    is_provenance: bool = False
    """Whether the source column is one that every raw table has."""


@dataclass(frozen=True)
class Filter:
    """A condition on a source column."""

    column: str
    type: str
    predicate: declared.Predicate


@dataclass(frozen=True)
class RowFormat:
    """A format for rows landed from `since` (inclusive) to `until` (exclusive); None means unlimited."""

    givers: tuple[Giver, ...]
    filters: tuple[Filter, ...]
    """The conditions that a row must meet to be in the target."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def sources(self) -> set[str]:
        """The source columns that are read."""
        return {giver.source for giver in self.givers if giver.source} | {each.column for each in self.filters}


def row_formats(mapping: declared.MappingFile, target: declared.Target, provenance: Columns) -> tuple[RowFormat, ...]:
    """The mapping's formats, oldest first."""
    last, *older = bodies(mapping)
    ends = [parse_timestamp(version.until) for version in mapping.versions]
    spans = zip([*older, last], [None, *ends], [*ends, None], strict=True)
    return tuple(_row_format(body, mapping, target, provenance, since, until) for body, since, until in spans)


def bodies(mapping: declared.MappingFile) -> list[declared.Format]:
    """The mapping's body, which is the latest format, then the body overridden by each version."""
    return [mapping, *(_laid_over(mapping, version) for version in mapping.versions)]


def _laid_over(body: declared.Format, version: declared.Version) -> declared.Format:
    """The version's source or constant of a target column replaces the body's."""
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


def _row_format(
    body: declared.Format,
    mapping: declared.MappingFile,
    target: declared.Target,
    provenance: Columns,
    since: datetime | None,
    until: datetime | None,
) -> RowFormat:
    columns = {**(mapping.columns or {}), **provenance}
    filters = (
        Filter(name, columns[name].type, predicate) for name, predicate in body.filters.items() if name in columns
    )
    return RowFormat(tuple(givers(body, target, columns, provenance)), tuple(filters), since, until)


def givers(body: declared.Format, target: declared.Target, columns: Columns, provenance: Columns) -> Iterator[Giver]:
    """The origin of each target column's value; `columns` are the source columns whose type a file declares."""
    sources = {column: source for source, column in body.mappings.items()}
    for name, column in target.columns.items():
        default = body.defaults.get(name, column.default)
        if name in body.constants:
            yield Giver(name, column.type, body.constants[name])
        elif (source := sources.get(name)) is not None:
            type_ = columns[source].type if source in columns else None
            transform = transform_of(source, name, body)
            yield Giver(name, column.type, default, source, type_, transform, is_provenance=source in provenance)
        elif default is None and column.source is not None:
            yield Giver(name, column.type, None, column.source, column.type, is_provenance=True)
        else:
            yield Giver(name, column.type, default)


def transform_of(source: str, column: str, body: declared.Format) -> str | None:
    """The transform that a format names for a pair of columns, under the name of either."""
    return body.transforms.get(source, body.transforms.get(column))
