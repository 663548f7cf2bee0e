"""The registry as dbt files. Pure: `render(registry)` gives path -> text, with paths from the project's folder."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from textwrap import fill
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from . import declarations as declared
from . import mapping_guide
from .bounds import bounds_of, in_words
from .bounds import refusals as bounds_broken
from .config_schemas import FOLDER as SCHEMAS
from .config_schemas import config_schemas
from .registry import Mapping as CheckedMapping
from .registry import Registry, source_columns
from .sql_text import jinja_safe, literal, parse_timestamp, text_literal, timestamp_literal
from .transforms import CATALOGUE, ENGINES

FOLDERS = (
    "dbt_project/macros/generated",
    "dbt_project/models/generated",
    "dbt_project/seeds/generated",
    "dbt_project/tests/generated",
    SCHEMAS,
)
"""The folders that belong to the generator, which deletes and rewrites them whole."""

_MACROS, _MODELS, _SEEDS, _TESTS, _ = FOLDERS


def render(registry: Registry) -> dict[str, str]:
    files = {
        f"{_MACROS}/transforms.sql": _fill("transforms.sql", catalogue=CATALOGUE, engines=ENGINES),
        f"{_MACROS}/_transforms.yml": _fill("transforms.yml", catalogue=CATALOGUE, engines=ENGINES),
        f"{_MODELS}/_sources.yml": _fill("sources.yml", registry=registry, columns=_source_columns(registry)),
        f"{_MODELS}/_columns.md": _fill("columns.md", registry=registry),
        f"{_SEEDS}/products.csv": _products_csv(registry),
        f"{_SEEDS}/_products.yml": _fill("products.yml"),
        mapping_guide.PATH: _fill("mappings.md", **mapping_guide.context()),
        **config_schemas(),
    }
    for mapping in registry.mappings:
        stem = f"{_MODELS}/staging/{mapping.staging}"
        files[f"{stem}.sql"] = _staging(mapping)
        files[f"{stem}.yml"] = _fill("staging.yml", mapping=mapping, registry=registry, rows=_example_rows)
    landed_in = landing_columns(registry)
    targets = [target for name, target in registry.targets.items() if registry.mappings_of(name)]
    if targets:
        files[f"{_MODELS}/loads/pending_loads.sql"] = _fill(
            "pending_loads.sql", mappings=registry.mappings, versions=mapping_versions(registry)
        )
        files[f"{_MODELS}/loads/unified_loads.sql"] = _fill(
            "unified_loads.sql", targets=targets, landing_columns=landed_in
        )
    for name, target in registry.targets.items():
        context = {"target": target, "mappings": registry.mappings_of(name)}
        if not context["mappings"]:
            continue
        files[f"{_MODELS}/{name}.sql"] = _fill("target.sql", **context)
        files[f"{_MODELS}/{name}.yml"] = _fill("target.yml", **context, sample=lambda n, t=target: _sample(t, n))
        files[f"{_MODELS}/staging/{target.rejected.table}.sql"] = _fill("rejected.sql", **context)
        files[f"{_MODELS}/staging/{target.rejected.table}.yml"] = _fill("rejected.yml", **context)
        files[f"{_TESTS}/{name}_holds_what_was_landed.sql"] = _fill("holds_what_was_landed.sql", **context)
        files[f"{_TESTS}/{name}_read_what_was_landed.sql"] = _fill(
            "read_what_was_landed.sql", **context, landing_column=landed_in[name]
        )
    return dict(sorted(files.items()))


def _staging(mapping: CheckedMapping) -> str:
    return _fill("staging.sql", mapping=mapping, refusals=_refusals(mapping.target))


def landing_columns(registry: Registry) -> dict[str, str | None]:
    """By target the column that has the landing time of a row's load; None where a mapping may give it another."""
    return {name: _landing_column(target, registry.mappings_of(name)) for name, target in registry.targets.items()}


def _landing_column(target: declared.Target, mappings: Iterable[CheckedMapping]) -> str | None:
    bodies = [rules for mapping in mappings for rules in (mapping.declared, *mapping.declared.versions)]
    given = {name for rules in bodies for name in (*rules.mappings.values(), *rules.constants)}
    columns = (name for name, column in target.columns.items() if column.source == "_source_ingest_ts")
    return next((name for name in columns if name not in given), None)


def mapping_versions(registry: Registry) -> dict[str, str]:
    """Of each raw table a digest of what unifying makes of its rows: 12 hex digits.

    It changes with the staging model's SQL, with that of the transforms in it, and with the target's key and which row
    of a key wins; not with descriptions, examples or names of files.
    """
    return {mapping.source: _version(mapping) for mapping in registry.mappings}


def _version(mapping: CheckedMapping) -> str:
    _, _, sql = _staging(mapping).partition("\n")  # the first line names the file
    used = [transform for name, transform in CATALOGUE.items() if f"{{{{ {name}(" in sql]
    parts = [sql, *(transform.sql(engine, "{}") for transform in used for engine in ENGINES)]
    parts += [*mapping.target.key, *mapping.target.first_wins_by]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _yaml(value: Any) -> str:
    # JSON is YAML, on one line and with every quote and line end escaped
    return json.dumps(value, ensure_ascii=False)


