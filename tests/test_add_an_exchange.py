"""ADD_AN_EXCHANGE.md is true: its two files, put where it says, make an exchange that can be parsed and unified."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
RECIPE = (PROJECT / "ADD_AN_EXCHANGE.md").read_text()

CHECK = """
from loaders.connector import Page, Response
from loaders.connectors import load_connector
from datetime import UTC, datetime
from registry.registry import load_registry
from pathlib import Path

gemini = load_connector("gemini")
body = (
    b'[{"timestamp":2,"timestampms":1591404856001,"tid":9,"price":"9593.65","amount":"2","type":"sell"},'
    b'{"timestamp":1,"timestampms":1591404855001,"tid":7,"price":"9593.60","amount":"1","type":"buy"}]'
)
walk = gemini.newer("btcusd", None, since=datetime(1970, 1, 1, tzinfo=UTC))
first_request = next(walk)
page = walk.send(Response(200, {}, body))
second_request = next(walk)
assert isinstance(page, Page) and page.trades.schema == gemini.raw.page_schema
assert page.trades["tid"].to_pylist() == ["7", "9"]
assert [time.timestamp() for time in page.trades["timestampms"].to_pylist()] == [1591404855.001, 1591404856.001]
assert second_request.parameters["since_tid"] == "9"
(mapping,) = [m for m in load_registry(Path(".").resolve()).mappings if m.source == gemini.raw.table.name]
assert {n: c.type for n, c in mapping.declared.columns.items()} == {c.name: c.type for c in gemini.raw.columns}
"""


def code_of(heading: str, language: str) -> tuple[str, str]:
    """The path that a heading names, and the code below it."""
    match = re.search(rf"## {heading}: `([^`]+)`.*?```{language}\n(.*?)```", RECIPE, re.DOTALL)
    assert match, f"ADD_AN_EXCHANGE.md has no {language} under {heading}"
    return match[1], match[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for folder in ("loaders", "macros_gen", "registry", "config", "dbt_project"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    for heading, language in (("1. The connector", "python"), ("2. The mapping", "yaml")):
        path, code = code_of(heading, language)
        (root / path).write_text(code)
    return root


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    utc = {**os.environ, "TZ": "UTC"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=utc, capture_output=True, text=True, check=False
    )


def test_the_generator_takes_the_new_exchange_in(project: Path) -> None:
    assert run(project, "-m", "macros_gen", "--root", str(project)).returncode == 0
    unified = (project / "dbt_project/models/generated/trades_unified.sql").read_text()
    assert 'ref("stg_gemini__trades")' in unified
    assert run(project, "-m", "macros_gen", "--root", str(project), "--check").returncode == 0


def test_the_new_connector_walks_and_parses_and_agrees_with_its_mapping(project: Path) -> None:
    checked = run(project, "-c", CHECK)
    assert checked.returncode == 0, checked.stderr


def test_the_connector_of_the_recipe_is_as_clean_as_those_of_the_project(project: Path) -> None:
    path, _ = code_of("1. The connector", "python")
    checked = run(project, "-m", "ruff", "check", "--config", str(PROJECT / "pyproject.toml"), path)
    assert checked.returncode == 0, checked.stdout
