"""A command waits for no library that it does not use."""

import subprocess
import sys

import pytest

HEAVY = {"boto3", "dbt", "dlt", "duckdb", "httpx", "pyarrow", "pydantic", "pyiceberg", "simulator", "sqlalchemy"}


def imported(*arguments: str) -> set[str]:
    """The packages that a command imports, as Python itself lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "schemahub", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2_000:]
    lines = (line for line in finished.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("arguments", "may_use"),
    [
        ("--help", set()),
        ("run ingest --help", {"pydantic"}),  # typer uses it for the types of parameters
        ("generate --check", {"pydantic"}),
        ("status --lake nothing/there", HEAVY - {"boto3", "dbt", "dlt", "duckdb", "httpx", "simulator"}),
    ],
)
def test_a_command_imports_what_it_uses_and_no_more(arguments: str, may_use: set[str]) -> None:
    assert imported(*arguments.split()) & HEAVY <= may_use
