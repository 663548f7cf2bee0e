"""A lake of each kind made through the loaders' own table code, and dbt in this process on it.

    lake.land("raw_kraken_trades", [{"trade_id": "1", …}], load="a", at="2026-01-05 12:00:00")
    lake.dbt("run")
    lake.rows("trades_unified")

`land` is what a load does: one append to the raw table, then the ledger rows. A trade column left out is null.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from lakehouse.lake import ensure_table, identifier
from lakehouse.ledger import LEDGER
from lakehouse.local import LocalLake
from lakehouse.table import Column, LakeTable
from macros_gen.registry import Registry
from profiles.local_iceberg import release_views
from tests.lakes import LakeHome, glue_home, local_home

ROOT = Path(__file__).resolve().parents[2]

Row = dict[str, Any]

STORED = ("trades_unified", "trades_1m_versions", "unified_loads")
"""The tables that runs add to."""

on_duckdb_alone = pytest.mark.parametrize("make_lake", ["duckdb"], indirect=True)
"""For what the engine has no say in; a run on Athena takes some seconds."""


def raw_tables(registry: Registry) -> dict[str, LakeTable]:
    """The raw tables, as the mappings declare them."""
    tables = {}
    for mapping in registry.mappings:
        declared = {**(mapping.declared.columns or {}), **registry.lake.provenance}
        columns = tuple(Column(name, column.type, column.description) for name, column in declared.items())
        tables[mapping.source] = LakeTable(mapping.source, columns, "_source_ingest_ts")
    return tables


class TestLake:
    __test__ = False
    _last_on_glue = ""

    def __init__(self, home: LakeHome, registry: Registry, target_path: Path) -> None:
        self.home = home
        self.lake = home.open()
        self.location = home.location
        self.views = "schemahub" if home.is_on_aws else "views.schemahub"
        """The schema of the views, in SQL."""
        self.registry = registry
        self.target_path = target_path
        if home.is_on_aws:
            TestLake._last_on_glue = self.location
        self.project = ROOT
        """The folder that dbt_project/ is taken from."""
        self.tables = raw_tables(registry)
        for table in (*self.tables.values(), LEDGER):
            ensure_table(self.lake, table)

    @property
    def is_there(self) -> bool:
        """Whether its tables are still in the catalog: all lakes on Glue share one database."""
        return isinstance(self.lake, LocalLake) or TestLake._last_on_glue == self.location

    def land(
        self, raw_table: str, rows: Sequence[Row], *, load: str, at: str, channel: str = "rest", ledger: bool = True
    ) -> None:
        """Append rows as one load whose ingest time is `at`; without the ledger where the load 'crashed' before it."""
        ingest_ts = datetime.fromisoformat(at)
        provenance = {
            "_source": "test",
            "_source_ingest_ts": ingest_ts,
            "_channel": channel,
            "_dlt_load_id": load,
        }
        self._append(self.tables[raw_table], [{**_typed(row), **provenance} for row in rows])
        if ledger:
            self._append(LEDGER, list(self._ledger_rows(raw_table, rows, load, ingest_ts, channel)))

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
                "exchange": mapping.exchange,
                "symbol": symbol,
                "channel": channel,
                "row_count": len(trades),
                "first_id": trades[0][source_of["trade_id"]],
                "last_id": trades[-1][source_of["trade_id"]],
                "min_trade_ts": min(times, default=None),
                "max_trade_ts": max(times, default=None),
                "ingest_ts": ingest_ts,
                "landed_at": ingest_ts,
            }

    def dbt(self, *arguments: str, succeeds: bool = True) -> dbtRunnerResult:
        """Run dbt in this process; `succeeds` is what is expected of it."""
        os.environ["SCHEMAHUB_LAKE"] = self.location
        folders = ["--project-dir", str(self.project / "dbt_project"), "--profiles-dir", str(ROOT / "profiles")]
        work = ["--target", self.lake.engine, "--target-path", str(self.target_path), "--log-level-file", "none"]
        try:
            result = dbtRunner().invoke([*arguments, *folders, *work, "--quiet"])
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
        """Lose what a run can make again: views, and tables that no other run reads."""
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
        """What dbt finds, so that views are at hand too."""
        table = self.dbt("show", "--inline", sql, "--limit", "-1").result.results[0].agate_table
        return [tuple(row.values()) for row in table.rows]


def trade_ids(lake: TestLake, exchange: str) -> list[int]:
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
    """The row with times, which tests write as text, as times."""
    return {k: datetime.fromisoformat(v) if k == "time" and isinstance(v, str) else v for k, v in row.items()}


def _results(result: dbtRunnerResult) -> Sequence[Any]:
    return getattr(result.result, "results", None) or ()


@pytest.fixture(scope="session", params=["duckdb", pytest.param("athena", marks=pytest.mark.athena)])
def make_lake(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry
) -> Iterator[Callable[[], TestLake]]:
    """Makes empty lakes of one kind; one target path for all, so that dbt parses the project once."""
    target_path = tmp_path_factory.mktemp("dbt-target")
    with ExitStack() as stack:
        if request.param == "duckdb":
            homes: Callable[[], LakeHome] = lambda: local_home(tmp_path_factory.mktemp("the lake's"))  # noqa: E731
        else:
            athena = request.getfixturevalue("shared_athena")
            stack.enter_context(athena.in_use())
            homes = lambda: glue_home(athena.new_bucket(), tmp_path_factory.mktemp("lake"))  # noqa: E731
        yield lambda: TestLake(homes(), registry, target_path)


def _with_three_loads(lake: TestLake) -> TestLake:
    lake.land("raw_binance_trades", binance(1, 2, 3), load="b1", at="2026-01-05 12:00:00")
    lake.land("raw_coinbase_trades", coinbase(9, 10, 11), load="c1", at="2026-01-05 12:00:01")
    lake.land("raw_kraken_trades", kraken(9, 10), load="k1", at="2026-01-05 12:00:02")
    return lake


@pytest.fixture
def unified(make_lake: Callable[[], TestLake]) -> TestLake:
    """A lake whose first three loads, one a venue, are unified."""
    lake = _with_three_loads(make_lake())
    lake.dbt("build", "--exclude-resource-type", "test", "unit_test")
    return lake


@pytest.fixture
def quiet_lake(make_lake: Callable[[], TestLake]) -> TestLake:
    """As `unified`, built with all tests, for tests that add nothing; kept for as long as no other is made on Glue."""
    if make_lake not in _quiet_lakes or not _quiet_lakes[make_lake].is_there:
        lake = _with_three_loads(make_lake())
        lake.dbt("build")
        _quiet_lakes[make_lake] = lake
    return _quiet_lakes[make_lake]


_quiet_lakes: dict[Callable[[], TestLake], TestLake] = {}
