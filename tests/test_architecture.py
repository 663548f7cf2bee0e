"""The drawing in ARCHITECTURE.md, and what the project's files promise of each other."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.table import TYPES as LAKE_TYPES
from registry.column_types import TYPES as CONFIG_TYPES
from tests.support.words import WORDS_OF_MARKETS

PROJECT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
ARROWS = {
    "lakehouse": set(),
    "loaders": {"lakehouse"},
    "registry": set(),
    "macros_gen": {"registry"},
    "profiles": {"lakehouse"},
    "simulator": set(),
    "advisor": {"lakehouse", "registry"},
    "schemahub": {"advisor", "lakehouse", "loaders", "macros_gen", "profiles", "registry", "simulator"},
    "web": {"lakehouse", "loaders", "registry", "schemahub", "simulator"},
    "benchmarks": {"lakehouse", "loaders", "registry", "schemahub", "simulator", "web"},
    "infrastructure": {"lakehouse", "loaders", "macros_gen", "registry", "schemahub"},
}
LONGEST_MODULE = 400
KNOWS_NO_MARKET = {
    "registry": {"products.py", "transforms/market.py"},
    "macros_gen": {
        "products.py",
        "settings_file.py",
        "templates/mappings.md.jinja",
        "templates/products.yml.jinja",
    },
    "lakehouse": set(),
    "loaders/landing": set(),
    **{f"dbt_project/macros/{folder}": set() for folder in ("athena", "duckdb", "loads", "refresh", "sql")},
}
"""Folders that work for rows of anything, and the files in them that are for markets alone."""


def modules(package: str) -> Iterator[Path]:
    yield from (PROJECT / package).rglob("*.py")


def imported_modules(module: Path) -> Iterator[str]:
    """What a module imports, by full name; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (origin, *(f"{origin}.{alias.name}" for alias in node.names))


def imported_packages(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ARROWS)
def test_imports_point_one_way(package: str) -> None:
    allowed = ARROWS[package] | {package}
    wrong = {
        f"{module.relative_to(PROJECT)} imports {other}"
        for module in modules(package)
        for other in (imported_packages(module) & ARROWS.keys()) - allowed
    }
    assert wrong == set()


def test_every_package_has_its_arrows_and_is_installed() -> None:
    folders = [path for path in PROJECT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    ours = {
        path.parent.relative_to(PROJECT).as_posix()
        for folder in folders
        if folder.name not in ("tests", "dbt_project", "build")
        for path in folder.glob("**/__init__.py")
    }
    assert {name.split("/")[0] for name in ours} == ARROWS.keys()
    installed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    assert {name.replace("/", ".") for name in ours} - {"benchmarks"} == installed


def test_no_module_has_grown_too_long() -> None:
    packages = (*ARROWS, "tests")
    lengths = {module: len(module.read_text().splitlines()) for package in packages for module in modules(package)}
    assert {module: length for module, length in lengths.items() if length > LONGEST_MODULE} == {}


@pytest.mark.parametrize("folder", KNOWS_NO_MARKET)
def test_what_works_for_any_rows_knows_no_market(folder: str) -> None:
    files = {path.relative_to(PROJECT / folder).as_posix(): path for path in (PROJECT / folder).rglob("*.*")}
    texts = {name: path.read_text() for name, path in files.items() if path.suffix != ".pyc"}
    found = {name for name, text in texts.items() if WORDS_OF_MARKETS.search(text)}
    assert found == KNOWS_NO_MARKET[folder]


def test_tests_import_neither_each_other_nor_a_conftest() -> None:
    private = re.compile(r"(.*\.)?(conftest|test_\w+)")
    found = {
        f"{module.relative_to(PROJECT)} imports {name}"
        for module in modules("tests")
        for name in imported_modules(module)
        if name.startswith(("tests", ".")) and private.fullmatch(name)
    }
    assert found == set()


def test_every_dependency_is_pinned_by_name_and_version_alone() -> None:
    pins = (PROJECT / "constraints.txt").read_text().splitlines()
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9.-]+==[A-Za-z0-9.]+", pin)] == []
    pinned = {pin.split("==")[0].lower() for pin in pins}
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[\[<>= ]", name)[0].lower() for name in wanted} - pinned == set()


def test_no_committed_file_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    machine_path = re.compile(r"/(?:work|root|tmp|home)/\w")
    found = {
        name
        for name in listed.stdout.splitlines()
        if (PROJECT / name).suffix in {".py", ".md", ".sql", ".toml", ".yaml", ".yml", ".jinja"}
        and machine_path.search((PROJECT / name).read_text())
    }
    assert found == set()


def test_config_files_may_name_the_types_that_a_lake_has_and_no_others() -> None:
    assert list(CONFIG_TYPES) == list(LAKE_TYPES)
