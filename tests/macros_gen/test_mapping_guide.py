"""docs/mappings.md is correct: its mappings are valid, transforms do what it says, and it is complete."""

import re
from typing import Any

import duckdb
import jsonschema
import pytest

from macros_gen.config_schemas import schema_of
from macros_gen.mapping_guide import PATH, keys_of
from macros_gen.render import render
from macros_gen.sql_text import SQL_TYPES
from macros_gen.transform_examples import EXAMPLES
from macros_gen.transforms import SQL
from registry import declarations
from registry.registry import PROJECT, load_registry
from registry.transforms import CATALOGUE
from registry.yaml_file import read_yaml
from tests.support.generated_project import GeneratedProject as Project

ACME = "config/mappings/acme_trades.yaml"
GUIDE = render(load_registry())[PATH]
MAPPINGS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
ROWS = [(name, given, made) for name, pairs in EXAMPLES.items() for given, made in pairs]


def content(project: Project, text: str) -> Any:
    project.write(ACME, text)
    return read_yaml(project.root / ACME)


@pytest.mark.parametrize("text", MAPPINGS, ids=["smallest", "whole"])
def test_its_mappings_are_valid(project: Project, text: str) -> None:
    jsonschema.Draft7Validator(schema_of(declarations.MappingFile)).validate(content(project, text))
    assert "raw_acme_trades" in project.load().targets_by_raw_table


def test_its_mapping_from_top_to_bottom_uses_every_key(project: Project) -> None:
    assert content(project, MAPPINGS[-1]).keys() == {key.name for key in keys_of(declarations.MappingFile)}


@pytest.mark.parametrize("number", range(2))
def test_its_examples_become_the_rows_that_it_shows(project: Project, number: int) -> None:
    mapping = content(project, MAPPINGS[-1])
    raw, unified = (mapping["examples"][number][row] for row in ("raw", "unified"))
    types = {name: SQL_TYPES[column["type"]] for name, column in mapping["columns"].items()}
    columns = [f'cast({_sql(raw.get(name))} as {type_}) as "{name}"' for name, type_ in types.items()]
    landed = f"timestamp '{raw['_source_ingest_ts']}' as _source_ingest_ts, null as _channel, null as _dlt_load_id"
    wanted = [f"cast({column} as varchar)" for column in unified]
    found = project.staged(
        "stg_acme__trades", f"select {', '.join(columns)}, {landed}", ", ".join([*wanted, "rejection_reason"])
    )
    expected = [str(float(value)) if isinstance(value, int) else str(value) for value in unified.values()]
    assert found == [(*expected, None)]


def _sql(value: object) -> str:
    return "null" if value is None else f"'{value}'"


@pytest.mark.parametrize(("name", "given", "made"), ROWS, ids=lambda value: repr(value))
def test_a_transform_returns_what_its_example_says(name: str, given: object, made: object) -> None:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        sql = SQL[name].on("duckdb", "value")
        value = "cast(? as varchar)" if given is None else "?"
        assert connection.execute(f"select {sql} from (select {value} as value)", [given]).fetchall() == [(made,)]


def test_it_shows_every_transform_with_examples() -> None:
    assert EXAMPLES.keys() == CATALOGUE.keys()
    for name, transform in CATALOGUE.items():
        assert f"\n### {name}\n" in GUIDE
        assert transform.description in GUIDE


@pytest.mark.parametrize("model", [declarations.MappingFile, declarations.Target, declarations.Predicate])
def test_it_shows_every_key(model: type[declarations.Declaration]) -> None:
    for key in keys_of(model):
        assert f"| `{key.name}` | {key.holds} | {'yes' if key.is_required else ''} | {key.description} |" in GUIDE


def test_the_page_in_the_tree_is_up_to_date() -> None:
    assert (PROJECT / PATH).read_text() == GUIDE
