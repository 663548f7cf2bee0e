"""Recorded responses of real exchanges are understood as they were recorded: lists of products, and trades of OKX.

The recordings are not part of the project: the tests are skipped if they are not next to it. They hold no page of
trades over REST; OKX sends the same rows over its stream. The expected values come from the recorded JSON alone.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from loaders.connector import Response
from registry.registry import load_registry
from tests.support.connectors import CONNECTORS
from tests.support.recorded_bodies import RECORDINGS

EPOCH = datetime(1970, 1, 1)


def recording(exchange: str) -> Path:
    return RECORDINGS / exchange / "cryptofeed" / f"{exchange.upper()}.jsonl.zst"


def needs(exchange: str) -> pytest.MarkDecorator:
    reason = "the recordings are not in ../shared/exchanges/recordings"
    return pytest.mark.skipif(not recording(exchange).exists(), reason=reason)


@cache
def lines(exchange: str) -> list[dict[str, Any]]:
    with pa.input_stream(recording(exchange), compression="zstd") as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def bodies(exchange: str, part_of_address: str) -> Iterator[tuple[str, str]]:
    """The addresses and bodies of recorded responses."""
    for line in lines(exchange):
        if line["t"] == "http" and part_of_address in line["url"]:
            yield line["url"], line["data"]


def body(exchange: str, part_of_address: str) -> str:
    return next(text for _, text in bodies(exchange, part_of_address))


def listed(exchange: str, text: str) -> dict[str, tuple[str, str]]:
    """Base and quote of each product that the connector finds in a response."""
    asking = CONNECTORS[exchange].products()
    next(asking)
    with pytest.raises(StopIteration) as found:
        asking.send(Response(200, {}, text.encode()))
    return {product.symbol: (product.base, product.quote) for product in found.value.value}


def expected_okx() -> dict[str, tuple[str, str]]:
    found = json.loads(body("okx", "instType=SPOT"))["data"]
    return {each["instId"]: (each["baseCcy"], each["quoteCcy"]) for each in found if each["state"] == "live"}


def expected_bybit() -> dict[str, tuple[str, str]]:
    found = json.loads(body("bybit", "category=spot"))["result"]["list"]
    return {each["symbol"]: (each["baseCoin"], each["quoteCoin"]) for each in found}


def expected_bitstamp() -> dict[str, tuple[str, str]]:
    found = json.loads(body("bitstamp", "trading-pairs-info"))
    return {each["url_symbol"]: tuple(each["name"].split("/")) for each in found if each["trading"] == "Enabled"}


def expected_gemini() -> dict[str, tuple[str, str]]:
    """What the details say of every spot market that is quoted in one of the usual assets."""
    details = [json.loads(text) for _, text in bodies("gemini", "/symbols/details/")]
    return {
        each["symbol"].lower(): (each["base_currency"], each["quote_currency"])
        for each in details
        if each["product_type"] == "spot"
        and each["quote_currency"] in ("USD", "USDT", "USDC", "EUR", "GBP", "BTC", "ETH")
    }


@pytest.mark.parametrize(
    ("exchange", "address", "expected"),
    [
        pytest.param("bitstamp", "trading-pairs-info", expected_bitstamp, marks=needs("bitstamp")),
        pytest.param("bybit", "category=spot", expected_bybit, marks=needs("bybit")),
        pytest.param("gemini", "/v1/symbols", expected_gemini, marks=needs("gemini")),
        pytest.param("okx", "instType=SPOT", expected_okx, marks=needs("okx")),
    ],
    ids=["bitstamp", "bybit", "gemini", "okx"],
)
def test_products_as_recorded(exchange: str, address: str, expected: Any) -> None:
    found = listed(exchange, body(exchange, address))
    assert len(found) > 50
    assert found == expected()
    products = [product for product in load_registry().products if product.exchange == exchange.upper()]
    assert {each.symbol: (each.base_asset, each.quote_asset) for each in products}.items() <= found.items()


@needs("okx")
def test_trades_of_okx_as_recorded() -> None:
    messages = [json.loads(line["data"]) for line in lines("okx") if line["t"] == "recv"]
    trades = [
        trade
        for message in messages
        if message.get("arg") == {"channel": "trades", "instId": "BTC-USDT"}
        for trade in message.get("data", [])
    ]
    assert len(trades) > 60
    page = json.dumps({"code": "0", "msg": "", "data": trades[::-1]}).encode()
    rows = CONNECTORS["okx"].parse(page, symbol="BTC-USDT")
    assert [json.loads(text) for text in rows["_raw_payload"].to_pylist()] == trades
    ids = [int(trade_id) for trade_id in rows["trade_id"].to_pylist()]
    assert ids == [int(trade["tradeId"]) for trade in trades] == list(range(ids[0], ids[-1] + 1))
    assert rows["price"].to_pylist() == [float(trade["px"]) for trade in trades]
    assert rows["size"].to_pylist() == [float(trade["sz"]) for trade in trades]
    assert rows["side"].to_pylist() == [trade["side"] for trade in trades]
    assert rows["ts"].to_pylist() == [EPOCH + timedelta(milliseconds=int(trade["ts"])) for trade in trades]
