"""Products are made anew where their file has changed, and not in each run."""

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.lake import identifier
from schemahub.dbt import seed
from tests.support.lakes import LakeHome


def test_a_table_of_products_is_stale_until_it_is_made_of_the_file_as_it_is(
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


def test_where_products_are_no_iceberg_table_each_run_makes_them(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    seed.mark_as_fresh(lake)
    assert seed.is_stale(lake)
