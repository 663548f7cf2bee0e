"""The raw tables, as the mappings declare them, for the connectors that land in them and the models that read them."""

from lakehouse.lake import Lake, ensure_table
from lakehouse.ledger import ledger_table
from lakehouse.raw_table import table_of
from lakehouse.table import LakeColumn
from registry.registry import Registry


def declared_columns(registry: Registry) -> dict[str, tuple[LakeColumn, ...]]:
    """The columns of each raw table, in the source's own words."""
    return {
        mapping.source: tuple(
            LakeColumn(name, column.type, column.description) for name, column in mapping.raw_columns.items()
        )
        for mapping in registry.mappings
    }


def create_tables(lake: Lake, registry: Registry) -> None:
    """Make the ledger and every raw table of a mapping, where missing: the models also read what was never loaded."""
    for name, columns in declared_columns(registry).items():
        ensure_table(lake, table_of(name, columns))
    ensure_table(lake, ledger_table())
