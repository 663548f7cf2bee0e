"""Columns of numbers packed for the browser, which maps them as typed arrays without parsing.

A frame is a little-endian uint32, the length of a JSON header; the header, padded with spaces; and the columns, each
padded with zeros. Columns begin at multiples of 8 bytes. The header has what describes the frame, and `columns`: for
each its name, the type of its JavaScript array and its number of values. `static/frames.js` reads it.
"""

import json
from collections.abc import Mapping

import pyarrow as pa

_JAVASCRIPT = {
    pa.int32(): "Int32",
    pa.uint8(): "Uint8",
    pa.uint16(): "Uint16",
    pa.uint32(): "Uint32",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
}
MEDIA_TYPE = "application/octet-stream"


def pack(meta: Mapping[str, object], columns: "pa.Table | Mapping[str, pa.Array]") -> bytes:
    """One frame of columns without nulls, and of what describes them; raises ValueError for other types."""
    table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    described = [[field.name, _type_of(field), table.num_rows] for field in table.schema]
    header = json.dumps({**meta, "columns": described}, separators=(",", ":"), allow_nan=False).encode()
    header += b" " * (-(len(header) + 4) % 8)
    parts: list[bytes | memoryview] = [len(header).to_bytes(4, "little"), header]
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count:
            raise ValueError(f"column {name!r} has {column.null_count} nulls; a frame holds numbers alone")
        size = 0
        for chunk in column.chunks:
            width = chunk.type.bit_width // 8
            values = memoryview(chunk.buffers()[1])[chunk.offset * width : (chunk.offset + len(chunk)) * width]
            parts.append(values)
            size += len(values)
        parts.append(b"\0" * (-size % 8))
    return b"".join(parts)


def _type_of(field: pa.Field) -> str:
    if (name := _JAVASCRIPT.get(field.type)) is None:
        raise ValueError(f"column {field.name!r} is {field.type}; expected one of {', '.join(map(str, _JAVASCRIPT))}")
    return name
