"""A command waits for no library that it does not use."""

import pytest

from tests.support.imports import heavy_imports


@pytest.mark.parametrize(
    ("arguments", "may_use"),
    [
        ("--help", set()),
        ("run ingest --help", {"pydantic"}),  # typer uses it for the types of parameters
        ("generate --check", {"pydantic"}),
        ("status --lake nothing/there", {"pydantic", "duckdb"}),
        ("gaps --lake nothing/there", {"pydantic", "duckdb", "pyarrow", "pyiceberg"}),
        ("plan --lake nothing/there", {"pydantic", "duckdb", "pyarrow", "pyiceberg"}),
    ],
)
def test_a_command_imports_what_it_uses_and_no_more(arguments: str, may_use: set[str]) -> None:
    assert heavy_imports(*arguments.split()) <= may_use
