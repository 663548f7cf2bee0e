"""The seed `products`, which is built again only if its file has changed.

dbt builds a seed by dropping its table first, so on Athena a query of `trades_enriched` at that moment fails. There the
table is an Iceberg table, which keeps the digest of the file that it was built from. On DuckDB it isn't an Iceberg
table, and a run that makes the views makes it too, while no other process can read.
"""

import hashlib
from pathlib import Path

from lakehouse.lake import Lake

from ..settings import PROJECT

NAME = "products"
FILE = PROJECT / "dbt_project" / "seeds" / "generated" / f"{NAME}.csv"

_MADE_OF = "schemahub.made-of"


def to_make(lake: Lake, *, full_refresh: bool = False) -> list[Path]:
    """The seed files from which a run will build tables."""
    return [FILE] if full_refresh or is_stale(lake) else []


def is_stale(lake: Lake) -> bool:
    """Whether a run must build the table."""
    state = lake.table_state(NAME)
    return state is None or state.properties.get(_MADE_OF) != _digest()


def mark_as_fresh(lake: Lake) -> None:
    """Record in the table which file it was built from."""
    from lakehouse.tables import existing_table  # with pyiceberg, whose import takes most of a second

    if (table := existing_table(lake, NAME)) is not None:
        with table.transaction() as transaction:
            transaction.set_properties({_MADE_OF: _digest()})


def _digest() -> str:
    return hashlib.sha256(FILE.read_bytes()).hexdigest()
