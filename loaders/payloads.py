"""JSON bodies: decoding them, telling a whole one from one that broke off, keeping each record's text."""

from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from .exceptions import UnexpectedPayload

T = TypeVar("T")

_records = msgspec.json.Decoder(list[msgspec.Raw])
_CLOSING = {b"[": b"]", b"{": b"}"}


def decode(decoder: msgspec.json.Decoder[T], body: bytes, *, venue: str) -> T:
    """Decode `body`; raises UnexpectedPayload naming the venue and the place in the body."""
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise UnexpectedPayload(f"{venue}: {error}; the answer began {body[:60]!r}") from error


def is_whole(body: bytes) -> bool:
    """Tell whether a JSON array or object ends as it began; a connection that was cut leaves one that doesn't."""
    text = body.strip()
    return text[-1:] == _CLOSING.get(text[:1])


def object_texts(array: bytes, count: int) -> pa.Array:
    """Text of each of the `count` objects in a JSON array of flat objects."""
    return _texts(array, count, b"{", b"}")


def array_texts(array: bytes, count: int) -> pa.Array:
    """Text of each of the `count` arrays in a JSON array of flat arrays."""
    return _texts(array, count, b"[", b"]")


def _texts(array: bytes, count: int, opening: bytes, closing: bytes) -> pa.Array:
    # Venues send compact JSON, whose records are cut apart faster than they are parsed. Anything else (white space
    # between records, the separator inside a text) shows in the ends or the number of the parts, and is parsed.
    if count and array.startswith(b"[" + opening) and array.endswith(closing + b"]"):
        parts = array[2:-2].split(closing + b"," + opening)
        if len(parts) == count:
            return _joined(parts, opening, closing)
    return pa.array([bytes(record) for record in _records.decode(array)], pa.binary()).cast(pa.string())


def _joined(parts: list[bytes], opening: bytes, closing: bytes) -> pa.Array:
    # puts the text array together from its buffers, which takes half the time of making it from the parts
    data = opening + (closing + opening).join(parts) + closing
    lengths = pc.add(pa.array(list(map(len, parts)), pa.int32()), pa.scalar(2, pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])
    return pa.StringArray.from_buffers(len(parts), offsets.buffers()[1], pa.py_buffer(data))
