"""Whether the tables that models read are there as declared, as far as their metadata tell without pyiceberg."""

from collections.abc import Mapping

import msgspec

from lakehouse.lake import Lake
from lakehouse.layout import COLUMNS_PROPERTY, LAYOUT, LAYOUT_PROPERTY
from lakehouse.ledger import LEDGER
from registry.registry import Registry


def are_as_declared(lake: Lake, registry: Registry) -> bool:
    """Whether the ledger and every mapping's raw table are there, belong to this lake and have their columns.

    If not, `create_tables` adds what is missing, or says what another tool has done.
    """
    declared = {
        mapping.source: {name: column.type for name, column in mapping.raw_columns.items()}
        for mapping in registry.mappings
    }
    return all(_is_as_declared(lake, name, types) for name, types in {**declared, LEDGER: {}}.items())


def _is_as_declared(lake: Lake, name: str, types: Mapping[str, str]) -> bool:
    state = lake.table_state(name)
    if state is None or state.location != lake.table_location(name):
        return False
    if state.properties.get(LAYOUT_PROPERTY) != str(LAYOUT):
        return False
    kept: dict[str, int] = msgspec.json.decode(state.properties.get(COLUMNS_PROPERTY, "{}"), type=dict[str, int])
    have_their_ids = all(column in state.columns and state.columns[column].id == id_ for column, id_ in kept.items())
    have_their_types = all(column in kept and state.columns[column].type == type_ for column, type_ in types.items())
    return have_their_ids and have_their_types
