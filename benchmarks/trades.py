"""Trades for benchmarks, in pages as Binance sends them; cheap to create, so that this is not what is measured."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

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

_POOL = 100_000
"""The number of distinct trades. After them the same trades repeat, with their own ids and times if requested."""


@cache
def _texts(count: int) -> tuple[list[str], list[str]]:
    draw = random.Random(7)
    prices = [f"{42_000 + draw.gauss(0, 300):.8f}" for _ in range(count)]
    return prices, [f"{draw.lognormvariate(-4, 1.5):.8f}" for _ in range(count)]


def pages(count: int, *, first_id: int = 1, trades_per_day: int = 1_000_000) -> Iterator[Page]:
    """`count` trades from `first_id` on, evenly spread over days. Each has its own id, time and payload."""
    prices, quantities = _texts(_POOL)
    gap = timedelta(days=1) // trades_per_day
    for low in range(first_id, first_id + count, PAGE):
        ids = range(low, min(low + PAGE, first_id + count))
        places = [trade_id % _POOL for trade_id in ids]
        yield page_of(RAW, SYMBOL, _batch(ids, [prices[i] for i in places], [quantities[i] for i in places], gap))


def _batch(ids: range, prices: list[str], quantities: list[str], gap: timedelta) -> pa.RecordBatch:
    times = [START + gap * trade_id for trade_id in ids]
    is_maker = [trade_id % 3 == 0 for trade_id in ids]
    price, quantity = (pa.array(texts).cast(pa.float64()) for texts in (prices, quantities))
    return RAW.batch(
        {
            "id": [str(trade_id) for trade_id in ids],
            "symbol": pa.repeat(SYMBOL, len(ids)),
            "price": price,
            "qty": quantity,
            "quote_qty": price,
            "time": times,
            "is_buyer_maker": is_maker,
            "is_best_match": pa.repeat(True, len(ids)),
            "_raw_payload": [
                f'{{"id":{trade_id},"price":"{p}","qty":"{q}","quoteQty":"{p}","time":1767571200000000,'
                f'"isBuyerMaker":true,"isBestMatch":true}}'
                for trade_id, p, q in zip(ids, prices, quantities, strict=True)
            ],
        },
    )
