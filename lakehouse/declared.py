"""What every lake has, as declared in `config/lake.yaml`: the ledger, and the provenance columns of the raw tables.

The generator reads the same file for the dbt sources, so each column is described only once.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .errors import Misconfigured
from .table import LakeColumn, LakeTable

FILE = Path(__file__).resolve().parents[1] / "config" / "lake.yaml"


@cache
def provenance() -> tuple[LakeColumn, ...]:
    """The columns that every raw table has in addition to its source's own; raises Misconfigured."""
    return _columns(_content().get("provenance"), "provenance")


@cache
def declared_table(name: str) -> LakeTable:
    """A table that the loaders write in addition to the raw tables; raises Misconfigured."""
    tables = _content().get("tables")
    table = tables.get(name) if isinstance(tables, Mapping) else None
    if not isinstance(table, Mapping):
        raise _bad(f"tables.{name}", "a table with description, loaded_at and columns")
    return LakeTable(name, _columns(table.get("columns"), f"tables.{name}.columns"), str(table.get("loaded_at")))


@cache
def _content() -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Misconfigured(f"config/lake.yaml can't be read: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(content, Mapping):
        raise _bad("the file", "provenance and tables")
    return content


def _columns(columns: object, place: str) -> tuple[LakeColumn, ...]:
    if not isinstance(columns, Mapping):
        raise _bad(place, "columns by name")
    try:
        return tuple(LakeColumn(name, column["type"], column["description"]) for name, column in columns.items())
    except (TypeError, KeyError, ValueError):
        raise _bad(place, "a type and a description of each column") from None


def _bad(place: str, expected: str) -> Misconfigured:
    return Misconfigured(f"config/lake.yaml: {place}: expected {expected}; restore the file with git")
