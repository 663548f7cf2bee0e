"""What is wrong with a mapping: one line per problem, each beginning with the key that it concerns."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from . import declarations as declared
from .column_types import parse_timestamp, type_problem
from .formats import Columns, Giver, bodies, givers
from .problems import choices
from .target_checks import value_problem
from .transforms import CATALOGUE, fitting


def mapping_problems(mapping: declared.MappingFile, target: declared.Target, provenance: Columns) -> Iterator[str]:
    yield from _order_problems(mapping)
    yield from _format_problems(mapping, target, provenance)
    yield from _clashes(mapping, provenance)
    yield from _example_problems(mapping, target, provenance)


def _order_problems(mapping: declared.MappingFile) -> Iterator[str]:
    for number, (before, version) in enumerate(pairwise(mapping.versions), start=1):
        if parse_timestamp(version.until) <= parse_timestamp(before.until):
            wrong = f"{version.until} is not later than in the previous version"
            yield f"versions.{number}.until: {wrong}; list versions oldest first"


def _format_problems(mapping: declared.MappingFile, target: declared.Target, provenance: Columns) -> Iterator[str]:
    """What is wrong with the body, and what else is wrong with each version."""
    seen: set[str] = set()
    places = ["", *(f"versions.{number}." for number in range(len(mapping.versions)))]
    for place, body in zip(places, bodies(mapping), strict=True):
        for problem in _body_problems(body, mapping, target, provenance):
            if problem not in seen:
                seen.add(problem)
                yield f"{place}{problem}"


def _body_problems(
    body: declared.Format, mapping: declared.MappingFile, target: declared.Target, provenance: Columns
) -> Iterator[str]:
    columns = {**(mapping.columns or {}), **provenance}
    is_declared = mapping.columns is not None
    if is_declared:
        yield from _unknown_sources(body, columns)
    yield from _pair_problems(body, target)
    yield from _value_problems("constants", body.constants, target)
    yield from _value_problems("defaults", body.defaults, target)
    yield from _given_twice(body)
    yield from _transform_problems(body)
    for giver in givers(body, target, columns, provenance):
        yield from _nothing_gives(giver, target)
        if giver.source in body.mappings and (giver.source in columns or not is_declared):
            yield from _conversion_problems(giver)
    yield from _filter_problems(body, columns, is_declared=is_declared)


def _unknown_sources(body: declared.Format, columns: Columns) -> Iterator[str]:
    for source in body.mappings:
        if source not in columns:
            yield f"mappings.{source}: unknown source column `{source}`; {choices(source, columns)}"


def _pair_problems(body: declared.Format, target: declared.Target) -> Iterator[str]:
    sources: dict[str, str] = {}
    for source, column in body.mappings.items():
        if column not in target.columns:
            yield f"mappings.{source}: {unknown_column(column, target)}"
        if column in sources:
            yield f"mappings.{source}: `{column}` is already mapped from `{sources[column]}`; keep one"
        sources.setdefault(column, source)


def unknown_column(column: str, target: declared.Target) -> str:
    return f"unknown column `{column}` of {target.target_table}; {choices(column, target.columns)}"


def _value_problems(key: str, values: dict[str, declared.Value], target: declared.Target) -> Iterator[str]:
    for column, value in values.items():
        if column not in target.columns:
            yield f"{key}.{column}: {unknown_column(column, target)}"
        elif problem := value_problem(value, target.columns[column]):
            yield f"{key}.{column}: {problem}"


def _given_twice(body: declared.Format) -> Iterator[str]:
    sources = {column: source for source, column in body.mappings.items()}
    for column in body.constants:
        if column in sources:
            yield f"constants.{column}: `{column}` is mapped from `{sources[column]}` too; keep one"
        if column in body.defaults:
            yield f"defaults.{column}: `{column}` is a constant, which is never null; keep one"


def _transform_problems(body: declared.Format) -> Iterator[str]:
    found: dict[str, str] = {}
    for key, name in body.transforms.items():
        pairs = [pair for pair in body.mappings.items() if key in pair]
        if name not in CATALOGUE:
            yield f"transforms.{key}: unknown transform `{name}`; {choices(name, CATALOGUE)}"
        if not pairs:
            named = list(dict.fromkeys(name for pair in body.mappings.items() for name in pair))
            yield f"transforms.{key}: `{key}` is not a column of `mappings`; {choices(key, named)}"
        elif len(pairs) > 1:
            both = f"`{key}` is both a source column and another one's target column"
            yield f"transforms.{key}: {both}; name the other column of the pair"
        elif found.setdefault(source := pairs[0][0], name) != name:
            yield f"transforms.{key}: `{source}` has the transform `{found[source]}` too; keep one"


def _nothing_gives(giver: Giver, target: declared.Target) -> Iterator[str]:
    if giver.source is None and giver.value is None and target.columns[giver.column].required:
        column = giver.column
        yield f"mappings: `{column}` is required but gets no value; map a column to it, or set it under `constants`"


def _conversion_problems(giver: Giver) -> Iterator[str]:
    """Why the source column can't become the target column; unknown transforms are reported elsewhere."""
    source, known, name, wanted = giver.source, giver.source_type, giver.transform, giver.type
    fit = ", ".join(fitting(known, wanted)) or "none of the catalogue"
    if name is None:
        if known is not None and known != wanted:
            differs = f"`{source}` is {known}, but `{giver.column}` is {wanted}"
            yield f"mappings.{source}: {differs}; name a transform, one of: {fit}"
    elif name in CATALOGUE:
        transform = CATALOGUE[name]
        if transform.gives != wanted:
            differs = f"`{name}` gives {transform.gives}, but `{giver.column}` is {wanted}"
            yield f"transforms.{source}: {differs}; use one of: {fit}"
        elif known is not None and not transform.fits(known, wanted):
            takes = f"`{name}` takes {', '.join(transform.takes)}, but `{source}` is {known}"
            yield f"transforms.{source}: {takes}; use one of: {fit}"


