"""Render the registry as dbt files. Pure: `render(registry)` maps each path, relative to the project, to its text."""

from datetime import datetime, timedelta
from typing import Any

from registry import declarations as declared
from registry.column_types import TYPES, parse_timestamp
from registry.registry import Registry
from registry.transforms import CATALOGUE

from . import mapping_guide
from .config_schemas import FOLDER as SCHEMAS
from .config_schemas import config_schemas
from .fill import fill, yaml_line
from .products import products_seed
from .transforms import SQL
from .versions import mapping_versions, staging_sql

FOLDERS = (
    "dbt_project/macros/generated",
    "dbt_project/models/generated",
    "dbt_project/seeds/generated",
    "dbt_project/tests/generated",
    SCHEMAS,
)
"""The folders that belong to the generator; it deletes every file in them that it doesn't write."""

_MACROS, _MODELS, _SEEDS, _TESTS, _ = FOLDERS


def render(registry: Registry) -> dict[str, str]:
    """Return the text of every generated file by its path, relative to the project's folder."""
    files = {
        f"{_MACROS}/transforms.sql": fill("transforms.sql", catalogue=CATALOGUE, sql=SQL),
        f"{_MACROS}/_transforms.yml": fill("transforms.yml", catalogue=CATALOGUE),
        f"{_MODELS}/_sources.yml": fill("sources.yml", registry=registry),
        f"{_MODELS}/_columns.md": fill("columns.md", registry=registry),
        mapping_guide.PATH: fill("mappings.md", **mapping_guide.context()),
        **config_schemas(),
    }
    files |= {f"{_SEEDS}/{name}": text for name, text in products_seed(registry.products).items()}
    for mapping in registry.mappings:
        files[f"{_MODELS}/staging/{mapping.staging}.sql"] = staging_sql(mapping)
        files[f"{_MODELS}/staging/{mapping.staging}.yml"] = fill("staging.yml", mapping=mapping, rows=_example_rows)
    targets = [target for name, target in registry.targets.items() if registry.mappings_of(name)]
    if targets:
        files |= _loads(registry, targets)
    for target in targets:
        files |= _unified(registry, target)
    return dict(sorted(files.items()))


def _loads(registry: Registry, targets: list[declared.Target]) -> dict[str, str]:
    versions, landing_columns = mapping_versions(registry), registry.landing_columns
    return {
        f"{_MODELS}/loads/pending_loads.sql": fill("pending_loads.sql", mappings=registry.mappings, versions=versions),
        f"{_MODELS}/loads/unified_loads.sql": fill(
            "unified_loads.sql", targets=targets, landing_columns=landing_columns
        ),
    }


def _unified(registry: Registry, target: declared.Target) -> dict[str, str]:
    name, rejected = target.target_table, target.rejected.table
    context = {
        "target": target,
        "mappings": registry.mappings_of(name),
        "landing_column": registry.landing_columns[name],
        "sample": lambda number: _sample(target, number),
    }
    templates = {
        f"{_MODELS}/{name}.sql": "target.sql",
        f"{_MODELS}/{name}.yml": "target.yml",
        f"{_MODELS}/staging/{rejected}.sql": "rejected.sql",
        f"{_MODELS}/staging/{rejected}.yml": "rejected.yml",
        f"{_TESTS}/{name}_holds_what_was_landed.sql": "holds_what_was_landed.sql",
        f"{_TESTS}/{name}_read_what_was_landed.sql": "read_what_was_landed.sql",
    }
    return {path: fill(template, **context) for path, template in templates.items()}


def _example_rows(example: declared.Example) -> tuple[str, str]:
    return yaml_line(example.raw), yaml_line(example.unified)


def _sample(target: declared.Target, number: int) -> dict[str, Any]:
    """Return a valid row of the target for unit tests. Rows with different `number`s differ in key and time."""
    # a target that accepts only times at the very end of the calendar gets earlier ones, which these tests don't refuse
    earliest = min(parse_timestamp(target.event_time.earliest), datetime.max - timedelta(days=4001))
    moment = (earliest + timedelta(days=4000, minutes=number)).isoformat(sep=" ", timespec="seconds")
    row = {name: _value(column, moment) for name, column in target.columns.items()}
    if target.columns[target.key[-1]].type == "string":
        row[target.key[-1]] = f"sample {number}"
    return row


def _value(column: declared.TargetColumn, moment: str) -> Any:
    if column.accepted_values:
        return column.accepted_values[0]
    sample = TYPES[column.type].sample
    return moment if sample is None else sample
