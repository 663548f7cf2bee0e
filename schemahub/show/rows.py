"""Shows the rows of a query."""

import sys

import duckdb
from rich.console import Console


def show_rows(rows: duckdb.DuckDBPyRelation) -> None:
    """Print rows: as many as fit a terminal, or all of them in full width to a file or a pipe."""
    if sys.stdout.isatty():
        rows.show(max_width=Console().width, max_rows=100)
    else:
        rows.show(max_width=sys.maxsize >> 33, max_rows=sys.maxsize >> 33)
