"""ADD_AN_EXCHANGE.md is true: its two files, put where it says and with nothing else changed, make an exchange.

The exchange is taken out of a copy of the project first. With its files back, the copy must work as the project does. A
third file has the exchange simulated. The files are also those of the project, letter by letter.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import simulator.exchanges
from tests.support.project_copy import PROJECT, copy_project, run

pytestmark = pytest.mark.long

RECIPE = (PROJECT / "ADD_AN_EXCHANGE.md").read_text()
TRADES = 2_000

CHECK = """
from loaders.connector import Page, Response
from loaders.connectors import load_connector
from lakehouse.coverage import Hole
from registry.registry import load_registry
from pathlib import Path
from schemahub.runs.raw_tables import declared_columns

columns = declared_columns(load_registry(Path(".").resolve()))
gemini = load_connector("gemini", columns)
body = (
    b'[{"timestamp":2,"timestampms":1591404856001,"tid":9,"price":"9593.65","amount":"2","type":"sell"},'
    b'{"timestamp":1,"timestampms":1591404855001,"tid":7,"price":"9593.60","amount":"1","type":"buy"}]'
)
walk = gemini.walk("btcusd", Hole(0, None, 0, None))
first_request = next(walk)
page = walk.send(Response(200, {}, body[:1] + body[body.index(b"},") + 2 :]))
while not isinstance(page, Page):
    page = walk.send(Response(200, {}, body))
second_request = next(walk)
assert page.from_first_row  # nothing shows that Gemini gives everything since 1970
assert isinstance(page, Page) and page.rows.schema == gemini.raw.page_schema
assert page.rows["tid"].to_pylist() == ["7", "9"] and (page.low, page.high, page.proof) == (7, 10, "pages")
assert [time.timestamp() for time in page.rows["timestampms"].to_pylist()] == [1591404855.001, 1591404856.001]
assert first_request.parameters["since_tid"] == "0" and second_request.parameters["since_tid"] == "8"
assert [column.name for column in gemini.raw.columns] == ["tid", "symbol", "price", "amount", "timestampms", "type"]
"""


def code_of(heading: str, language: str) -> tuple[str, str]:
    """The path that a heading names, and the code below it."""
    match = re.search(rf"## {heading}.*?`([a-z_/]+/gemini[a-z_.]+)`.*?```{language}\n(.*?)```", RECIPE, re.DOTALL)
    assert match, f"ADD_AN_EXCHANGE.md has no {language} under {heading}"
    return match[1], match[2]


PRODUCTS = "config/products/gemini.yaml"
SHOWN = (("1. The connector", "python"), ("2. The mapping", "yaml"), ("4. Optional", "python"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_project(tmp_path_factory.mktemp("project"))
    for path in (PRODUCTS, *(code_of(*shown)[0] for shown in SHOWN)):
        (root / path).unlink()
    assert run(root, "-m", "macros_gen", "--root", str(root)).returncode == 0
    assert "gemini" not in (root / "dbt_project/models/generated/trades_unified.sql").read_text()
    for shown in SHOWN[:2]:
        path, code = code_of(*shown)
        (root / path).write_text(code)
    return root


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown[0])
def test_the_files_of_the_recipe_are_those_of_the_project(shown: tuple[str, str]) -> None:
    path, code = code_of(*shown)
    assert code == (PROJECT / path).read_text()


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


@pytest.fixture(scope="module")
def demo(project: Path) -> subprocess.CompletedProcess[str]:
    return run(project, "-m", "schemahub", "demo", "--lake", "lake", "--trades", str(TRADES))


@pytest.mark.slow
def test_the_demo_runs_with_the_exchanges_that_are_simulated(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert f"{TRADES:,} trades served, landed and unified, none duplicated" in demo.stdout
    assert "gemini" not in demo.stdout.replace("stg_gemini__trades", "")


@pytest.mark.slow
def test_the_pipeline_asks_no_exchange_that_has_no_symbol_to_load(
    project: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    with simulator.exchanges.running(trades=TRADES) as exchanges:
        pipeline = run(
            project,
            *("-m", "schemahub", "run", "pipeline", "trades_unified", "--lake", "lake"),
            **exchanges.environment,
        )
        others = set(exchanges.urls) - {"gemini"}
        assert set(exchanges.stats()["requests"]) == others
    assert pipeline.returncode == 0, pipeline.stdout + pipeline.stderr
    assert re.search(r"gemini +- lists none of BTC-USD", pipeline.stdout)
    assert pipeline.stdout.count("nothing new") == len(others)


@pytest.mark.slow
def test_the_contract_suite_skips_the_new_exchange_by_name_until_it_is_simulated(project: Path) -> None:
    suite = [f"tests/loaders/test_{name}.py" for name in ("connector_contract", "hostile_bodies")]
    contract = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "gemini", *suite)
    assert contract.returncode == 0, contract.stdout + contract.stderr
    assert re.search(r"SKIPPED \[\d+\] .*: gemini has no simulated exchange", contract.stdout), contract.stdout
    assert "3 passed" in contract.stdout  # what needs no simulated exchange: the connector and its mapping


@pytest.fixture(scope="module")
def simulated(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the third file too, and the list of products that `update-products` writes."""
    root = shutil.copytree(project, tmp_path_factory.mktemp("simulated") / "project")
    path, code = code_of("4. Optional", "python")
    (root / path).write_text(code)
    shutil.copy(PROJECT / PRODUCTS, root / PRODUCTS)
    return root


@pytest.mark.slow
def test_the_contract_suite_runs_for_the_new_exchange_once_it_is_simulated(simulated: Path) -> None:
    suite = [f"tests/loaders/test_{name}.py" for name in ("connector_contract", "hostile_bodies")]
    contract = run(simulated, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "gemini", *suite)
    assert contract.returncode == 0, contract.stdout + contract.stderr
    assert "skipped" not in contract.stdout


def test_the_simulated_exchange_of_the_recipe_is_as_clean_as_those_of_the_project(simulated: Path) -> None:
    path, _ = code_of("4. Optional", "python")
    checked = run(simulated, "-m", "ruff", "check", "--config", str(PROJECT / "pyproject.toml"), path)
    assert checked.returncode == 0, checked.stdout
