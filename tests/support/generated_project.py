"""A project in a temporary folder, with the real `config/`, whose files are generated."""

import functools
from typing import Any

import duckdb
import jinja2

from macros_gen.render import render
from macros_gen.transforms import SQL
from tests.support.spoilable_project import Project


class GeneratedProject(Project):
    def files(self) -> dict[str, str]:
        return render(self.load())

    def staged(self, model: str, raw: str, wanted: str, *, run_started: str = "2026-03-01") -> list[tuple[Any, ...]]:
        """The rows that a staging model on DuckDB makes of raw rows; `raw` is a query, `wanted` are columns."""
        template = jinja2.Environment().from_string(self.files()[f"dbt_project/models/generated/staging/{model}.sql"])
        calls = {name: functools.partial(transform.on, "duckdb") for name, transform in SQL.items()}
        sql = template.render(**calls, source=lambda *_: f"({raw})", run_started=lambda: f"timestamp '{run_started}'")
        return duckdb.sql(f"select {wanted} from ({sql})").fetchall()
