"""`make demo`: the whole pipeline against simulated exchanges, twice, and what came of it."""

import os
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import simulator.exchanges
from lakehouse.errors import Misconfigured, SchemaHubError
from lakehouse.lake import identifier
from lakehouse.local import LocalLake

from ..show.progress import DbtLines, ingest, unify
from .coordinator import UNIFYING, Coordinator
from .raw_tables import declared_columns
from .simulated_lake import DEMO, new_lake

TARGET = "trades_unified"


@dataclass(frozen=True)
class Demo:
    """Runs the pipeline of `coordinator` against simulated exchanges, and says so on `console`."""

    coordinator: Coordinator
    console: Console

    def run(self, trades: int) -> None:
        """Make the lake anew and run twice; raises where a trade is missing, or is there twice."""
        lake = self.coordinator.lake
        if not isinstance(lake, LocalLake):
            raise Misconfigured(
                f"the demo makes its lake anew, and does that in a folder only, not in {lake.location}; "
                "name one with --lake"
            )
        with lake.writing(DEMO):
            self._run(lake, trades)

    def _run(self, lake: LocalLake, trades: int) -> None:
        with ExitStack() as writers:
            for what in (*declared_columns(self.coordinator.registry), UNIFYING):
                writers.enter_context(lake.writing(what))
            new_lake(lake)
        with simulator.exchanges.running(trades=trades) as exchanges:
            os.environ.update(exchanges.environment)
            market = exchanges.market()
            served = sum(listed["trades"] for products in market.values() for listed in products.values())
            self.console.rule("first run")
            self.console.print(f"simulated exchanges are up, with {served:,} trades")
            self._run_once(sorted(market), served)
            self.console.rule("second run: there is nothing new, so nothing may be added")
            self._run_once(sorted(market), served)
        self.console.rule("what came of it")
        self._summarise(lake, served)

    def _run_once(self, exchanges: Sequence[str], served: int) -> None:
        if problems := ingest(self.coordinator, exchanges, self.console):
            raise SchemaHubError("\n".join(problems))
        self.console.print(f"generated     {self.coordinator.generate()} files from config/")
        unify(self.coordinator, TARGET, self.console)
        tests = DbtLines(self.console)
        self.coordinator.dbt(["test"], report=tests)
        self.console.print(f"tested        {tests.tests_passed} data and unit tests passed")
        self.coordinator.dbt(["docs", "generate"], report=lambda _: None)
        self.console.print("documented    the tables, with dbt docs")
        held = sum(row["rows"] for row in unified(self.coordinator))
        if held != served:
            raise SchemaHubError(f"the exchanges served {served:,} trades, and {TARGET} holds {held:,}")

    def _summarise(self, lake: LocalLake, served: int) -> None:
        table = Table("exchange", "trades", "first (UTC)", "last (UTC)", box=None, pad_edge=False)
        table.columns[1].justify = "right"
        for row in unified(self.coordinator):
            table.add_row(row["exchange"], f"{row['rows']:,}", str(row["first"])[:19], str(row["last"])[:19])
        self.console.print(table)
        snapshots = len(lake.catalog.load_table(identifier(TARGET)).metadata.snapshots)
        folder = shlex.quote(shown(lake.folder))
        self.console.print(
            f"\n{served:,} trades served, landed and unified, none twice; "
            f"two runs made {snapshots} snapshot of {TARGET}\n"
            f"\nquery it   .venv/bin/schemahub query --lake {folder} "
            '"select exchange, side, count(*) from trades_unified group by all order by all"\n'
            f"status     .venv/bin/schemahub status --lake {folder}\n"
            "docs       make docs-serve",
            soft_wrap=True,
        )


def unified(coordinator: Coordinator) -> list[dict[str, Any]]:
    """What the unified table holds by exchange (exchange, rows, first, last), as pyiceberg reads it by itself."""
    table = coordinator.lake.catalog.load_table(identifier(TARGET))
    grouped = (
        table.scan(selected_fields=("exchange", "trade_ts"))
        .to_arrow()
        .group_by("exchange")
        .aggregate([([], "count_all"), ("trade_ts", "min"), ("trade_ts", "max")])
        .sort_by("exchange")
    )
    rows: list[dict[str, Any]] = grouped.rename_columns(
        {"count_all": "rows", "trade_ts_min": "first", "trade_ts_max": "last"}
    ).to_pylist()
    return rows


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
