"""Trades as exchanges send them, made once and kept in a file, so that making them is not what is measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from . import trades
from .trades import PAGE

SYMBOLS = {"binance": "BTCUSDT", "coinbase": "BTC-USD"}

_GAP_US = 17_280
"""The microseconds between two trades: five million a day."""
_LINES_AT_ONCE = 100_000


@dataclass(frozen=True)
class Bodies:
    """The JSON bodies of pages of 1,000 trades, oldest first. The first page has the ids from 1 to 1,000."""

    exchange: str
    file: Path
    """All bodies, one after another."""
    places: list[int]
    """Where each body begins in the file, in bytes, and where the last one ends."""

    @classmethod
    def make(cls, exchange: str, pages: int, folder: Path) -> "Bodies":
        """Write `pages` bodies to a file in `folder`."""
        places, file = [0], folder / f"{exchange}.bodies"
        with file.open("wb") as to:
            for page in range(pages):
                places.append(places[-1] + to.write(b"[%b]" % _joined(_OBJECTS[exchange](page * PAGE, PAGE), ",")))
        (folder / f"{exchange}.places").write_bytes(msgspec.json.encode(places))
        return cls(exchange, file, places)

    @classmethod
    def open(cls, exchange: str, folder: Path) -> "Bodies":
        """Bodies that were made before."""
        places = msgspec.json.decode((folder / f"{exchange}.places").read_bytes(), type=list[int])
        return cls(exchange, folder / f"{exchange}.bodies", places)

    def __iter__(self) -> Iterator[bytes]:
        with self.file.open("rb") as file:
            for low, high in pairwise(self.places):
                yield file.read(high - low)


def write_csv(path: Path, rows: int, *, first: int = 0) -> None:
    """Write `rows` trades after the first `first` ones as in Binance's daily files: a line for each, and no header."""
    with path.open("wb") as to:
        for start in range(first, first + rows, _LINES_AT_ONCE):
            lines = _binance_lines(start, min(_LINES_AT_ONCE, first + rows - start))
            to.write(_joined(lines, "\n") + b"\n")


def _joined(texts: pa.StringArray, separator: str) -> bytes:
    listed = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined: bytes = pc.binary_join(listed, separator)[0].as_buffer().to_pybytes()
    return joined


def _columns(first: int, count: int) -> dict[str, pa.Array]:
    """The columns of `count` trades after the first `first` ones, as texts, and their times."""
    numbers = pa.array(range(first, first + count), pa.int64())
    pool = trades.texts()
    start = pa.scalar(trades.START, pa.timestamp("us")).cast(pa.int64())
    return {
        "id": pc.add(numbers, 1).cast(pa.string()),
        "time": pc.add(pc.multiply(numbers, _GAP_US), start),
        "is_third": pc.equal(pc.subtract(numbers, pc.multiply(pc.divide(numbers, 3), 3)), 0),
        **{
            name: pool[name].take(pc.bit_wise_and(numbers, 2**17 - 1))  # the first 131,072 ones, again and again
            for name in pool.schema.names
        },
    }


def _written(*parts: pa.Array | str) -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, "")


def _binance(first: int, count: int) -> pa.StringArray:
    """In milliseconds, because ccxt knows no others."""
    of = _columns(first, count)
    time = pc.divide(of["time"], 1_000).cast(pa.string())
    flag = pc.if_else(of["is_third"], "true", "false")
    return _written(
        *('{"id":', of["id"], ',"price":"', of["price"], '","qty":"', of["quantity"], '","quoteQty":"', of["quote"]),
        *('","time":', time, ',"isBuyerMaker":', flag, ',"isBestMatch":true}'),
    )


def _coinbase(first: int, count: int) -> pa.StringArray:
    """Newest first."""
    of = _columns(first, count)
    moment = pc.replace_substring(of["time"].cast(pa.timestamp("us")).cast(pa.string()), " ", "T")
    side = pc.if_else(of["is_third"], "buy", "sell")
    texts = _written(
        *('{"time":"', moment, 'Z","trade_id":', of["id"], ',"price":"', of["price"], '","size":"', of["quantity"]),
        *('","side":"', side, '"}'),
    )
    return texts[::-1]


def _binance_lines(first: int, count: int) -> pa.StringArray:
    of = _columns(first, count)
    flag = pc.if_else(of["is_third"], "True", "False")
    numbers = (of["price"], ",", of["quantity"], ",", of["quote"], ",", of["time"].cast(pa.string()))
    return _written(of["id"], ",", *numbers, ",", flag, ",True")


_OBJECTS = {"binance": _binance, "coinbase": _coinbase}
