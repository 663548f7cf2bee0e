"""The products table is built again if its file has changed, and not in every run."""

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.lake import identifier
from schemahub.dbt import seed
from tests.support.lakes import LakeHome


def test_the_products_table_is_stale_until_it_is_built_from_the_current_file(
    lake_home: LakeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_home.open()
    assert seed.is_stale(lake)
    lake.catalog.create_namespace_if_not_exists("schemahub")
    lake.catalog.create_table(identifier("products"), pa.schema([("symbol", pa.string())]), lake.table_location("p"))
    assert seed.is_stale(lake)
    seed.mark_as_fresh(lake)
    assert not seed.is_stale(lake)
    changed = tmp_path / "products.csv"
    changed.write_text(seed.FILE.read_text() + "KRAKEN,NEW,NEW,USD\n")
    monkeypatch.setattr(seed, "FILE", changed)
    assert seed.is_stale(lake)


def test_every_run_builds_products_if_they_are_not_an_iceberg_table(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    seed.mark_as_fresh(lake)
    assert seed.is_stale(lake)
