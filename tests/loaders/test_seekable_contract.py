"""What every connector must do that finds keys by time, against the simulator over HTTP. A new one is covered too."""

from datetime import UTC, datetime

import pytest

from lakehouse.coverage import time_of
from loaders.connector import Seekable
from simulator.exchanges import RunningSimulator
from tests.support.connectors import CONNECTORS
from tests.support.empty_first import first_without_trades
from tests.support.holes import LONG_AGO
from tests.support.simulated import served_products, skip_unless_simulated
from tests.support.walks import impatient

SEEKABLE = [connector for connector in CONNECTORS.values() if isinstance(connector, Seekable)]


@pytest.mark.parametrize("connector", SEEKABLE, ids=lambda connector: connector.name)
def test_a_key_is_found_even_if_each_response_is_first_one_without_trades(
    connector: Seekable, every_exchange: RunningSimulator
) -> None:
    skip_unless_simulated(connector, every_exchange)
    fetcher = impatient(connector, every_exchange.urls[connector.name])
    symbol, listed = next(iter(served_products(every_exchange, connector).items()))
    middle = time_of((listed["first_time_ns"] + listed["last_time_ns"]) // 2_000)
    for moment, low, high in (
        (LONG_AGO, 0, listed["first_id"] + 1),
        (middle, listed["first_id"] + 1, listed["last_id"]),
        (datetime.now(UTC), listed["last_id"] + 1, listed["last_id"] + 2),
    ):
        key = fetcher.answer(connector.key_at(symbol, moment))
        assert low <= key < high
        assert fetcher.answer(first_without_trades(connector.key_at(symbol, moment))) == key
