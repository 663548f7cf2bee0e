"""Parsing a JSON page to Arrow, against msgspec that only decodes the same page into records.

Neither loses a digit: the records hold prices as Decimal; the Arrow batch holds them as double, as the raw tables do,
and next to them each trade's JSON text.
"""

from datetime import datetime
from decimal import Decimal
from statistics import median

import httpx
import msgspec

import simulator.exchanges
from loaders.connectors import load_connector

from .measure import Measurement, expect, seconds
from .size import Size
from .trades import COLUMNS


class _Binance(msgspec.Struct, gc=False):
    id: int
    price: Decimal
    qty: Decimal
    quoteQty: Decimal  # noqa: N815 - Binance's spelling
    time: int
    isBuyerMaker: bool  # noqa: N815
    isBestMatch: bool  # noqa: N815


class _Coinbase(msgspec.Struct, gc=False):
    trade_id: int
    price: Decimal
    size: Decimal
    time: datetime
    side: str


class _Kraken(msgspec.Struct, array_like=True, gc=False):
    price: Decimal
    volume: Decimal
    time: Decimal
    side: str
    order_type: str
    misc: str
    trade_id: int


class _KrakenAnswer(msgspec.Struct):
    error: list[str]
    result: dict[str, list[_Kraken] | str]


PAGES = {
    "binance": ("/api/v3/trades?symbol=BTCUSDT&limit=1000", "BTCUSDT", list[_Binance]),
    "coinbase": ("/products/BTC-USD/trades?limit=1000", "BTC-USD", list[_Coinbase]),
    "kraken": ("/0/public/Trades?pair=XBTUSD&count=1000", "XBTUSD", _KrakenAnswer),
}


def findings(size: Size) -> list[Measurement]:
    """A ratio for each exchange, on pages of 1,000 trades."""
    return [_finding(name, body, size) for name, body in page_bodies().items()]


def page_bodies() -> dict[str, bytes]:
    """A page of 1,000 trades of each exchange, as JSON."""
    with simulator.exchanges.running(trades=40_000) as exchanges:
        return {name: httpx.get(exchanges.urls[name] + path).content for name, (path, _, _) in PAGES.items()}


def _finding(name: str, body: bytes, size: Size) -> Measurement:
    _, symbol, kind = PAGES[name]
    decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(kind, strict=False)
    connector = load_connector(name, COLUMNS)
    loops = size.parsed_loops
    expect(f"{name}: trades of a page", connector.parse(body, symbol=symbol).num_rows, 1_000)
    ratios, speeds = [], []
    for _ in range(size.parsed_rounds):
        alone = seconds(lambda: [decoder.decode(body) for _ in range(loops)])
        ours = seconds(lambda: [connector.parse(body, symbol=symbol) for _ in range(loops)])
        ratios.append(alone / ours)
        speeds.append((1_000 * loops / ours / 1e6, 1_000 * loops / alone / 1e6))
    ours_speed, alone_speed = (median(column) for column in zip(*speeds, strict=True))
    return Measurement(
        f"{name}: JSON page to Arrow, speed of msgspec decoding alone",
        median(ratios),
        0.8,
        at_least=True,
        unit="x",
        detail=f"{ours_speed:.2f} M trades/s against {alone_speed:.2f}; each trade's JSON text included",
    )
