"""A demo with two mappings that say no more than they must, and no third one: what it lands and unifies."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lakehouse.local import LocalLake
from schemahub.runs.demo import MARKET_START
from simulator.exchanges import Trade, draw_market
from tests.support.project_copy import copy_project, run

pytestmark = [pytest.mark.long, pytest.mark.slow]

MAPPINGS = Path(__file__).parent / "registry/mappings"
TRADES = 2_000
LISTINGS = {
    "binance": {"BTCUSDT": "BTC-USDT", "ETHUSDT": "ETH-USDT"},
    "coinbase": {name: name for name in ("BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT")},
}


@dataclass(frozen=True)
class Demo:
    finished: subprocess.CompletedProcess[str]
    lake: LocalLake

    def rows(self, table: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.lake.catalog.load_table(f"schemahub.{table}").scan().to_arrow().to_pylist()
        return rows


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    project = copy_project(tmp_path_factory.mktemp("project"))
    shutil.rmtree(project / "config/mappings")
    shutil.copytree(MAPPINGS, project / "config/mappings")
    finished = run(project, "-m", "schemahub", "demo", "--lake", "lake", "--trades", str(TRADES))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return Demo(finished, LocalLake(project / "lake"))


def served() -> Mapping[tuple[str, str, str], Trade]:
    """The trades of both exchanges, by exchange, symbol and id as the unified table has them."""
    market = draw_market(trades=TRADES, start=MARKET_START)
    return {
        (exchange.upper(), name, str(trade.id)): trade
        for exchange, names in LISTINGS.items()
        for name, symbol in names.items()
        for trade in market.trades_of(exchange, symbol)
    }


def test_every_trade_that_is_served_is_unified_once(demo: Demo) -> None:
    rows = demo.rows("trades_unified")
    by_key = {(row["exchange"], row["symbol"], row["trade_id"]): row for row in rows}
    assert len(by_key) == len(rows)
    assert {key: (row["price"], row["quantity"], row["trade_ts"]) for key, row in by_key.items()} == {
        key: (float(trade.price), float(trade.quantity), in_utc(trade.time_ns)) for key, trade in served().items()
    }


def in_utc(time_ns: int) -> datetime:
    seconds, rest = divmod(time_ns, 10**9)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None, microsecond=rest // 1_000)


def test_the_demo_ends_with_the_link_to_the_replay_of_its_large_event(demo: Demo) -> None:
    *_, command, link = demo.finished.stdout.splitlines()
    assert command.endswith("schemahub serve --lake lake")
    assert link.strip() == "http://127.0.0.1:8700/replay?symbol=BTC-USD&at=2024-02-08T15:12:04Z"


def test_a_side_without_mapping_is_unknown(demo: Demo) -> None:
    assert {row["side"] for row in demo.rows("trades_unified")} == {"UNKNOWN"}


def test_the_raw_table_has_the_mapped_columns_and_the_payload_has_the_rest(demo: Demo) -> None:
    schema = demo.lake.catalog.load_table("schemahub.raw_binance_trades").schema()
    own = {field.name: str(field.field_type) for field in schema.fields if not field.name.startswith("_")}
    assert own == {"id": "string", "symbol": "string", "price": "double", "qty": "double", "time": "timestamp"}
    assert all("isBuyerMaker" in msgspec.json.decode(row["_raw_payload"]) for row in demo.rows("raw_binance_trades"))


def test_an_exchange_without_a_mapping_is_left_out(demo: Demo) -> None:
    assert "kraken" not in demo.finished.stdout
    assert "schemahub.raw_kraken_trades" not in {".".join(name) for name in demo.lake.catalog.list_tables("schemahub")}
