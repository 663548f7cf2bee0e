"""A lake whose trades_unified grows: the subject of `unify` and `commands`."""

from collections.abc import Iterator
from pathlib import Path

from lakehouse.local import LocalLake
from lakehouse.tables import ensure_table
from loaders.landing.load import LoadInProgress, Origin
from loaders.piece import Piece
from schemahub.dbt.run import Node
from schemahub.runs.attention import row_count
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.unify import unify
from schemahub.settings import load_settings

from . import trades
from .measure import expect, seconds

TARGET = "trades_unified"
BYTES_PER_ROW = 150
"""The disk that a row needs while it is unified. It is 40 in the raw table, 20 in trades_unified, and 40 in
what DuckDB keeps on disk meanwhile; the rest is a reserve."""

_PAGE = 100_000
"""Landing takes as long for such pages as for small ones, and creating them takes less."""


class LakeOfTrades:
    """A lake in `folder`, empty at first. Every trade that is landed is new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = LocalLake(folder)
        self.context = RunContext(load_settings(lake=str(folder)))
        self.landed = 0

    def land(self, count: int) -> None:
        """Land `count` trades in one load."""
        from loaders.landing.dlt_job import land

        table = ensure_table(self.lake, trades.RAW.table)
        load = LoadInProgress(self.lake, trades.RAW, table, Origin("benchmark", "rest"), now=utc_now)
        land(load, self._pieces(count))
        self.landed += count
        expect("rows in the raw table", row_count(self.lake, trades.RAW.name), self.landed)

    def _pieces(self, count: int) -> Iterator[Piece]:
        return trades.pieces(count, first_id=1 + self.landed, trades_per_page=_PAGE)

    def unify(self) -> tuple[float, float]:
        """Unify what is pending; returns the seconds of the model trades_unified and of the whole run."""
        model: dict[str, float] = {}

        def note(node: Node) -> None:
            model[node.name] = node.seconds

        whole = seconds(lambda: unify(self.context, TARGET, report=note))
        self.expect_all_unified()
        return model[TARGET], whole

    def expect_all_unified(self) -> None:
        """Raise CannotMeasure unless every trade is in trades_unified."""
        expect("rows in trades_unified", row_count(self.lake, TARGET), self.landed)

    @property
    def raw_files(self) -> list[str]:
        """The Parquet files of the raw table."""
        return sorted(str(path) for path in self.folder.glob(f"**/{trades.RAW.name}/data/**/*.parquet"))
