"""Whether the tables that models read are there as declared, as far as their metadata tell without pyiceberg."""

from collections.abc import Mapping

import msgspec

from lakehouse.lake import Lake, TableState
from lakehouse.layout import COLUMNS_PROPERTY, LAYOUT, LAYOUT_PROPERTY
from lakehouse.ledger import LEDGER, has_unrecorded_loads
from registry.registry import Registry


def are_as_declared(lake: Lake, registry: Registry) -> bool:
    """Whether the ledger and every mapping's raw table are there, belong to this lake and have their columns.

    If not, or if the ledger lacks loads of a loader that was killed, `create_tables` adds what is missing, or says what
    another tool has done.
    """
    declared = {
        mapping.source: {name: column.type for name, column in mapping.raw_columns.items()}
        for mapping in registry.mappings
    }
    states = {name: lake.table_state(name) for name in (*declared, LEDGER)}
    return all(
        _is_as_declared(lake, name, states[name], types) and not _has_unrecorded_loads(states, name)
        for name, types in {**declared, LEDGER: {}}.items()
    )


def _has_unrecorded_loads(states: Mapping[str, TableState | None], name: str) -> bool:
    raw = states[name]
    return name != LEDGER and raw is not None and has_unrecorded_loads(raw, states[LEDGER], name)


def _is_as_declared(lake: Lake, name: str, state: TableState | None, types: Mapping[str, str]) -> bool:
    if state is None or state.location != lake.table_location(name):
        return False
    if state.properties.get(LAYOUT_PROPERTY) != str(LAYOUT):
        return False
    kept: dict[str, int] = msgspec.json.decode(state.properties.get(COLUMNS_PROPERTY, "{}"), type=dict[str, int])
    have_their_ids = all(column in state.columns and state.columns[column].id == id_ for column, id_ in kept.items())
    have_their_types = all(column in kept and state.columns[column].type == type_ for column, type_ in types.items())
    return have_their_ids and have_their_types
