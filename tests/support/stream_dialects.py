"""What each exchange's stream sends, and the bodies in which its REST interface sends the same trades."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loaders.connector import ListedProduct
from loaders.connectors import connector_names, load_stream
from loaders.stream import Heard, StreamConnector
from tests.support.connectors import COLUMNS
from tests.support.stream_server import Client
from tests.support.trade_bodies import kraken_page

STREAMS = {name: stream for name in connector_names() if (stream := load_stream(name, COLUMNS)) is not None}
PRODUCTS = {
    "binance": [ListedProduct("BTCUSDT", "BTC", "USDT"), ListedProduct("ETHUSDT", "ETH", "USDT")],
    "coinbase": [ListedProduct("BTC-USD", "BTC", "USD"), ListedProduct("ETH-USD", "ETH", "USD")],
    "kraken": [ListedProduct("XBTUSD", "BTC", "USD"), ListedProduct("XDGUSDT", "DOGE", "USDT")],
}
START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Trade:
    """A trade of any exchange; `has_buying_taker` is what all exchanges say in their own way."""

    id: int
    price: str = "93519.65"
    size: str = "0.00112"
    has_buying_taker: bool = True
    time: datetime = START + timedelta(microseconds=123_456)

    @property
    def us(self) -> int:
        return round((self.time - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))

    @property
    def text(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _binance(name: str, trades: Sequence[Trade]) -> list[str]:
    return [
        f'{{"e":"trade","E":{each.us + 50},"s":"{name}","t":{each.id},"p":"{each.price}","q":"{each.size}",'
        f'"T":{each.us},"m":{_json(not each.has_buying_taker)},"M":true}}'
        for each in trades
    ]


def _coinbase(name: str, trades: Sequence[Trade]) -> list[str]:
    return [
        f'{{"type":"match","trade_id":{each.id},"maker_order_id":"m","taker_order_id":"t",'
        f'"side":"{"sell" if each.has_buying_taker else "buy"}","size":"{each.size}","price":"{each.price}",'
        f'"product_id":"{name}","sequence":{each.id * 7},"time":"{each.text}"}}'
        for each in trades
    ]


def _kraken(name: str, trades: Sequence[Trade]) -> list[str]:
    texts = [
        f'{{"symbol":"{name}","side":"{"buy" if each.has_buying_taker else "sell"}","price":{each.price},'
        f'"qty":{each.size},"ord_type":"limit","trade_id":{each.id},"timestamp":"{each.text}"}}'
        for each in trades
    ]
    return [f'{{"channel":"trade","type":"update","data":[{",".join(texts)}]}}']


_MESSAGES: Mapping[str, Callable[[str, Sequence[Trade]], list[str]]] = {
    "binance": _binance,
    "coinbase": _coinbase,
    "kraken": _kraken,
}


def messages(stream: StreamConnector, product: ListedProduct, trades: Sequence[Trade]) -> list[str]:
    """The messages with these trades of a product, in this order."""
    return _MESSAGES[stream.name](stream.wire_name(product), trades)


def sent(stream: StreamConnector, *ids: int, product: ListedProduct | None = None) -> list[str]:
    """The messages with trades of these ids, of the first product if no other is named."""
    return messages(stream, product or PRODUCTS[stream.name][0], [Trade(each) for each in ids])


def parsed(stream: StreamConnector, *texts: str) -> Heard:
    """What these messages mean together."""
    symbols = {stream.wire_name(product): product.symbol for product in PRODUCTS[stream.name]}
    return stream.parse([text.encode() for text in texts], symbols)


def rest_body(stream: StreamConnector, trades: Sequence[Trade]) -> bytes:
    """The page in which REST has these trades."""
    if stream.name == "kraken":
        return kraken_page(
            *(
                f'["{each.price}","{each.size}",{each.us // 10**6}.{each.us % 10**6:06}0,'
                f'"{"b" if each.has_buying_taker else "s"}","l","",{each.id}]'
                for each in trades
            )
        )
    rows: list[dict[str, object]] = [
        {
            "id": each.id,
            "price": each.price,
            "qty": each.size,
            "quoteQty": "1",
            "time": each.us,
            "isBuyerMaker": not each.has_buying_taker,
            "isBestMatch": True,
        }
        if stream.name == "binance"
        else {
            "time": each.text,
            "trade_id": each.id,
            "price": each.price,
            "size": each.size,
            "side": "sell" if each.has_buying_taker else "buy",
        }
        for each in trades
    ]
    return json.dumps(rows if stream.name == "binance" else rows[::-1], separators=(",", ":")).encode()


NOT_SENT = {"binance": {"quote_qty"}, "kraken": {"misc"}, "coinbase": set[str]()}
"""The columns that the stream doesn't send, in which its rows have null."""


