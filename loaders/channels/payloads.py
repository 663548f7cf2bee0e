"""JSON bodies: decodes them, recognises truncated ones, and keeps the text of each record.

A body comes from the exchange and may contain anything. A value that differs from the exchange's documentation becomes
null, and its row is rejected later. A body whose records or ids can't be told apart raises UnexpectedPayload.
"""

import struct
from array import array
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.printable import printable

from ..errors import UnexpectedPayload

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_any = msgspec.json.Decoder(msgspec.Raw)
_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
_any_records = msgspec.json.Decoder(list[Any], float_hook=str)  # so that all digits, and 1e999, are kept
_CLOSING = {b"[": b"]", b"{": b"}"}
_WHITE_SPACE = (b" ", b"\n", b"\r", b"\t")
_PACKED_AS = {pa.float64(): "d", pa.int64(): "q"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FIRST_US = -62_135_596_800_000_000
"""The beginning of the year 1, in microseconds since 1970. Every reader of the tables can show the years 1 to 9999."""
LAST_US = 253_402_300_799_999_999
"""The end of the year 9999, in microseconds since 1970."""

_UNITS_IN_US = ((10**11, Decimal(10**6)), (10**14, Decimal(1000)), (10**17, Decimal(1)), (10**26, Decimal("0.001")))
"""For seconds, milliseconds, microseconds and nanoseconds: the number below which a time is in that unit, and the unit
in microseconds. Times from 1973 to 5138 are recognised in every unit."""


def decode(decoder: msgspec.json.Decoder[T], body: bytes, *, exchange: str) -> T:
    """Decode `body`; raises UnexpectedPayload naming the exchange and the place in the body."""
    try:
        body.decode()  # otherwise a bad byte in a field that isn't read would be landed in the payload
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnexpectedPayload(
            f"{exchange}: {printable(str(error), 200)}; the response began {body[:60]!r}"
        ) from error


def decode_or_none(decoder: msgspec.json.Decoder[T], body: bytes) -> T | None:
    """Decode `body`, for example an exchange's error; None if it is something else."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def decode_records(decoder: msgspec.json.Decoder[list[S]], kind: type[S], body: bytes, *, exchange: str) -> list[S]:
    """Decode an array of records of `kind`; values of another type than documented become null.

    Raises:
        UnexpectedPayload: the body is not such an array, a record lacks a field without a default, or a field that
            can't be null has no usable value.
    """
    try:
        body.decode()
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_record(kind, record, exchange) for record in decode(_any_records, body, exchange=exchange)]


def _record(kind: type[S], record: Any, exchange: str) -> S:
    is_array = kind.__struct_config__.array_like
    if not isinstance(record, list if is_array else dict):
        raise UnexpectedPayload(f"{exchange}: expected a trade, found {_shown(record)}")
    values = {}
    for place, field in enumerate(msgspec.structs.fields(kind)):
        has_value = place < len(record) if is_array else field.encode_name in record
        if has_value:
            values[field.name] = _value(field, record[place if is_array else field.encode_name], exchange)
        elif field.required:
            raise UnexpectedPayload(
                f"{exchange}: expected `{field.encode_name}` in every trade, found {_shown(record)}"
            )
    return kind(**values)


def _value(field: msgspec.structs.FieldInfo, value: Any, exchange: str) -> Any:
    if field.type is msgspec.Raw:
        return msgspec.Raw(value.encode() if isinstance(value, str) else msgspec.json.encode(value))
    is_number = isinstance(value, int) and not isinstance(value, bool)  # the documented type may be text
    for candidate in [value, _shown(value)] if is_number else [value]:
        with suppress(msgspec.ValidationError, ValueError, OverflowError, RecursionError):
            return msgspec.convert(candidate, field.type, strict=False)
    try:
        return msgspec.convert(None, field.type)
    except msgspec.ValidationError:
        raise UnexpectedPayload(
            f"{exchange}: expected a valid `{field.encode_name}` in every trade, found {_shown(value)!r}"
        ) from None


def _shown(value: Any) -> str:
    try:
        return printable(str(value), 100)
    except (ValueError, RecursionError):  # a number with thousands of digits, brackets within brackets
        return "a value that can't be shown"


def numbers(values: Sequence[float | str | None]) -> pa.Array:
    """Numbers from numbers or texts; null if a text isn't a number, for example if it is empty."""
    with suppress(struct.error):
        return packed(values, pa.float64())
    try:
        return pa.array(values).cast(pa.float64())
    except pa.ArrowInvalid:
        return pa.array([_number(value) for value in values], pa.float64())


def _number(value: float | str | None) -> float | None:
    try:
        return msgspec.convert(value, float | None, strict=False)
    except msgspec.ValidationError:
        return None


def packed(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An array of float64 or int64, made in less than half the time that `pa.array` takes.

    Raises:
        struct.error: a value is null, a text, or out of range.
    """
    data = struct.pack(f"{len(values)}{_PACKED_AS[kind]}", *values)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(data)])


def extremes(values: Sequence[int]) -> tuple[int, int]:
    """The lowest and the highest value; both are 0 if there is none."""
    ordered = sorted(values)  # faster than `min` and `max`, because a page's ids and times are nearly always sorted
    return (ordered[0], ordered[-1]) if ordered else (0, 0)


def mostly_equal(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An array of values that are equal in nearly every page, in which case it is made much faster."""
    if values and values.count(values[0]) == len(values):
        return pa.repeat(pa.scalar(values[0], kind), len(values))
    return pa.array(values, kind)


def moment_us(value: Any) -> int | None:
    """Microseconds since 1970, UTC, from a number, whose size shows its unit, or from ISO text; None for anything else.

    The time is truncated, not rounded, to the microsecond in which the trade happened.
    """
    if isinstance(value, str) and (written := _written_us(value.strip().strip('"'))) is not None:
        return written
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(value.strip().strip('"') if isinstance(value, str) else value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    if not number.is_finite() or number < 0 or number.adjusted() > 25:
        return None
    unit = next(unit for limit, unit in _UNITS_IN_US if number < limit)
    return _in_years(int(number * unit))


def _written_us(text: str) -> int | None:
    if "-" not in text[1:] or "e" in text.lower():  # a number, which fromisoformat might take for a date
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        since = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return _in_years((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds)


def _in_years(microseconds: int) -> int | None:
    return microseconds if FIRST_US <= microseconds <= LAST_US else None


def moments(values: Sequence[Any]) -> pa.Array:
    """Times in any form that `moment_us` accepts; null for anything else."""
    return pa.array([moment_us(value) for value in values], pa.int64()).cast(pa.timestamp("us"))


def raw_texts(values: Sequence[msgspec.Raw]) -> pa.Array:
    """The text of each JSON value of a decoded body, with the quotes of a string."""
    # only an array or object has line breaks in it; a page's values can be split faster than converted one by one
    joined = b"\n".join(values)
    texts = _parts(joined, 0, len(joined), "\n")
    if len(texts) == len(values):
        return texts
    return pa.array([bytes(value) for value in values], pa.binary()).cast(pa.string())


def is_whole(body: bytes) -> bool:
    """Whether a JSON array or object is complete, and not the beginning of one, as after a cut connection."""
    text = body.strip()
    if text[-1:] != _CLOSING.get(text[:1]):
        return False
    # the end of a record within it may look like its end, unless there is no other array in it; brackets within texts
    # are rare, and then it is read
    if text[-2:] == b"}]" and text.find(b"[", 1) < 0 and text.find(b"]") == len(text) - 1:  # faster than counting
        return True
    return text.count(b"{") == text.count(b"}") or not _ends_early(text)


def _ends_early(text: bytes) -> bool:
    try:
        _any.decode(text)
    except msgspec.DecodeError as error:
        return "truncated" in str(error)
    return False


def is_json(body: bytes) -> bool:
    """Whether a body begins like JSON. An empty body counts, because it may have been cut."""
    return body.lstrip()[:1] in (b"", *_CLOSING)


def object_texts(body: bytes, count: int) -> pa.Array:
    """The text of each of the `count` objects in a JSON array of objects that was decoded."""
    return _texts(body, count, "{")


def array_texts(body: bytes, count: int) -> pa.Array:
    """The text of each of the `count` arrays in a JSON array of arrays that was decoded."""
    return _texts(body, count, "[")


def _texts(body: bytes, count: int, opening: str) -> pa.Array:
    # Exchanges send compact JSON, whose records can be split faster than parsed. Without white space, each record after
    # the first follows a comma directly. So if the parts are as many as the records, no record was cut at a comma and
    # a bracket inside it. Anything else is parsed.
    if count and not any(space in body for space in _WHITE_SPACE):
        parts = _parts(body, 2, len(body) - 1, f",{opening}")
        if len(parts) == count:
            return pc.binary_replace_slice(parts, 0, 0, opening)
    return pa.array([bytes(record) for record in _raw_records.decode(body)], pa.binary()).cast(pa.string())


def _parts(text: bytes, start: int, stop: int, separator: str) -> pa.StringArray:
    """The parts of `text` from `start` to `stop`, which are split where they lie, without a copy of the text."""
    buffers = [None, pa.py_buffer(array("i", [start, stop])), pa.py_buffer(text)]
    return pc.split_pattern(pa.Array.from_buffers(pa.string(), 1, buffers), separator).values
