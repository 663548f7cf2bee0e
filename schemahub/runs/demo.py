"""The demo: a new lake, simulated exchanges, and a check that every trade they serve is unified exactly once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import simulator.exchanges
from lakehouse.errors import SchemaHubError
from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from lakehouse.open import folder_lake
from simulator.exchanges import DEFAULT_EXCHANGES

from ..simulated_lake import DEMO, new_lake
from .context import UNIFYING, RunContext
from .ingest import mapped_exchanges, symbols_of
from .raw_tables import declared_columns


@dataclass(frozen=True)
class Result:
    """The result of a demo."""

    folder: Path
    """The folder of the demo's lake."""
    served: int
    """The number of trades that the exchanges served."""
    snapshots: int
    """The number of snapshots of the unified table."""
    exchanges: Sequence[dict[str, Any]]
    """What the unified table holds for each exchange: its name, number of rows, first and last trade."""


TARGET = "trades_unified"
MARKET_START = datetime(2024, 2, 8, 13, tzinfo=UTC)
"""The start of the demo's market, which lasts three hours."""
LARGE_EVENT = datetime(2024, 2, 8, 15, 12, 4, tzinfo=UTC)
"""When its large event begins."""


@dataclass(frozen=True)
class Demo:
    """A run against simulated exchanges that are up."""

    context: RunContext
    lake: LocalLake
    exchanges: Sequence[str]
    """The names of the exchanges that the simulated market trades on and that have a mapping."""
    served: int
    """The number of trades of the requested products."""
    target: str = TARGET

    def check_complete(self) -> None:
        """Raise SchemaHubError if a trade is missing from the unified table or is duplicated there."""
        held = sum(row["rows"] for row in self._unified())
        if held != self.served:
            raise SchemaHubError(f"the exchanges served {self.served:,} trades, and {self.target} holds {held:,}")

    def result(self) -> Result:
        """The result of the demo."""
        table = self.lake.catalog.load_table(identifier(self.target))
        return Result(self.lake.folder, self.served, len(table.metadata.snapshots), self._unified())

    def _unified(self) -> list[dict[str, Any]]:
        """What the unified table holds for each exchange, as pyiceberg reads it without dbt or DuckDB."""
        table = self.lake.catalog.load_table(identifier(self.target))
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


@contextmanager
def running_demo(context: RunContext, trades: int) -> Iterator[Demo]:
    """Create the lake again, and run simulated exchanges with `trades` trades for the duration of a `with` block.

    Raises:
        Misconfigured: the lake is in S3, or the folder holds anything but a demo.
        ConcurrentWriter: another process is using the lake.
    """
    lake = folder_lake(
        context.lake,
        otherwise=f"the demo creates its lake in a folder, not in {context.lake.location}; name one with --lake",
    )
    with lake.writing(DEMO):
        _empty(lake, declared_columns(context.registry))
        with simulator.exchanges.running(trades=trades, start=MARKET_START) as exchanges:
            market = exchanges.market()
            names = [name for name in mapped_exchanges(context) if name in DEFAULT_EXCHANGES]
            of_the_market = {"urls": exchanges.urls, "since": MARKET_START.isoformat()}
            settings = context.settings.model_copy(update=of_the_market)
            yield Demo(replace(context, settings=settings), lake, names, _served(context, market, names))


def _served(context: RunContext, market: Mapping[str, Any], exchanges: Sequence[str]) -> int:
    """The number of trades of the products that the run requests: those in the settings that the exchange lists."""
    requested = symbols_of(context, exchanges)
    names = {
        (product.exchange.lower(), product.canonical_symbol)
        for product in context.registry.products
        if product.symbol in requested.get(product.exchange.lower(), ())
    }
    return sum(
        listed["trades"]
        for exchange in exchanges
        for listed in market[exchange].values()
        if (exchange, listed["symbol"]) in names
    )


def _empty(lake: LocalLake, raw_tables: Iterable[str]) -> None:
    with ExitStack() as writers:
        for name in (*raw_tables, UNIFYING):
            writers.enter_context(lake.writing(name))
        new_lake(lake)
