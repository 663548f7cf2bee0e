"""The raw tables as the mappings declare them, for connectors and models."""

from lakehouse.lake import Lake
from lakehouse.ledger_commits import ledger_table, record_if_needed
from lakehouse.raw_table import table_of
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from loaders.connectors import load_connectors
from registry.registry import Registry


def declared_columns(registry: Registry) -> dict[str, tuple[LakeColumn, ...]]:
    """The columns of each raw table, under the source's own names."""
    return {
        mapping.source: tuple(
            LakeColumn(name, column.type, column.description) for name, column in mapping.raw_columns.items()
        )
        for mapping in registry.mappings
    }


def create_tables(lake: Lake, registry: Registry) -> None:
    """Create the ledger and the raw table of every mapping if missing, because models read even those never loaded.

    Also appends to the ledger what a loader that was killed could not.
    """
    columns = declared_columns(registry)
    for name in columns:
        ensure_table(lake, table_of(name, columns[name]))
    ensure_table(lake, ledger_table())
    for connector in load_connectors(columns).values():
        record_if_needed(lake, connector.raw)
