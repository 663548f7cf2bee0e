"""A lake of each kind, created by the loaders' own table code, and a way to run dbt on it in this process.

    lake.land("raw_kraken_trades", [{"trade_id": "1", …}], load="a", at="2026-01-05 12:00:00")
    lake.dbt("run")
    lake.rows("trades_unified")

`land` does what a load does: one append to the raw table, then the ledger rows. Omitted columns of a trade are null.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pyarrow as pa
import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from lakehouse.lake import identifier
from lakehouse.ledger_commits import ledger_table
from lakehouse.local import LocalLake
from lakehouse.raw_table import table_of
from lakehouse.table import LakeTable
from lakehouse.tables import ensure_table
from profiles.local_iceberg import release_views
from registry.registry import Registry
from schemahub.runs.events import SELECTION
from schemahub.runs.raw_tables import declared_columns
from tests.support.lakes import LakeHome
from tests.support.parsed_project import KEPT

ROOT = Path(__file__).resolve().parents[2]

Row = dict[str, Any]

STORED = ("trades_unified", "trades_1m_versions", "unified_loads")
"""The tables to which runs add rows."""

on_duckdb_alone = pytest.mark.parametrize("make_lake", ["duckdb"], indirect=True)
"""For tests that don't depend on the engine; a run on Athena takes some seconds."""


def raw_tables(registry: Registry) -> dict[str, LakeTable]:
    """The raw tables, as the mappings declare them."""
    return {name: table_of(name, columns) for name, columns in declared_columns(registry).items()}


