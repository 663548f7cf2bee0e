"""The marker `athena` for all tests of a folder."""

from collections.abc import Collection, Iterable
from pathlib import Path

import pytest


def mark_as_athena(items: Iterable[pytest.Item], folder: Path, *, without: Collection[str] = ()) -> None:
    """Mark the tests under a folder, except those of the named modules."""
    for item in items:
        if folder in item.path.parents and item.path.name not in without:
            item.add_marker(pytest.mark.athena)
