"""The columns of a raw table are those that the mapping declares or, if it declares none, those that it maps."""

from pathlib import Path

import pytest

from registry.registry import Mapping, load_registry
from registry.transforms import CATALOGUE
from tests.support.spoilable_project import Project

SHORTEST = Path(__file__).parent / "mappings"
BINANCE = "config/mappings/binance_trades.yaml"


def with_shortest_mappings(project: Project) -> Project:
    """The project, with the shortest possible mappings for Binance and Coinbase."""
    for path in SHORTEST.iterdir():
        project.write(f"config/mappings/{path.name}", path.read_text())
    return project


def mapping_of(project: Project, source: str) -> Mapping:
    (found,) = (mapping for mapping in project.load().mappings if mapping.source == source)
    return found


MAPPED = {
    "raw_binance_trades": {
        "id": ("string", "Becomes `trade_id`."),
        "symbol": ("string", "Becomes `symbol`."),
        "price": ("double", "Becomes `price`."),
        "qty": ("double", "Becomes `quantity`."),
        "time": ("timestamp", "Becomes `trade_ts`."),
    },
    "raw_coinbase_trades": {
        "trade_id": ("string", "Becomes `trade_id`."),
        "product_id": ("string", "Becomes `symbol`."),
        "price": ("double", "Becomes `price`."),
        "size": ("double", "Becomes `quantity`."),
        "time": ("timestamp", "Becomes `trade_ts`."),
    },
}


@pytest.mark.parametrize("source", MAPPED)
def test_a_mapping_without_columns_has_the_mapped_ones(project: Project, source: str) -> None:
    columns = mapping_of(with_shortest_mappings(project), source).raw_columns
    assert {name: (column.type, column.description) for name, column in columns.items()} == MAPPED[source]


@pytest.mark.parametrize("name", CATALOGUE)
def test_without_columns_a_raw_column_has_the_type_that_connectors_land(project: Project, name: str) -> None:
    target = "config/targets/trades_unified.yaml"
    given = CATALOGUE[name].gives
    project.replace(target, "columns:\n", f"columns:\n  seen: {{type: {given}, description: x}}\n")
    text = (SHORTEST / "binance_trades.yaml").read_text()
    project.write(BINANCE, text.replace("mappings:\n", "mappings:\n  sent: seen\n") + f"  seen: {name}\n")
    sent = mapping_of(project, "raw_binance_trades").raw_columns["sent"]
    assert sent.type == ("boolean" if name == "side_from_buyer_is_maker" else given)


@pytest.mark.parametrize("mapping", load_registry().mappings, ids=lambda mapping: mapping.source)
def test_declared_columns_are_the_raw_table(mapping: Mapping) -> None:
    assert mapping.declared.columns is not None
    assert mapping.raw_columns == mapping.declared.columns


def test_columns_of_older_formats_are_included_and_those_of_every_raw_table_are_not(project: Project) -> None:
    text = (SHORTEST / "binance_trades.yaml").read_text()
    text = text.replace("  time: trade_ts\n", "  time: trade_ts\n  _source_ingest_ts: ingest_ts\n")
    versions = "versions: [{until: 2026-01-01, mappings: {volume: quantity}, transforms: {volume: to_double}}]\n"
    project.write(BINANCE, text + versions)
    columns = mapping_of(project, "raw_binance_trades").raw_columns
    assert list(columns) == ["id", "symbol", "price", "qty", "time", "volume"]
    assert columns["volume"].type == "double"


def test_a_mapping_without_a_description_describes_its_raw_table(project: Project) -> None:
    described = mapping_of(with_shortest_mappings(project), "raw_binance_trades").description
    assert described == "Rows of raw_binance_trades as they were landed."


def test_a_raw_table_names_its_source_and_its_entity(project: Project) -> None:
    project.replace(BINANCE, "source: raw_binance_trades", "source: raw_binance_us_trades")
    mapping = mapping_of(project, "raw_binance_us_trades")
    assert (mapping.source_name, mapping.entity) == ("binance_us", "trades")
