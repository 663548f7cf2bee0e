"""Decodes the trades of many WebSocket messages at once, and finds the few messages that are wrong.

Nearly all messages are sound, so they are joined to one JSON array and decoded together, which takes a fraction of the
time. Only if that fails, each message is decoded alone, and every wrong one becomes a problem of one line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite, nan
from typing import Generic, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.printable import printable

from ..errors import UnexpectedPayload
from ..stream import Quote
from .payloads import (
    FIRST_US,
    decode,
    decode_records,
    extremes,
    moment_us,
    moments,
    object_texts,
)

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

_LARGEST_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1)


@dataclass
class Decoded(Generic[S]):
    """Sound trades of known products: for each, the record, its id, its symbol and its JSON text."""

    trades: list[S]
    ids: list[int]
    symbols: list[str]
    texts: pa.Array
    problems: list[UnexpectedPayload] = field(default_factory=list)


def decode_trades(
    decoder: msgspec.json.Decoder[list[S]],
    kind: type[S],
    parts: Sequence[bytes],
    symbols: Mapping[str, str],
    *,
    exchange: str,
    id_of: Callable[[S], int],
    name_of: Callable[[S], str],
) -> Decoded[S]:
    """Decode the trades of many messages.

    Args:
        decoder: decodes an array of trades.
        kind: the type of a trade, whose fields without a default must be there.
        parts: for each message, its trades as JSON objects, separated by commas.
        symbols: the symbol of each wire name; a trade of another product is a problem.
        exchange: the exchange's name, for messages.
        id_of: returns a trade's id.
        name_of: returns the wire name of a trade's product.
    """
    body, trades, problems = _decoded(decoder, kind, parts, exchange)
    texts = object_texts(body, len(trades))
    ids = [id_of(trade) for trade in trades]
    found = [symbols.get(name_of(trade)) for trade in trades]
    lowest, highest = extremes(ids)
    if lowest < 0 or highest > _LARGEST_ID or None in found:
        sound = [0 <= each <= _LARGEST_ID and symbol is not None for each, symbol in zip(ids, found, strict=True)]
        problems += [
            UnexpectedPayload(f"{exchange}: a trade of no subscribed product, or with an impossible id: {_shown(text)}")
            for text in texts.filter(pa.array([not each for each in sound])).to_pylist()
        ]
        trades, ids, found = _where(sound, trades), _where(sound, ids), _where(sound, found)
        texts = texts.filter(pa.array(sound, pa.bool_()))
    return Decoded(trades, ids, [symbol for symbol in found if symbol is not None], texts, problems)


def _decoded(
    decoder: msgspec.json.Decoder[list[S]], kind: type[S], parts: Sequence[bytes], exchange: str
) -> tuple[bytes, list[S], list[UnexpectedPayload]]:
    body = _array(parts)
    try:
        return body, decode(decoder, body, exchange=exchange), []
    except UnexpectedPayload:
        pass
    sound: list[bytes] = []
    trades: list[S] = []
    problems = []
    for part in parts:
        try:
            trades += decode_records(decoder, kind, _array([part]), exchange=exchange)
        except UnexpectedPayload as problem:
            problems.append(problem)
        else:
            sound.append(part)
    return _array(sound), trades, problems


def _array(parts: Sequence[bytes]) -> bytes:
    return b"[%b]" % b",".join(parts)


def _where(sound: Sequence[bool], values: Sequence[T]) -> list[T]:
    return [value for value, is_sound in zip(values, sound, strict=True) if is_sound]


def unknown_message(message: bytes, *, exchange: str) -> UnexpectedPayload:
    """The problem that a message is, if its meaning isn't known."""
    return UnexpectedPayload(f"{exchange}: a message with no known meaning: {_shown(message.decode(errors='replace'))}")


def _shown(text: str) -> str:
    return repr(printable(text, 100))


def numeric_times(values: Sequence[int | str | None]) -> pa.Array:
    """Times from milliseconds or microseconds since 1970; the numbers' size shows which."""
    lowest, highest = extremes([value if isinstance(value, int) else 0 for value in values])
    for unit, low, high in (("ms", 10**11, 10**14), ("us", 10**14, 10**17)):
        if low <= lowest and highest < high:
            return pa.array(values, pa.timestamp(unit)).cast(pa.timestamp("us"))
    return moments(values)


def written_times(values: Sequence[str | int | None]) -> pa.Array:
    """Times from ISO text, UTC; digits finer than a microsecond are cut."""
    try:
        array = pa.array(values, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return moments(values)
    earliest = pc.min(array.cast(pa.int64())).as_py()
    return moments(values) if earliest is not None and earliest < FIRST_US else array


def time_of(value: str | int | None) -> datetime | None:
    """A message's own time, UTC without a zone; None if it has none."""
    microseconds = moment_us(value)
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def quote_of(symbol: str, sides: tuple[float | None, ...], time: datetime | None) -> Quote | None:
    """A quote from bid, bid size, ask and ask size; None if one of them is missing or is not a finite number."""
    bid, bid_size, ask, ask_size = (nan if side is None else side for side in sides)
    if not all(isfinite(each) for each in (bid, bid_size, ask, ask_size)):
        return None
    return Quote(symbol, bid, bid_size, ask, ask_size, time)
