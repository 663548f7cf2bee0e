"""Rows of different engines, made comparable."""

import pyarrow as pa


def in_order(rows: pa.Table | None, like: pa.Table) -> pa.Table:
    """The rows, sorted, with the Arrow types of `like`, since engines differ in which kind of text they give."""
    assert rows is not None
    assert rows.column_names == like.column_names
    return rows.cast(like.schema).sort_by([(name, "ascending") for name in like.column_names])
