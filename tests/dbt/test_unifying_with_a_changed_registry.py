"""A column that is added to the registry later is added to a table that already holds rows."""

import shutil
from pathlib import Path

import pytest

from macros_gen.__main__ import main as generate
from tests.support.lake_under_test import ROOT, LakeUnderTest, kraken


def with_order_types(folder: Path) -> Path:
    """Return a project whose unified table has one more column, which Kraken fills."""
    for name in ("config", "dbt_project"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    change(folder / "config/targets/trades_unified.yaml", "key: [", ORDER_TYPE + "key: [")
    change(folder / "config/mappings/kraken_trades.yaml", "  side: side\n", "  side: side\n  order_type: order_type\n")
    generate(["--root", str(folder)])
    return folder


ORDER_TYPE = "  order_type:\n    type: string\n    description: m where the taker's order was a market order.\n"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.slow
def test_a_new_column_is_added_and_filled_from_the_next_load_on(unified: LakeUnderTest, tmp_path: Path) -> None:
    before = unified.rows("trades_unified")
    unified.use(with_order_types(tmp_path))
    unified.land("raw_kraken_trades", kraken(10, 11, order_type="m"), load="k2", at="2026-01-05 13:00:00")
    unified.dbt("run")
    rows = unified.rows("trades_unified")
    assert [row for row in rows if row["order_type"] is None] == [row | {"order_type": None} for row in before]
    assert [(row["trade_id"], row["order_type"]) for row in rows if row["order_type"]] == [("11", "m")]
    unified.dbt("run", "--full-refresh")
    refreshed = {row["trade_id"]: row["order_type"] for row in unified.rows("trades_unified")}
    assert (refreshed["9"], refreshed["11"]) == (None, "m")
