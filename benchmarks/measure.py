"""Timing, checking, and the results of a benchmark."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

_LONGEST = 200
"""The maximum number of characters of a result in an error line."""


class CannotMeasure(Exception):
    """What was measured gave a wrong result, or this machine lacks something; the text is one line for the user."""


@dataclass(frozen=True)
class Measurement:
    """One figure with its bound; `detail` gives the absolute figures that it is computed from."""

    what: str
    figure: float
    bound: float
    at_least: bool
    unit: str
    detail: str

    @property
    def holds(self) -> bool:
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def row(self, *, is_judged: bool) -> str:
        """A row of the table in docs/performance.md; at sizes that aren't judged it doesn't say whether it holds."""
        sign = "≥" if self.at_least else "≤"
        verdict = ("yes" if self.holds else "NO") if is_judged else "-"
        figure, bound = f"{self.figure:.2f}{self.unit}", f"{sign} {self.bound:g}{self.unit}"
        return f"| {self.what} | {figure} | {bound} | {verdict} | {self.detail} |"


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], object], *, runs: int) -> float:
    return median(seconds(work) for _ in range(runs))


def expect(what: str, found: object, expected: object) -> None:
    """Raise CannotMeasure unless a result is right, because the time of a wrong one means nothing."""
    if found != expected:
        raise CannotMeasure(f"{what}: expected {str(expected)[:_LONGEST]}, found {str(found)[:_LONGEST]}")


def expect_free_disk(gigabytes: float) -> None:
    """Raise CannotMeasure unless the temporary folder's disk has this much free."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise CannotMeasure(
            f"this needs {gigabytes:.0f} GB of free disk, and {folder} has {free:.0f} GB; set TMPDIR to another folder"
        )


def in_own_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module arguments` and return the JSON of its last line; each has its own peak of memory."""
    process = subprocess.run([sys.executable, "-m", module, *arguments], check=False, stdout=subprocess.PIPE, text=True)
    if process.returncode:
        raise CannotMeasure(f"`python -m {' '.join((module, *arguments))}` failed; what it said is above")
    result: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return result
