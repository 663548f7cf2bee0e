"""The shortest possible mappings, run by dbt: raw tables with only the mapped columns become the unified table."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from lakehouse.raw_table import RawTable
from macros_gen.__main__ import main as generate
from registry.registry import load_registry
from registry.transforms import CATALOGUE
from schemahub.runs.raw_tables import declared_columns
from tests.support.lake_under_test import ROOT, LakeUnderTest
from tests.support.lakes import local_home

pytestmark = pytest.mark.slow

SHORTEST = ROOT / "tests/registry/mappings"


TYPED = {
    "string": "Buy",
    "double": 1.5,
    "long": 7,
    "boolean": True,
    "timestamp": datetime(2026, 1, 5, 11, 0, 1, 123),
}
"""A value of each type, as connectors land it."""
MEANINGS = {
    "upper": "BUY",
    "lower": "buy",
    "side_from_buyer_is_maker": "SELL",
    "side_from_maker_side": "SELL",
    "side_from_taker_side": "BUY",
}
"""What transforms that change more than a type make of it."""


def project(folder: Path) -> Path:
    for name in ("config", "dbt_project"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    for path in SHORTEST.iterdir():
        shutil.copy(path, folder / "config/mappings")
    assert generate(["--root", str(folder)]) == 0
    return folder


def test_mappings_without_columns_and_sides_are_unified(tmp_path: Path, target_path: Path) -> None:
    folder = project(tmp_path / "project")
    lake = LakeUnderTest(local_home(tmp_path / "home"), load_registry(folder), target_path)
    lake.use(folder)
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


def test_every_transform_without_columns_reads_what_connectors_land(tmp_path: Path, target_path: Path) -> None:
    folder = project(tmp_path / "project")
    target, mapping = folder / "config/targets/trades_unified.yaml", folder / "config/mappings/binance_trades.yaml"
    seen = "".join(f"  seen_{name}: {{type: {each.gives}, description: x}}\n" for name, each in CATALOGUE.items())
    target.write_text(target.read_text().replace("columns:\n", f"columns:\n{seen}", 1))
    pairs = "".join(f"  sent_{name}: seen_{name}\n" for name in CATALOGUE)
    transforms = "".join(f"  sent_{name}: {name}\n" for name in CATALOGUE)
    text = mapping.read_text().replace("mappings:\n", f"mappings:\n{pairs}", 1)
    mapping.write_text(text.replace("transforms:\n", f"transforms:\n{transforms}", 1))
    assert generate(["--root", str(folder)]) == 0

    lake = LakeUnderTest(local_home(tmp_path / "home"), load_registry(folder), target_path)
    lake.use(folder)
    columns = declared_columns(lake.registry)["raw_binance_trades"]
    sent = {
        f"sent_{name}": True if name == "side_from_buyer_is_maker" else TYPED[CATALOGUE[name].gives]
        for name in CATALOGUE
    }
    trade = {"id": "1", "symbol": "BTCUSDT", "price": 97250.1, "qty": 0.5, "time": TYPED["timestamp"], **sent}
    raw = RawTable("binance", "trades", "symbol", "id", "time").with_columns(columns)
    batch = raw.batch({name: [value] for name, value in {**trade, "_raw_payload": "{}"}.items()})
    assert batch.num_rows == 1

    lake.land("raw_binance_trades", [trade], load="b1", at="2026-01-05 12:00:00")
    lake.dbt("run", "--select", "+trades_unified")
    (row,) = lake.rows("trades_unified")
    expected = {name: MEANINGS.get(name, TYPED[each.gives]) for name, each in CATALOGUE.items()}
    assert {name: row[f"seen_{name}"] for name in CATALOGUE} == expected
