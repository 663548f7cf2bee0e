"""`run pipeline` with a few new trades: how much longer it takes than its parts need.

Its parts are `run ingest`, which mostly waits for exchanges, and dbt's models, of the unified trades and of the events.
What comes on top is dbt's import and its two starts, in so far as they don't happen while exchanges are waited for.
Simulated exchanges enforce their request limits and respond after 0.2 s, as over the internet.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import simulator.exchanges
from schemahub.dbt.run import Watch
from schemahub.runs.attention import row_count
from schemahub.runs.context import RunContext
from schemahub.runs.events import find_events
from schemahub.runs.unify import unify
from schemahub.settings import load_settings

from .lake_of_trades import TARGET
from .measure import Measurement, expect
from .processes import seconds_of, seconds_of_dbt_version
from .size import Size

_SLOW = "slow=0.2:1/1"

_SINCE = simulator.exchanges.DEFAULT_START + timedelta(minutes=10)
"""Ten minutes after the market's first trades: a search for what is older than all trades takes many requests."""

_SHOWN_AT_FIRST, _SHOWN_MORE = 0.5, 0.02
"""The share of the market before the first round, and what each round adds to it."""


def findings(size: Size) -> list[Measurement]:
    """Run the pipeline on one lake, and its parts on another, in turn."""
    with tempfile.TemporaryDirectory() as folder, simulator.exchanges.running(trades=size.pipeline_trades) as exchanges:
        parts, whole = (_Lake(Path(folder, name), exchanges.environment) for name in ("parts", "whole"))
        rounds = []
        for number in range(size.command_rounds + 1):
            exchanges.show(_SHOWN_AT_FIRST + number * _SHOWN_MORE)
            exchanges.set_faults(*([_SLOW] if number else []))  # the first round only warms everything up
            rounds.append((seconds_of_dbt_version(), parts.ingest(), parts.run_models(), whole.run_pipeline()))
            expect("rows in trades_unified", whole.rows, parts.rows)
    more = [pipeline - ingest - models for _, ingest, models, pipeline in rounds[1:]]
    dbt, ingest, models, pipeline = (median(each) for each in zip(*rounds[1:], strict=True))
    return [
        Measurement(
            "run pipeline with a few new trades: seconds beyond ingest and models",
            median(seconds / each[0] for seconds, each in zip(more, rounds[1:], strict=True)),
            0.45,
            at_least=False,
            unit="x",
            detail=f"{median(more):.2f} s: {pipeline:.2f} s, of which ingest {ingest:.2f} and models {models:.2f}; "
            f"`dbt --version` {dbt:.2f} s",
        )
    ]


class _Lake:
    def __init__(self, folder: Path, exchanges: Mapping[str, str]) -> None:
        self._folder = folder
        self._exchanges = exchanges
        self._context = RunContext(load_settings(lake=str(folder)))

    @property
    def rows(self) -> int:
        return row_count(self._context.lake, TARGET)

    def ingest(self) -> float:
        return self._seconds("run", "ingest", says="trades landed")

    def run_pipeline(self) -> float:
        return self._seconds("run", "pipeline", TARGET, says="trades_1m_versions")

    def _seconds(self, *arguments: str, says: str) -> float:
        options = ("--lake", str(self._folder), "--since", _SINCE.isoformat())
        return seconds_of(["schemahub", *arguments, *options], says=says, variables=self._exchanges)

    def run_models(self) -> float:
        """Unify and find events in this process; returns the seconds in which dbt builds models."""
        return self._seconds_of_models(
            lambda watch: unify(self._context, TARGET, report=lambda _: None, watch=watch)
        ) + self._seconds_of_models(lambda watch: find_events(self._context, report=lambda _: None, watch=watch))

    @staticmethod
    def _seconds_of_models(run: Callable[[Watch], object]) -> float:
        """The seconds from the start of the first model to the end of the last."""
        times: list[float] = []

        def note(event: Any) -> None:
            if event.info.name in ("NodeStart", "NodeFinished"):
                times.append(time.perf_counter())

        run(note)
        return times[-1] - times[0]
