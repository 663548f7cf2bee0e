"""What a person waits for: whole processes of `schemahub`, against `dbt --version` in the same run.

`dbt --version` mostly imports dbt, which a command that runs models can't avoid. It looks for newer versions on the
internet; here it can't, so that only this machine is measured.
"""

import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .lake_of_trades import BYTES_PER_ROW, TARGET, LakeOfTrades
from .measure import CannotMeasure, Measurement, expect_free_disk, seconds
from .size import Size

_QUERY = f"select exchange, count(*) as trades, max(trade_ts) as latest from {TARGET} group by exchange"

_NO_NETWORK = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""Nothing listens on this port, so every request fails at once."""

_LONGEST = 1_000
"""The maximum number of characters of a command's output in an error line."""


def findings(size: Size) -> list[Measurement]:
    """Run each command once per round, in turn, so that anything that slows the machine affects all."""
    expect_free_disk(size.queried_rows * BYTES_PER_ROW / 1e9)
    with tempfile.TemporaryDirectory() as folder:
        lake = LakeOfTrades(Path(folder, "lake"))
        lake.land(size.queried_rows)
        lake.unify()  # builds the tables, and leaves what dbt keeps between runs
        person = _Person(lake)
        rounds = [_round(person, size) for _ in range(size.command_rounds)]
    return [
        _measurement(what, bound, [each[what] for each in rounds], [each["dbt --version"] for each in rounds])
        for what, bound in _bounds(size).items()
    ]


def _bounds(size: Size) -> dict[str, float]:
    """Each command, and the most that it may take, as a multiple of `dbt --version`."""
    rows = f"{size.queried_rows / 1e6:g} M rows"
    return {
        "schemahub --help": 0.11,
        "schemahub status": 0.22,
        f"schemahub query of {rows}": 0.3,
        "schemahub run unify, nothing new": 0.5,
        "schemahub plan": 0.35,
        f"schemahub run unify, {size.new_rows / 1e3:g} k new over {rows}": 1.95,
    }


def _round(person: "_Person", size: Size) -> dict[str, float]:
    """The seconds of every command, named as in `_bounds`."""
    took = [person.asks_for_help(), person.looks(), person.queries(), person.unifies()]
    person.lake.land(size.new_rows)
    took += [person.plans(new_rows=size.new_rows), person.unifies()]
    return {"dbt --version": person.asks_dbt_for_its_version(), **dict(zip(_bounds(size), took, strict=True))}


def _measurement(what: str, bound: float, took: list[float], yardstick: list[float]) -> Measurement:
    return Measurement(
        what,
        median(ours / theirs for ours, theirs in zip(took, yardstick, strict=True)),
        bound,
        at_least=False,
        unit="x",
        detail=f"{median(took):.2f} s; `dbt --version` {median(yardstick):.2f} s",
    )


def _usual_environment() -> dict[str, str]:
    # with PYTHONDONTWRITEBYTECODE, Python would compile our modules again for every command
    unusual = ("SCHEMAHUB_", "DBT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unusual)}


@dataclass(frozen=True)
class _Person:
    """Runs commands on a lake, and returns the seconds that each takes until its process has ended."""

    lake: LakeOfTrades
    environment: Mapping[str, str] = field(default_factory=_usual_environment)

    def asks_dbt_for_its_version(self) -> float:
        return self._run(["dbt", "--version"], says="duckdb", variables=_NO_NETWORK)

    def asks_for_help(self) -> float:
        return self._run(["schemahub", "--help"], says="status")

    def looks(self) -> float:
        return self._on_lake("status", says=f"{self.lake.landed:,}")

    def plans(self, *, new_rows: int) -> float:
        return self._on_lake("plan", says=f"{new_rows:,}")

    def queries(self) -> float:
        return self._on_lake("query", _QUERY, says=str(self.lake.landed))

    def unifies(self) -> float:
        took = self._on_lake("run", "unify", TARGET, says=TARGET)
        self.lake.expect_all_unified()
        return took

    def _on_lake(self, *arguments: str, says: str) -> float:
        return self._run(["schemahub", *arguments, "--lake", str(self.lake.folder)], says=says)

    def _run(self, command: list[str], *, says: str, variables: Mapping[str, str] | None = None) -> float:
        program = str(Path(sysconfig.get_path("scripts"), command[0]))
        done: list[subprocess.CompletedProcess[str]] = []
        took = seconds(
            lambda: done.append(
                subprocess.run(
                    [program, *command[1:]],
                    env={**self.environment, **(variables or {})},
                    check=False,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
        )
        if done[0].returncode or says not in done[0].stdout:
            said = " ".join(done[0].stdout.split())[:_LONGEST]
            raise CannotMeasure(
                f"`{' '.join(command[:2])}` ended with {done[0].returncode}; expected {says!r} in its output: {said}"
            )
        return took
