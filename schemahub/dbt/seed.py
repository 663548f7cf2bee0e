"""The seed `products`: made anew only where its file has changed.

dbt makes a seed by dropping its table first, and on Athena whoever reads `trades_enriched` at that moment fails. There
the table is an Iceberg table, which keeps the digest of the file that it was made of. On DuckDB it is none, and made by
each run, while nobody else can read.
"""

import hashlib
from pathlib import Path

from lakehouse.lake import Lake, existing_table

from ..settings import PROJECT

NAME = "products"
FILE = PROJECT / "dbt_project" / "seeds" / "generated" / f"{NAME}.csv"

_MADE_OF = "schemahub.made-of"


def to_make(lake: Lake, *, full_refresh: bool = False) -> list[Path]:
    """The files of which a run will make tables."""
    return [FILE] if full_refresh or is_stale(lake) else []


def is_stale(lake: Lake) -> bool:
    """Whether a run has to make the table."""
    table = existing_table(lake, NAME)
    return table is None or table.properties.get(_MADE_OF) != _digest()


def mark_as_fresh(lake: Lake) -> None:
    """Note in the table which file it was made of."""
    if (table := existing_table(lake, NAME)) is not None:
        with table.transaction() as transaction:
            transaction.set_properties({_MADE_OF: _digest()})


def _digest() -> str:
    return hashlib.sha256(FILE.read_bytes()).hexdigest()
