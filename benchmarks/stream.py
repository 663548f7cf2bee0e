"""Listening to streams: parsing their messages, against msgspec that only decodes them, and receiving them all.

Each message has one trade. msgspec decodes message by message into records that lose nothing, with prices as Decimal;
ours are parsed in batches as large as 50 ms of a busy market, and come out as runs of rows with each trade's JSON text.
"""

import time
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from statistics import median

import msgspec

from loaders.channels.runs import Runs
from loaders.channels.stream import Listener
from loaders.connectors import load_stream
from loaders.stream import StreamConnector

from .measure import CannotMeasure, Measurement, expect, seconds
from .size import Size
from .stream_messages import MESSAGES, PRODUCTS
from .stream_server import serving
from .trades import COLUMNS

_BATCH = 350
"""The messages of 50 ms at 7,000 a second."""
_RATE = 6_700
"""Messages a second of each exchange: together 20,000."""
_LONGEST_SECONDS = 120.0


class _Binance(msgspec.Struct, gc=False):
    E: int
    s: str
    t: int
    p: Decimal
    q: Decimal
    T: int
    m: bool
    M: bool


class _Coinbase(msgspec.Struct, gc=False):
    trade_id: int
    side: str
    size: Decimal
    price: Decimal
    product_id: str
    time: datetime


class _KrakenTrade(msgspec.Struct, gc=False):
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    ord_type: str
    trade_id: int
    timestamp: datetime


class _Kraken(msgspec.Struct, gc=False):
    channel: str
    data: list[_KrakenTrade]


KINDS = {"binance": _Binance, "coinbase": _Coinbase, "kraken": _Kraken}


def findings(size: Size) -> list[Measurement]:
    """A ratio for each exchange, and the processor's time for the messages of all three over loopback."""
    return [*(_parsing(name, size) for name in MESSAGES), _receiving(size)]


def _stream(name: str) -> StreamConnector:
    stream = load_stream(name, COLUMNS)
    if stream is None:
        raise CannotMeasure(f"{name} has no stream")
    return stream


def _parsing(name: str, size: Size) -> Measurement:
    messages = MESSAGES[name](size.streamed_messages)
    decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(KINDS[name], strict=False)
    stream = _stream(name)
    expect(f"{name}: trades of the messages", _parsed(stream, messages), len(messages))
    ratios, speeds = [], []
    for _ in range(size.streamed_rounds):
        alone = seconds(lambda: [decoder.decode(message) for message in messages])
        ours = seconds(lambda: _parsed(stream, messages))
        ratios.append(alone / ours)
        speeds.append((len(messages) / ours / 1e6, len(messages) / alone / 1e6))
    ours_speed, alone_speed = (median(column) for column in zip(*speeds, strict=True))
    return Measurement(
        f"{name}: messages to runs of rows, speed of msgspec decoding alone",
        median(ratios),
        0.35,
        at_least=True,
        unit="x",
        detail=f"{ours_speed:.2f} M messages/s against {alone_speed:.2f}; each trade's JSON text included",
    )


def _parsed(stream: StreamConnector, messages: list[bytes]) -> int:
    """The number of trades in the runs of all messages."""
    symbols = {stream.wire_name(product): product.symbol for product in PRODUCTS[stream.name]}
    runs = Runs(stream.raw)
    for start in range(0, len(messages), _BATCH):
        heard = stream.parse(messages[start : start + _BATCH], symbols)
        runs.add(heard.trades, heard.ids, at=0.0)
    return sum(run.rows.num_rows for run in runs.take(at=0.0, everything=True))


def _receiving(size: Size) -> Measurement:
    with serving(size.streamed_messages, _RATE) as urls, ExitStack() as opened:
        before, began = time.process_time(), time.perf_counter()
        listeners = [
            opened.enter_context(Listener(_stream(name), PRODUCTS[name], url=url)) for name, url in urls.items()
        ]
        wanted, received = size.streamed_messages * len(urls), 0
        while received < wanted and time.perf_counter() - began < _LONGEST_SECONDS:
            received += sum(run.rows.num_rows for listener in listeners for run in listener.take(0.2))
        worked, took = time.process_time() - before, time.perf_counter() - began
        expect("trades received", received, wanted)
        expect("missing ids", sum(listener.state.holes for listener in listeners), 0)
    return Measurement(
        "listening to three exchanges at 20,000 messages a second: use of one core",
        worked / took,
        0.5,
        at_least=False,
        unit="x",
        detail=f"{received / took:,.0f} messages/s, {worked / received * 1e6:.1f} µs of the processor for each",
    )
