"""What a person waits for: whole processes of `schemahub`, against `dbt --version` in the same run.

`dbt --version` mostly imports dbt, which a command that runs models can't avoid.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .lake_of_trades import BYTES_PER_ROW, TARGET, LakeOfTrades
from .measure import Measurement, expect_free_disk
from .processes import seconds_of, seconds_of_dbt_version
from .size import Size

_QUERY = f"select exchange, count(*) as trades, max(trade_ts) as latest from {TARGET} group by exchange"


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


@dataclass(frozen=True)
class _Person:
    """Runs commands on a lake, and returns the seconds that each takes until its process has ended."""

    lake: LakeOfTrades

    def asks_dbt_for_its_version(self) -> float:
        return seconds_of_dbt_version()

    def asks_for_help(self) -> float:
        return seconds_of(["schemahub", "--help"], says="status")

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
        return seconds_of(["schemahub", *arguments, "--lake", str(self.lake.folder)], says=says)