def _description(text: str) -> str:
    # dbt runs Jinja over descriptions
    return _yaml(jinja_safe(" ".join(text.split())))


def _wrapped(text: str, width: int = 78) -> str:
    return fill(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


_ENVIRONMENT = Environment(
    loader=PackageLoader(__package__),
    undefined=StrictUndefined,
    block_start_string="<%",
    block_end_string="%>",  # dbt keeps {% %} and {{ }} for itself
    variable_start_string="<<",
    variable_end_string=">>",
    comment_start_string="<#",
    comment_end_string="#>",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
_ENVIRONMENT.filters |= {
    "yaml": _yaml,
    "description": _description,
    "safe": jinja_safe,
    "wrapped": _wrapped,
}
_ENVIRONMENT.globals["literal"] = literal
_ENVIRONMENT.globals["bounds_broken"] = bounds_broken
_ENVIRONMENT.globals["in_words"] = in_words
_ENVIRONMENT.globals["parse_timestamp"] = parse_timestamp


def _fill(template: str, **context: object) -> str:
    return _ENVIRONMENT.get_template(f"{template}.jinja").render(**context)


def _refusals(target: declared.Target) -> list[tuple[str, str]]:
    """Why a row is refused: conditions and reasons, as SQL; the first that holds counts."""
    event = target.event_time
    required = [name for name, column in target.columns.items() if column.required]
    numbers = [name for name, column in target.columns.items() if _must_be_finite(column)]
    bounds = [broken for name, column in target.columns.items() for broken in bounds_broken(name, column)]
    named = [(name, column) for name, column in target.columns.items() if column.accepted_values]
    earliest = parse_timestamp(event.earliest)
    limit = f"greatest(_source_ingest_ts, {{{{ run_started() }}}}) + interval '{event.latest_days_after_landing}' day"
    return [
        *((f"{name} is null", f"'{name} is null'") for name in required),
        # `not … <`, because one engine takes NaN for the largest number and the other compares it with nothing
        *((f"not abs({name}) < cast('Infinity' as double)", f"'{name} is not finite'") for name in numbers),
        *((_is_other(name, column), f"'{name} is not accepted'") for name, column in named),
        *((condition, text_literal(reason)) for condition, reason in bounds),
        (f"{event.column} < {timestamp_literal(earliest)}", f"'{event.column} is before {earliest.date()}'"),
        (f"{event.column} > {limit}", f"'{event.column} is in the future'"),
    ]


def _is_other(name: str, column: declared.TargetColumn) -> str:
    return f"{name} not in ({', '.join(literal(value, column.type) for value in column.accepted_values or ())})"


def _must_be_finite(column: declared.TargetColumn) -> bool:
    # engines also differ in whether NaN is above a bound
    return column.type == "double" and (column.required or bool(bounds_of(column)))


def _source_columns(registry: Registry) -> Mapping[str, list[tuple[str, str | None, str]]]:
    """Each raw table's columns: name, type where known, description."""
    return {mapping.source: list(_raw_columns(mapping, registry)) for mapping in registry.mappings}


def _raw_columns(mapping: CheckedMapping, registry: Registry) -> Iterable[tuple[str, str | None, str]]:
    described = {**(mapping.declared.columns or {}), **registry.lake.provenance}
    for name, type_ in source_columns(mapping.declared, registry.lake).items():
        if name in described:
            yield name, type_, described[name].description
        else:
            target = mapping.declared.mappings.get(name, "an older format's column")
            yield name, type_, f"As the venue sends it; becomes `{target}`."


def _example_rows(example: declared.Example) -> tuple[str, str]:
    return _yaml(example.raw), _yaml(example.unified)


_SAMPLES: Mapping[str, Any] = {"string": "sample", "double": 1.5, "long": 1, "boolean": True}


def _sample(target: declared.Target, number: int) -> dict[str, Any]:
    """A valid row of the target for unit tests: equal `number`s are equal rows, others differ in key and time."""
    row: dict[str, Any] = {}
    moment = parse_timestamp(target.event_time.earliest) + timedelta(days=4000, minutes=number)
    for name, column in target.columns.items():
        if column.accepted_values:
            row[name] = column.accepted_values[0]
        elif column.type == "timestamp":
            row[name] = f"{moment:%Y-%m-%d %H:%M:%S}"
        else:
            row[name] = _SAMPLES[column.type]
    last = target.columns[target.key[-1]].type
    row[target.key[-1]] = f"sample {number}" if last == "string" else row[target.key[-1]]
    return row


def _products_csv(registry: Registry) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["exchange", "symbol", "base_asset", "quote_asset", "canonical_symbol"])
    for product in registry.products:
        writer.writerow(
            [product.exchange, product.symbol, product.base_asset, product.quote_asset, product.canonical_symbol]
        )
    return text.getvalue()
