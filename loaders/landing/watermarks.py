"""Watermarks: how far each stream has landed, in properties of the raw table that a commit sets together with the rows.

Properties outlive snapshots, which expire. There is one per stream, so a load writes only those that moved:

    schemahub.watermark.BTC-USD = {"token": "7239338", "last_id": "7239338"}
"""

import msgspec
from pyiceberg.table import Table

from ..connector import Cursor

_PREFIX = "schemahub.watermark."


class _Watermark(msgspec.Struct):
    token: str
    last_id: str


def read_watermark(table: Table, stream: str) -> Cursor | None:
    """The position up to which `stream` has landed; None if nothing has."""
    text = table.properties.get(_PREFIX + stream)
    if text is None:
        return None
    stored = msgspec.json.decode(text, type=_Watermark)
    return Cursor(stored.token, stored.last_id)


def watermark_properties(cursors: dict[str, Cursor]) -> dict[str, str]:
    """The properties to set in the commit that lands up to `cursors`, which hold one position per stream."""
    return {
        _PREFIX + stream: msgspec.json.encode(_Watermark(cursor.token, cursor.last_id)).decode()
        for stream, cursor in cursors.items()
    }
