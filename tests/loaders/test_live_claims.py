"""What rows that were heard claim: from which time and up to which one a stream is complete."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lakehouse.coverage import microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from loaders.landing.fill import HoleFiller
from loaders.landing.lander import Lander
from loaders.landing.live import LiveLoader
from tests.support.connectors import CONNECTORS
from tests.support.stream_dialects import PRODUCTS, START, STREAMS, Trade, acknowledge, messages
from tests.support.stream_server import StreamServer, serving, wait_until

BINANCE = STREAMS["binance"]
RAW = CONNECTORS["binance"].raw


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def fetches_nothing() -> None:
    pytest.fail("there is no hole to fill")


@pytest.mark.parametrize("absurd", [datetime(1971, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)])
def test_one_absurd_time_claims_nothing(server: StreamServer, lake: LocalLake, absurd: datetime) -> None:
    (product, *_) = PRODUCTS["binance"]
    lander = Lander(lake, RAW, now)
    listener = Listener(BINANCE, PRODUCTS["binance"], server.url)
    filler = HoleFiller(lander, fetches_nothing, every=60, warn=pytest.fail)  # type: ignore[arg-type]
    heard: list[Run] = []
    loader = LiveLoader(lander, listener, filler, every=60, warn=pytest.fail, on_run=heard.append)
    stop = threading.Event()
    listening = threading.Thread(target=loader.run, args=(stop,))
    listening.start()
    try:
        wait_until(lambda: bool(listener.contacts))
        server.client().push(*messages(BINANCE, product, [Trade(5, time=START), Trade(6, time=absurd)]))
        wait_until(lambda: sum(run.rows.num_rows for run in heard) == 2)
    finally:
        stop.set()
        listening.join()
    (stretch,) = read_coverage(lake, RAW.name).of(product.symbol)
    assert (stretch.low, stretch.high, stretch.rows) == (5, 7, 2)
    assert (stretch.since, stretch.until) == (microseconds(START), microseconds(START))
