"""Unifying 200,000 new trades into a table of 10 M rows, against the same number into a table of 1 M rows."""

import tempfile
from pathlib import Path
from statistics import median

from lakehouse.local import LocalLake
from lakehouse.tables import ensure_table
from loaders.landing.load import LoadInProgress
from schemahub.dbt.run import Node
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.unify import unify
from schemahub.settings import load_settings

from . import trades
from .measure import Measurement, seconds

SMALL, LARGE, INCREMENT = 1_000_000, 10_000_000, 200_000
_ROUNDS = 5


def _say_nothing(node: Node) -> None:
    del node


class _Table:
    """A lake whose trades_unified grows by increments."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.lake = LocalLake(folder)
        self.context = RunContext(load_settings(lake=str(folder)))
        self.next_id = 1
        self._land(rows)
        unify(self.context, "trades_unified", report=_say_nothing)

    def _land(self, count: int) -> None:
        from loaders.landing.dlt_job import land

        table = ensure_table(self.lake, trades.RAW.table)
        load = LoadInProgress(self.lake, trades.RAW, table, source="benchmark", channel="rest", now=utc_now)
        land(load, trades.pages(count, first_id=self.next_id))
        self.next_id += count

    def increment(self) -> tuple[float, float]:
        """Land and unify an increment; returns the seconds of the model trades_unified and of the whole run."""
        self._land(INCREMENT)
        model: dict[str, float] = {}

        def note(node: Node) -> None:
            model[node.name] = node.seconds

        whole = seconds(lambda: unify(self.context, "trades_unified", report=note))
        return model["trades_unified"], whole


def findings() -> list[Measurement]:
    """Measure both tables in turn, so that anything that slows the machine affects both."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = _Table(Path(folder, "small"), SMALL), _Table(Path(folder, "large"), LARGE)
        small.increment()  # warms the process up
        pairs = [(small.increment(), large.increment()) for _ in range(_ROUNDS)]
    model = median(of_large[0] / of_small[0] for of_small, of_large in pairs)
    seconds_of = [[median(pair[size][what] for pair in pairs) for what in (0, 1)] for size in (0, 1)]
    return [
        Measurement(
            "unify 200 k new trades over 10 M rows, against over 1 M",
            model,
            1.3,
            at_least=False,
            unit="x",
            detail=f"trades_unified {seconds_of[1][0]:.2f} s against {seconds_of[0][0]:.2f}; "
            f"the whole run {seconds_of[1][1]:.1f} s against {seconds_of[0][1]:.1f}",
        )
    ]
