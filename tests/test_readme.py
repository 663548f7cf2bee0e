"""What the README tells people to type exists."""

import functools
import os
import re
from pathlib import Path

import pytest

from tests.support.warm_python import warm_python

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
TEXT = "\n".join(document.read_text() for document in DOCUMENTS)
COMMANDS = sorted(set(re.findall(r"schemahub ((?:run )?[a-z][a-z-]+)(?= |`|\n)", TEXT)))
OURS = "\n".join(line for line in TEXT.splitlines() if re.search(r"(bin/|`| {4})schemahub |^\| `--", line))
OPTIONS = sorted(set(re.findall(r"(?<=[ `])(--[a-z0-9-]+)", OURS)))
PARENTS = (
    "",
    "backfill",
    "docs",
    "gaps",
    "import",
    "ingest",
    "live",
    "plan",
    "repair",
    "run ingest",
    "run unify",
    "serve",
    "simulate",
    "update-products",
    "update-seed",
)


@functools.cache
def help_of(*command: str) -> str:
    asked = warm_python().run(
        ["-m", "schemahub.cli", *command, "--help"], environment=os.environ, folder=PROJECT, timeout=60
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for line in re.findall(r"(?:^ {4}|`)make ((?:[a-z-]+ ?)+)", TEXT, re.MULTILINE)
        for target in line.split()
    }
    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_named_exists(command: str) -> None:
    if command == "dbt":
        return  # hands everything on, `--help` too
    assert "Usage: " in help_of(*command.split())


def test_every_command_is_named_in_the_readme() -> None:
    listed = set(re.findall(r"^│ ([a-z][a-z-]+) ", help_of(), re.MULTILINE))
    assert {"run", "status", "query"} <= listed
    assert listed - {named.split()[0] for named in COMMANDS} == {"demo"}  # it is `make demo` there


def test_every_option_that_is_named_exists() -> None:
    help_texts = "".join(help_of(*parent.split()) for parent in PARENTS)
    assert [option for option in OPTIONS if option not in help_texts] == []


def test_every_link_to_a_file_leads_to_one() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
