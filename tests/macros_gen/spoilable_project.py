"""A project in a temporary folder, with the real `config/`, that tests may spoil."""

import functools
import shutil
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from macros_gen.problems import RegistryError
from macros_gen.registry import PROJECT, Registry, load_registry
from macros_gen.render import render
from macros_gen.transforms import CATALOGUE


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(PROJECT / "config", root / "config")

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def load(self) -> Registry:
        return load_registry(self.root)

    def staged(self, model: str, raw: str, wanted: str, *, run_started: str = "2026-03-01") -> list[tuple[Any, ...]]:
        """What a staging model makes of raw rows on DuckDB: `raw` is a query, `wanted` are columns."""
        template = jinja2.Environment().from_string(
            render(self.load())[f"dbt_project/models/generated/staging/{model}.sql"]
        )
        calls = {name: functools.partial(transform.sql, "duckdb") for name, transform in CATALOGUE.items()}
        sql = template.render(**calls, source=lambda *_: f"({raw})", run_started=lambda: f"timestamp '{run_started}'")
        return duckdb.sql(f"select {wanted} from ({sql})").fetchall()

    def problems(self) -> list[str]:
        with pytest.raises(RegistryError) as caught:
            self.load()
        return caught.value.problems