def _filter_problems(body: declared.Format, columns: Columns, *, is_declared: bool) -> Iterator[str]:
    for source, predicate in body.filters.items():
        if source not in columns:
            known = choices(source, columns) if is_declared else "declare it under `columns`, so that its type is known"
            yield f"filters.{source}: unknown source column `{source}`; {known}"
            continue
        values = (*(predicate.in_ or ()), *(predicate.not_in or ()), predicate.min, predicate.max)
        for value in values:
            if value is not None and (problem := type_problem(value, columns[source].type)):
                yield f"filters.{source}: {problem}"


def _clashes(mapping: declared.MappingFile, provenance: Columns) -> Iterator[str]:
    for column in mapping.columns or ():
        if column in provenance:
            yield f"columns.{column}: every raw table has it; leave it out"


def _example_problems(mapping: declared.MappingFile, target: declared.Target, provenance: Columns) -> Iterator[str]:
    known = _raw_types(mapping, provenance)
    for number, example in enumerate(mapping.examples):
        for column, value in example.raw.items():
            place = f"examples.{number}.raw.{column}"
            if column not in known:
                yield f"{place}: unknown source column `{column}`; {choices(column, known)}"
            elif (type_ := known[column]) is not None and value is not None and (wrong := type_problem(value, type_)):
                yield f"{place}: {wrong}"
        for column, value in example.unified.items():
            place = f"examples.{number}.unified.{column}"
            if column not in target.columns:
                yield f"{place}: {unknown_column(column, target)}"
            elif value is not None and (wrong := type_problem(value, target.columns[column].type)):
                yield f"{place}: {wrong}"


def _raw_types(mapping: declared.MappingFile, provenance: Columns) -> dict[str, str | None]:
    """The types of the raw table's columns; None if the mapping declares none, which allows any value."""
    ours: dict[str, str | None] = {name: column.type for name, column in provenance.items()}
    if mapping.columns is not None:
        return {name: column.type for name, column in mapping.columns.items()} | ours
    every: Iterable[declared.Format] = (mapping, *mapping.versions)
    return {source: None for rules in every for source in rules.mappings} | ours
