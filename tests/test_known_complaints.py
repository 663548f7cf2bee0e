"""docs/known-complaints.md is true as far as its tests show it: all that it names exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SECTIONS = re.split(r"^## ", (PROJECT / "docs/known-complaints.md").read_text(), flags=re.M)[1:]
COMPLAINTS = 19
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def defined_in(file: str) -> set[str]:
    """The names of a module's tests."""
    tree = ast.parse((PROJECT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_complaint_has_its_number() -> None:
    assert [section.partition(".")[0] for section in SECTIONS] == [str(number + 1) for number in range(COMPLAINTS)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition(".")[0])
def test_every_complaint_says_where_it_was_made_and_names_tests_that_exist(section: str) -> None:
    assert re.search(r"Reported in [\w.-]+/[\w.-]+#\d+", section)
    named = TEST.findall(section)
    assert named
    for file, test in named:
        assert test in defined_in(file), f"{file} has no test {test}"
