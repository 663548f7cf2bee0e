"""Makes rows of different engines comparable."""

import pyarrow as pa


def in_order(rows: pa.Table | None, like: pa.Table) -> pa.Table:
    """The sorted rows, with the Arrow types of `like`, because engines return different types for text."""
    assert rows is not None
    assert rows.column_names == like.column_names
    return rows.cast(like.schema).sort_by([(name, "ascending") for name in like.column_names])
