"""Everything that the dbt docs show has a description."""

import json
from typing import Any

import pytest

from registry.registry import load_registry
from schemahub.runs.events import SELECTION
from tests.support.lake_under_test import LakeUnderTest, on_duckdb_alone


@pytest.fixture(scope="module")
def documents(make_lake: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest and the catalog of a lake with events."""
    lake = make_lake.unified()
    lake.dbt("run", "--select", SELECTION)
    lake.dbt("docs", "generate")
    manifest, catalog = (
        json.loads((lake.target_path / f"{name}.json").read_text()) for name in ("manifest", "catalog")
    )
    return manifest, catalog


def test_every_table_and_column_is_described(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    manifest, catalog = documents
    shown = {**catalog["nodes"], **catalog["sources"]}
    events = 5 if manifest["metadata"]["adapter_type"] == "duckdb" else 8  # some steps are stored on Athena alone
    assert len(shown) == 13 + events + 2 * len(load_registry().mappings)  # a raw table and a staging model for each
    for unique_id, table in shown.items():
        described = {**manifest["nodes"], **manifest["sources"]}[unique_id]
        assert described["description"], unique_id
        assert table["columns"].keys() == described["columns"].keys(), unique_id
        assert all(column["description"].strip() for column in described["columns"].values()), unique_id


@on_duckdb_alone
def test_a_lake_without_events_has_docs_too(unified: LakeUnderTest) -> None:
    unified.dbt("docs", "generate")


def test_every_macro_and_exposure_is_described(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    manifest, _ = documents
    ours = [macro for macro in manifest["macros"].values() if macro["package_name"] == "schemahub"]
    undescribed = [m["name"] for m in ours if not m["description"] and not m["name"].startswith("test_")]
    assert undescribed == []
    assert all(exposure["description"] for exposure in manifest["exposures"].values())
    assert "trades_unified" in manifest["docs"]["doc.schemahub.__overview__"]["block_contents"]
