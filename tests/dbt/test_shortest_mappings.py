"""The shortest possible mappings, run by dbt: raw tables with only the mapped columns become the unified table."""

import shutil
from datetime import datetime
from pathlib import Path

from macros_gen.__main__ import main as generate
from registry.registry import load_registry
from tests.support.lake_under_test import ROOT, LakeUnderTest
from tests.support.lakes import local_home

SHORTEST = ROOT / "tests/registry/mappings"


def project(folder: Path) -> Path:
    for name in ("config", "dbt_project"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    for path in SHORTEST.iterdir():
        shutil.copy(path, folder / "config/mappings")
    assert generate(["--root", str(folder)]) == 0
    return folder


def test_mappings_without_columns_and_sides_are_unified(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    lake = LakeUnderTest(local_home(tmp_path / "home"), load_registry(folder), tmp_path / "target")
    lake.project = folder
    row = {"price": 97250.1, "time": "2026-01-05 11:00:01.000123"}
    binance = {**row, "id": "1", "symbol": "BTCUSDT", "qty": 0.5}
    coinbase = {**row, "trade_id": "7", "product_id": "BTC-USD", "size": 0.25}
    lake.land("raw_binance_trades", [binance], load="b1", at="2026-01-05 12:00:00")
    lake.land("raw_coinbase_trades", [coinbase], load="c1", at="2026-01-05 12:00:01")
    lake.dbt("run", "--select", "+trades_unified")
    columns = ("exchange", "symbol", "trade_id", "side", "price", "quantity", "trade_ts")
    at = datetime(2026, 1, 5, 11, 0, 1, 123)
    assert [tuple(row[column] for column in columns) for row in lake.rows("trades_unified")] == [
        ("BINANCE", "BTCUSDT", "1", "UNKNOWN", 97250.1, 0.5, at),
        ("COINBASE", "BTC-USD", "7", "UNKNOWN", 97250.1, 0.25, at),
    ]