def malformed(stream: StreamConnector, product: ListedProduct) -> dict[str, str]:
    """Messages of a trade that make no sense, by what is wrong with them."""
    (good,) = messages(stream, product, [Trade(500)])
    names = {"binance": ("t", "p"), "coinbase": ("trade_id", "price"), "kraken": ("trade_id", "price")}
    id_name, price_name = names[stream.name]
    price = '"93519.65"' if stream.name != "kraken" else "93519.65"
    return {
        "no id": good.replace(f'"{id_name}":500,', ""),
        "id null": good.replace(f'"{id_name}":500', f'"{id_name}":null'),
        "id below 0": good.replace(f'"{id_name}":500', f'"{id_name}":-500'),
        "id too large": good.replace(f'"{id_name}":500', f'"{id_name}":{2**63}'),
        "id a fraction": good.replace(f'"{id_name}":500', f'"{id_name}":500.5'),
        "no price": good.replace(f'"{price_name}":{price},', ""),
        "NaN": good.replace(f'"{price_name}":{price}', f'"{price_name}":NaN'),
        "cut": good[:-7],
        "another product": good.replace(stream.wire_name(product), "NOSUCH"),
        "HTML": "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        "a control character": good.replace("93519.65", "\x00"),
        "a number": "42",
        "an array": f"[{good}]",
        "nothing": "",
        "brackets": "[" * 100_000,
    }


def acknowledge(client: Client, text: str) -> list[str]:
    """What an exchange replies to a subscription of products that it knows."""
    request = json.loads(text)
    if "id" in request:
        return [json.dumps({"result": None, "id": request["id"]})]
    if request.get("type") == "subscribe":
        channels = [{"name": name, "product_ids": request["product_ids"]} for name in request["channels"]]
        return [json.dumps({"type": "subscriptions", "channels": channels})]
    parameters = request["params"]
    return [
        json.dumps(
            {
                "method": "subscribe",
                "result": {"channel": parameters["channel"], "symbol": symbol},
                "success": True,
                "time_out": "2026-01-05T00:00:00.000001Z",
            }
        )
        for symbol in parameters["symbol"]
    ]


def subscribed(client: Client) -> list[str]:
    """The wire names whose trades a client has subscribed, in upper case."""
    names: list[str] = []
    for text in client.texts:
        request = json.loads(text)
        if request.get("method") == "SUBSCRIBE":
            names += [name.partition("@")[0].upper() for name in request["params"] if name.endswith("@trade")]
        elif request.get("type") == "subscribe":
            names += request["product_ids"]
        elif request["params"]["channel"] == "trade":
            names += request["params"]["symbol"]
    return names


def _json(value: bool) -> str:
    return "true" if value else "false"


def refuse_nosuch(client: Client, text: str) -> list[str]:
    """What an exchange replies to a subscription of which NOSUCH is a part."""
    request = json.loads(text)
    if request.get("type") == "subscribe" and "NOSUCH" in request["product_ids"]:
        return [
            json.dumps({"type": "error", "message": "Failed to subscribe", "reason": "NOSUCH is not a valid product"})
        ]
    replies = [reply for reply in acknowledge(client, text) if "NOSUCH" not in reply]
    if request.get("method") == "subscribe" and "NOSUCH" in text:
        symbol = next(name for name in request["params"]["symbol"] if "NOSUCH" in name)
        error = f"Currency pair not supported {symbol}"
        replies.append(json.dumps({"method": "subscribe", "success": False, "error": error, "symbol": symbol}))
    return replies


def heartbeat(stream: StreamConnector, product: ListedProduct, last_id: int, time: datetime = START) -> str:
    """The exchange's sign of life; for Binance a message without a known meaning, because it has none."""
    if stream.name == "coinbase":
        text = Trade(last_id, time=time).text
        return (
            f'{{"type":"heartbeat","sequence":1,"last_trade_id":{last_id},"product_id":"{product.symbol}",'
            f'"time":"{text}"}}'
        )
    return '{"channel":"heartbeat"}' if stream.name == "kraken" else '{"e":"unknown"}'
