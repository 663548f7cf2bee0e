"""Timing, and the results of a benchmark."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any


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

    def row(self) -> str:
        """A row of the table in docs/performance.md."""
        sign = "≥" if self.at_least else "≤"
        verdict = "yes" if self.holds else "NO"
        figure, bound = f"{self.figure:.2f}{self.unit}", f"{sign} {self.bound:g}{self.unit}"
        return f"| {self.what} | {figure} | {bound} | {verdict} | {self.detail} |"


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], object], *, runs: int) -> float:
    return median(seconds(work) for _ in range(runs))


def in_own_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module arguments` and return the JSON of its last line; each has its own peak of memory."""
    process = subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return result
