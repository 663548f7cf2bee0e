"""Other ways to do the same: dlt's own Iceberg destination against our landing, ccxt against our parsers.

Both get exactly what ours gets. dlt runs with its default settings in a process of its own, and lands four columns
fewer than ours, which adds where each row comes from. ccxt is given its market by hand, so that it needs no network;
its time includes decoding the page, as ours does, and both keep what the exchange sent: ccxt as Python objects under
`info`, ours as text.
"""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

from loaders.connectors import load_connector

from .landing import pieces_to_repeat, repeated
from .measure import Measurement, expect, in_own_process, is_installed, seconds
from .parsing import PAGES, page_bodies
from .size import SIZES, Size
from .trades import COLUMNS

_JOINED = 100
"""The pages that our landing joins before it hands them to dlt."""


def findings(size: Size) -> list[Measurement]:
    """Measure against dlt, and against ccxt if it is installed."""
    against_ccxt = [_ccxt(name, body, size) for name, body in page_bodies().items()] if is_installed("ccxt") else []
    return [*_stock_dlt(size), *against_ccxt]


def _stock_dlt(size: Size) -> list[Measurement]:
    ours, stock = [], []
    for _ in range(size.stock_rounds):
        stock.append(in_own_process(__name__, "pages", size.name))
        ours.append(in_own_process("benchmarks.landing", "ours", size.name))
    joined = in_own_process(__name__, "joined", size.name)
    landed, by_stock = (size.landed_rows / median(run["seconds"] for run in runs) / 1e6 for runs in (ours, stock))
    peak, stock_peak = (max(run["peak_gb"] for run in runs) for runs in (ours, stock))
    rows = f"landing {size.landed_rows / 1e6:g} M trades"
    return [
        Measurement(
            f"{rows}: speed of dlt's own Iceberg destination",
            median(theirs["seconds"] / mine["seconds"] for theirs, mine in zip(stock, ours, strict=True)),
            3,
            at_least=True,
            unit="x",
            detail=f"{landed:.2f} M rows/s against {by_stock:.2f}, or {size.landed_rows / joined['seconds'] / 1e6:.2f} "
            f"if it gets {_JOINED} pages joined",
        ),
        Measurement(
            f"{rows}: peak memory of dlt's own Iceberg destination",
            peak / stock_peak,
            0.5,
            at_least=False,
            unit="x",
            detail=f"{peak:.2f} GB against {stock_peak:.2f}",
        ),
    ]


def _stock(folder: Path, batches: Callable[[], Iterator[Any]], size: Size) -> float:
    """The seconds in which dlt lands the rows with its own destination and default settings."""
    expect("whether our settings of dlt are in use", "loaders.landing.dlt_settings" in sys.modules, False)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    from dlt.common.libs.pyiceberg import get_iceberg_tables

    destination = dlt.destinations.filesystem(bucket_url=f"file://{folder}/lake")
    pipeline = dlt.pipeline("stock", str(folder / "work"), destination=destination, dataset_name="landing")

    def land(rows: Iterator[Any]) -> None:
        pipeline.run(rows, table_name="trades", table_format="iceberg", write_disposition="append")

    warm_up = next(batches())
    land(iter([warm_up]))  # as ours does
    took = seconds(lambda: land(batches()))
    found = get_iceberg_tables(pipeline)["trades"].scan().count()
    expect("rows in the table of dlt's own destination", found, size.landed_rows + warm_up.num_rows)
    return took


def _pages(size: Size) -> Callable[[], Iterator[pa.RecordBatch]]:
    pool = pieces_to_repeat()
    return lambda: (page.rows for page in repeated(pool, size))


def _joined(size: Size) -> Callable[[], Iterator[pa.Table]]:
    pages = pieces_to_repeat()[:_JOINED]
    table = pa.Table.from_batches([page.rows for page in pages])
    return lambda: (table for _ in range(size.landed_rows // table.num_rows))


_MARKETS = {
    "binance": ("binance", "BTCUSDT", "USDT"),
    "coinbase": ("coinbaseexchange", "BTC-USD", "USD"),
    "kraken": ("kraken", "XXBTZUSD", "USD"),
}
"""ccxt's name of each exchange's API, the product's id there, and its quote asset."""


def _ccxt(name: str, body: bytes, size: Size) -> Measurement:
    _, symbol, _ = PAGES[name]
    connector = load_connector(name, COLUMNS)
    parse = ccxt_parser(name)
    _expect_the_same(name, parse(body), connector.parse(body, symbol=symbol))
    loops, ours_loops = max(size.parsed_loops // 20, 1), size.parsed_loops
    ratios, speeds = [], []
    for _ in range(size.parsed_rounds):
        theirs = seconds(lambda: [parse(body) for _ in range(loops)]) / loops
        ours = seconds(lambda: [connector.parse(body, symbol=symbol) for _ in range(ours_loops)]) / ours_loops
        ratios.append(theirs / ours)
        speeds.append((1_000 / ours / 1e6, 1_000 / theirs / 1e6))
    ours_speed, their_speed = (median(column) for column in zip(*speeds, strict=True))
    return Measurement(
        f"{name}: JSON page to Arrow, speed of ccxt's parse_trades",
        median(ratios),
        14,
        at_least=True,
        unit="x",
        detail=f"{ours_speed:.2f} M trades/s against {their_speed:.3f}",
    )


def ccxt_parser(name: str) -> Callable[[bytes], list[dict[str, Any]]]:
    """A function that parses a body of an exchange with ccxt, its JSON included."""
    import ccxt

    api, product, quote = _MARKETS[name]
    exchange = getattr(ccxt, api)()
    market = exchange.safe_market_structure(
        {
            "id": product,
            "symbol": f"BTC/{quote}",
            "base": "BTC",
            "quote": quote,
            "type": "spot",
            "spot": True,
            "precision": {"amount": 1e-8, "price": 0.01},
        }
    )
    exchange.set_markets([market])

    def parse(body: bytes) -> list[dict[str, Any]]:
        answer = exchange.parse_json(body.decode())
        trades = answer["result"][product] if name == "kraken" else answer
        parsed: list[dict[str, Any]] = exchange.parse_trades(trades, market)
        return parsed

    return parse


def _expect_the_same(name: str, theirs: list[dict[str, Any]], ours: pa.RecordBatch) -> None:
    """Both parsers must give the same trades, or their times mean nothing."""
    raw = load_connector(name, COLUMNS).raw
    expect(f"{name}: ids that ccxt parses", [trade["id"] for trade in theirs], ours[raw.id_column].to_pylist())
    expect(f"{name}: prices that ccxt parses", [trade["price"] for trade in theirs], ours["price"].to_pylist())


_WAYS: dict[str, Callable[[Size], Callable[[], Iterator[Any]]]] = {"pages": _pages, "joined": _joined}


def main(what: str, size: Size) -> None:
    """Land through dlt's own destination, and print the seconds and the peak of memory as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        took = _stock(Path(folder), _WAYS[what](size), size)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": took, "peak_gb": peak_gb}))


if __name__ == "__main__":
    main(sys.argv[1], SIZES[sys.argv[2]])