class LakeUnderTest:
    _last_in: ClassVar[dict[str, "LakeUnderTest"]] = {}
    """The lake that was made last in each place. All lakes on Glue share one, because they share a database."""

    def __init__(self, home: LakeHome, registry: Registry, target_path: Path) -> None:
        self.home = home
        self.lake = home.open()
        self.location = home.location
        self.views = "schemahub" if home.is_on_aws else "views.schemahub"
        """The name of the views' schema, in SQL."""
        self.registry = registry
        self.target_path = target_path
        self._place = "Glue" if home.is_on_aws else self.location
        LakeUnderTest._last_in[self._place] = self
        self.project = ROOT
        """The folder that contains the dbt_project/ to use."""
        self.tables = raw_tables(registry)
        for table in (*self.tables.values(), ledger_table()):
            ensure_table(self.lake, table)

    def use(self, project: Path) -> None:
        """Run another project's dbt_project/, of which dbt parses what differs."""
        self.project = project
        (project / "target").mkdir()
        self.target_path = Path(shutil.copy(self.target_path / KEPT, project / "target")).parent

    @property
    def is_there(self) -> bool:
        """Whether the lake is still in its place, and no other one."""
        return LakeUnderTest._last_in[self._place] is self

    def land(
        self, raw_table: str, rows: Sequence[Row], *, load: str, at: str, channel: str = "rest", ledger: bool = True
    ) -> None:
        """Append rows as one load whose ingest time is `at`; skips the ledger if the load 'crashed' before it."""
        ingest_ts = datetime.fromisoformat(at)
        provenance = {
            "_source": "test",
            "_source_ingest_ts": ingest_ts,
            "_channel": channel,
            "_dlt_load_id": load,
        }
        self._append(self.tables[raw_table], [{**_typed(row), **provenance} for row in rows])
        if ledger:
            self._append(ledger_table(), list(self._ledger_rows(raw_table, rows, load, ingest_ts, channel)))

    def _append(self, declared: LakeTable, rows: Sequence[Row]) -> None:
        table = ensure_table(self.lake, declared)
        table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))

    def _ledger_rows(
        self, raw_table: str, rows: Sequence[Row], load: str, ingest_ts: datetime, channel: str
    ) -> Iterator[Row]:
        mapping = next(mapping for mapping in self.registry.mappings if mapping.source == raw_table)
        source_of = {target: source for source, target in mapping.declared.mappings.items()}
        by_symbol: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_symbol[row[source_of["symbol"]]].append(_typed(row))
        for symbol, trades in by_symbol.items():
            times = [trade[source_of["trade_ts"]] for trade in trades if trade.get(source_of["trade_ts"])]
            yield {
                "load_id": load,
                "raw_table": raw_table,
                "source": mapping.source_name,
                "stream": symbol,
                "channel": channel,
                "row_count": len(trades),
                "first_id": trades[0][source_of["trade_id"]],
                "last_id": trades[-1][source_of["trade_id"]],
                "min_event_ts": min(times, default=None),
                "max_event_ts": max(times, default=None),
                "ingest_ts": ingest_ts,
                "landed_at": ingest_ts,
            }

    def dbt(self, *arguments: str, succeeds: bool = True) -> dbtRunnerResult:
        """Run dbt in this process; `succeeds` says whether it is expected to succeed.

        Unless models are selected, those of events are left out, as in a run of `unify`.
        """
        os.environ["SCHEMAHUB_LAKE"] = self.location
        folders = ["--project-dir", str(self.project / "dbt_project"), "--profiles-dir", str(ROOT / "profiles")]
        work = ["--target", self.lake.engine, "--target-path", str(self.target_path), "--log-level-file", "none"]
        # only those of the docs are read
        files = [] if arguments[0] == "docs" else ["--no-write-json"]
        has_all = arguments[0] in ("run", "build", "test") and not {"--select", "--exclude"} & {*arguments}
        exclusion = ["--exclude", SELECTION] if has_all else []
        try:
            result = dbtRunner().invoke([*arguments, *exclusion, *folders, *work, *files, "--quiet"])
        finally:
            del os.environ["SCHEMAHUB_LAKE"]
        failed = [f"{each.node.name}: {each.message}" for each in _results(result) if each.status in ("error", "fail")]
        assert result.success == succeeds, failed or result.exception
        return result

    def rows(self, table: str, *, without: Sequence[str] = ()) -> list[Row]:
        """An Iceberg table's rows, in a stable order."""
        columns = [name for name in self.table(table).schema().column_names if name not in without]
        found = self.table(table).scan(selected_fields=tuple(columns)).to_arrow().select(columns).to_pylist()
        return sorted(found, key=lambda row: str(list(row.values())))

    def lose_views(self) -> None:
        """Remove what a run can create again: views, and tables that no other run reads."""
        if isinstance(self.lake, LocalLake):
            release_views()
            (self.lake.folder / "views.duckdb").unlink()
            return
        glue = boto3.client("glue")
        for table in glue.get_tables(DatabaseName="schemahub")["TableList"]:
            if table["TableType"] == "VIRTUAL_VIEW" or table["Name"] in ("pending_loads", "products"):
                glue.delete_table(DatabaseName="schemahub", Name=table["Name"])

    def table(self, name: str) -> Any:
        return self.lake.catalog.load_table(identifier(name))

    def snapshots(self, table: str) -> int:
        return len(self.table(table).snapshots())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows as dbt finds them, so that views can be queried too."""
        table = self.dbt("show", "--inline", sql, "--limit", "-1").result.results[0].agate_table
        return [tuple(row.values()) for row in table.rows]


Restore = Callable[[], LakeUnderTest]
"""A function that returns a lake in the state that it had when the tests began."""


def trade_ids(lake: LakeUnderTest, exchange: str) -> list[int]:
    return sorted(int(row["trade_id"]) for row in lake.rows("trades_unified") if row["exchange"] == exchange)


def binance(*ids: int, second: int = 0, **changes: object) -> list[Row]:
    """Trades of 2026-01-05 11:00, a second apart; `changes` are columns of the raw table."""
    return [
        {
            "id": str(number),
            "symbol": "BTCUSDT",
            "price": 100.0 + number,
            "qty": 0.5,
            "time": f"2026-01-05 11:00:{second + number % 50:02}.000123",
            "is_buyer_maker": number % 2 == 0,
            **changes,
        }
        for number in ids
    ]


def coinbase(*ids: int, **changes: object) -> list[Row]:
    return [
        {
            "trade_id": str(number),
            "product_id": "BTC-USD",
            "price": 100.0 + number,
            "size": 0.5,
            "side": "sell",
            "time": f"2026-01-05 11:00:{number % 60:02}",
            **changes,
        }
        for number in ids
    ]


def kraken(*ids: int, **changes: object) -> list[Row]:
    return [
        {
            "trade_id": str(number),
            "pair": "XBTUSD",
            "price": 101.0 + number,
            "volume": 0.5,
            "side": "b",
            "time": f"2026-01-05 11:00:{number % 60:02}",
            **changes,
        }
        for number in ids
    ]


def _typed(row: Mapping[str, Any]) -> Row:
    """The row with its times, which tests write as text, converted to datetimes."""
    return {k: datetime.fromisoformat(v) if k == "time" and isinstance(v, str) else v for k, v in row.items()}


def _results(result: dbtRunnerResult) -> Sequence[Any]:
    return getattr(result.result, "results", None) or ()
