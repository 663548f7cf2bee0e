"""Trades for benchmarks, in pages as Binance sends them; cheap to create, so that this is not what is measured."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from lakehouse.coverage import Stretch, microseconds
from loaders.connectors import load_connector
from loaders.piece import Piece
from registry.registry import load_registry
from schemahub.runs.raw_tables import declared_columns

COLUMNS = declared_columns(load_registry())
RAW = load_connector("binance", COLUMNS).raw
SYMBOL = "BTCUSDT"
PAGE = 1_000
START = datetime(2026, 1, 5)

_POOL = 200_000
"""The number of distinct trades. After them the same trades repeat, with their own ids and times if requested."""


class _Texts(NamedTuple):
    price: str
    quantity: str
    quote: str


def _texts(count: int) -> list[_Texts]:
    """Prices and quantities in the steps of BTCUSDT, 0.01 and 0.00001; about every second trade moves the price."""
    draw = random.Random(7)
    cents, texts = 4_200_000, []
    for _ in range(count):
        cents += round(draw.gauss(0, 300)) if draw.random() < 0.5 else 0
        units = max(1, round(draw.lognormvariate(-4, 1.5) * 10**5))
        texts.append(_Texts(*(f"{Decimal(n).scaleb(-p):.8f}" for n, p in ((cents, 2), (units, 5), (cents * units, 7)))))
    return texts


@cache
def texts() -> pa.RecordBatch:
    """The numbers of each distinct trade as exchanges write them; `quote` is price times quantity."""
    return pa.RecordBatch.from_arrays(
        [pa.array(column) for column in zip(*_texts(_POOL), strict=True)], list(_Texts._fields)
    )


@cache
def _pool() -> pa.RecordBatch:
    """The numbers of each distinct trade, and its JSON text after the id."""
    of = texts()
    numbers = [column.cast(pa.float64()) for column in of.columns]
    tail = '","time":1767571200000000,"isBuyerMaker":true,"isBestMatch":true}'
    parts = [',"price":"', of["price"], '","qty":"', of["quantity"], '","quoteQty":"', of["quote"], tail, ""]
    return pa.RecordBatch.from_arrays([*numbers, pc.binary_join_element_wise(*parts)], [*_Texts._fields, "text"])


def pieces(
    count: int, *, first_id: int = 1, trades_per_day: int = 1_000_000, trades_per_page: int = PAGE
) -> Iterator[Piece]:
    """`count` trades from `first_id` on, evenly spread over days. Each has its own id, time and payload."""
    gap = timedelta(days=1) // trades_per_day
    for low in range(first_id, first_id + count, trades_per_page):
        ids = range(low, min(low + trades_per_page, first_id + count))
        first, last = (microseconds(START + number * gap) for number in (ids[0], ids[-1]))
        yield Piece(SYMBOL, _batch(ids, gap), Stretch(ids[0], ids[-1] + 1, first, last, len(ids)))


def with_ids(piece: Piece, first_id: int) -> Piece:
    """The same trades with other ids, which is cheaper than creating them."""
    count = piece.rows.num_rows
    ids = pa.array(range(first_id, first_id + count), pa.int64()).cast(pa.string())
    rows = piece.rows.set_column(0, piece.rows.schema.field(0), ids)
    return piece._replace(rows=rows, stretch=replace(piece.stretch, low=first_id, high=first_id + count))


def _batch(ids: range, gap: timedelta) -> pa.RecordBatch:
    # computed by Arrow: Python would take longer to create 50 M trades than landing takes to write them
    numbers = pa.array(ids, pa.int64())
    id_texts = numbers.cast(pa.string())
    start = pa.scalar(START, pa.timestamp("us")).cast(pa.int64())
    times = pc.add(pc.multiply(numbers, gap // timedelta(microseconds=1)), start).cast(pa.timestamp("us"))
    trades = _pool().take(_remainder(numbers, _POOL))
    payloads = pc.binary_join_element_wise('{"id":', id_texts, trades["text"], "")
    return RAW.batch(
        {
            "id": id_texts,
            "symbol": pa.repeat(SYMBOL, len(ids)),
            "price": trades["price"],
            "qty": trades["quantity"],
            "quote_qty": trades["quote"],
            "time": times,
            "is_buyer_maker": pc.equal(_remainder(numbers, 3), 0),
            "is_best_match": pa.repeat(True, len(ids)),
            "_raw_payload": payloads,
        },
    )


def _remainder(numbers: pa.Int64Array, divisor: int) -> pa.Int64Array:
    return pc.subtract(numbers, pc.multiply(pc.divide(numbers, divisor), divisor))
