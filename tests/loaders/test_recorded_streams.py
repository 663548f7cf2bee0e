"""Recorded messages of real exchanges' streams are understood, every trade as it was recorded.

The recordings are not part of the project: the tests are skipped if they are not next to it. Of Kraken there is only
version 1 of its stream, which has no ids.
"""

import gzip
import json
import re
from pathlib import Path

import pytest

from loaders.channels.runs import Runs
from loaders.stream import Heard, StreamConnector
from tests.support.recorded_bodies import RECORDINGS
from tests.support.stream_dialects import STREAMS

BINANCE = RECORDINGS / "binance" / "hftbacktest" / "spot_ethusdt_20240808.gz"
COINBASE = RECORDINGS / "coinbase" / "cryptofeed" / "COINBASE.ws.28.0"


def needs(file: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not file.exists(), reason="the recordings are not in ../shared/exchanges/recordings")


def binance_messages() -> list[bytes]:
    """A connection with the streams of ETHUSDT; each line begins with the time of receipt."""
    return [line.partition(b" ")[2] for line in gzip.open(BINANCE).read().splitlines()]


def coinbase_messages() -> list[bytes]:
    """A connection with several products, as it was received."""
    lines = COINBASE.read_bytes().splitlines()
    found = (re.match(rb"[0-9.]+: (.*)", line) for line in lines)  # lines of what was sent begin with the address
    return [each[1] for each in found if each is not None]


def parsed(stream: StreamConnector, messages: list[bytes], symbols: list[str]) -> Heard:
    return stream.parse(messages, {symbol: symbol for symbol in symbols})


@needs(BINANCE)
def test_binance_as_recorded() -> None:
    stream, messages = STREAMS["binance"], binance_messages()
    data = [json.loads(each).get("data", {}) for each in messages]
    expected = [each for each in data if each.get("e") == "trade"]
    assert len(expected) > 1_000
    heard = parsed(stream, messages, ["ETHUSDT"])
    assert heard.problems == []
    assert heard.ids == [each["t"] for each in expected]
    assert heard.trades["price"].to_pylist() == [float(each["p"]) for each in expected]
    assert heard.trades["is_buyer_maker"].to_pylist() == [each["m"] for each in expected]
    assert [json.loads(each) for each in heard.trades["_raw_payload"].to_pylist()] == expected
    quotes = [each for each in data if each.keys() == {"u", "s", "b", "B", "a", "A"}]
    assert [quote.bid for quote in heard.quotes] == [float(each["b"]) for each in quotes]
    runs = Runs(stream.raw)
    runs.add(heard.trades, heard.ids, at=0)
    assert [(run.low, run.high) for run in runs.take(at=0)] == [(heard.ids[0], heard.ids[-1] + 1)]


@needs(COINBASE)
def test_coinbase_as_recorded() -> None:
    stream, messages = STREAMS["coinbase"], coinbase_messages()
    records = [json.loads(each) for each in messages]
    expected = [each for each in records if each["type"] in ("match", "last_match")]
    assert len(expected) > 50
    heard = parsed(stream, messages, sorted({each["product_id"] for each in expected}))
    assert heard.problems == []
    assert heard.ids == [each["trade_id"] for each in expected]
    assert heard.trades["side"].to_pylist() == [each["side"] for each in expected]
    assert heard.trades["size"].to_pylist() == [float(each["size"]) for each in expected]
    assert [json.loads(each) for each in heard.trades["_raw_payload"].to_pylist()] == expected
    assert len(heard.quotes) == sum(each["type"] == "ticker" and "best_bid_size" in each for each in records)
