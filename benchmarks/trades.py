"""Trades for benchmarks, in pages as Binance sends them; cheap to create, so that this is not what is measured."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pyarrow as pa

from loaders.connector import Page, page_of
from loaders.connectors import load_connector
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


@cache
def _texts(count: int) -> list[_Texts]:
    """Prices and quantities in the steps of BTCUSDT, 0.01 and 0.00001; about every second trade moves the price."""
    draw = random.Random(7)
    cents, texts = 4_200_000, []
    for _ in range(count):
        cents += round(draw.gauss(0, 300)) if draw.random() < 0.5 else 0
        units = max(1, round(draw.lognormvariate(-4, 1.5) * 10**5))
        texts.append(_Texts(*(f"{Decimal(n).scaleb(-p):.8f}" for n, p in ((cents, 2), (units, 5), (cents * units, 7)))))
    return texts


def pages(count: int, *, first_id: int = 1, trades_per_day: int = 1_000_000) -> Iterator[Page]:
    """`count` trades from `first_id` on, evenly spread over days. Each has its own id, time and payload."""
    texts = _texts(_POOL)
    gap = timedelta(days=1) // trades_per_day
    for low in range(first_id, first_id + count, PAGE):
        ids = range(low, min(low + PAGE, first_id + count))
        yield page_of(RAW, SYMBOL, _batch(ids, [texts[trade_id % _POOL] for trade_id in ids], gap))


def _batch(ids: range, texts: list[_Texts], gap: timedelta) -> pa.RecordBatch:
    times = [START + gap * trade_id for trade_id in ids]
    is_maker = [trade_id % 3 == 0 for trade_id in ids]
    price, quantity, quote = (pa.array(column).cast(pa.float64()) for column in zip(*texts, strict=True))
    return RAW.batch(
        {
            "id": [str(trade_id) for trade_id in ids],
            "symbol": pa.repeat(SYMBOL, len(ids)),
            "price": price,
            "qty": quantity,
            "quote_qty": quote,
            "time": times,
            "is_buyer_maker": is_maker,
            "is_best_match": pa.repeat(True, len(ids)),
            "_raw_payload": [
                f'{{"id":{trade_id},"price":"{of.price}","qty":"{of.quantity}","quoteQty":"{of.quote}",'
                f'"time":1767571200000000,"isBuyerMaker":true,"isBestMatch":true}}'
                for trade_id, of in zip(ids, texts, strict=True)
            ],
        },
    )
