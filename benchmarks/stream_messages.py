"""Messages with one trade each, as the exchanges' streams send them, for two products in turn."""

from collections.abc import Callable, Mapping

from loaders.connector import ListedProduct

PRODUCTS = {
    "binance": (ListedProduct("BTCUSDT", "BTC", "USDT"), ListedProduct("ETHUSDT", "ETH", "USDT")),
    "coinbase": (ListedProduct("BTC-USD", "BTC", "USD"), ListedProduct("ETH-USD", "ETH", "USD")),
    "kraken": (ListedProduct("XBTUSD", "BTC", "USD"), ListedProduct("ETHUSD", "ETH", "USD")),
}
_FIRST = 306_239_167
_MAKER, _TAKER = "2a0da34e-61f7-4c36-88e5-c9dd15927b16", "3c82abaa-c01e-4608-be59-6a1e69742891"


def _binance(place: int) -> str:
    return (
        f'{{"e":"trade","E":1767571200123456,"s":"{("BTCUSDT", "ETHUSDT")[place % 2]}","t":{_FIRST + place // 2},'
        f'"p":"{93_000 + place % 1_000}.65000000","q":"0.{place % 1_000:05}000","T":1767571200{place % 1_000_000:06},'
        f'"m":{("true", "false")[place % 3 > 0]},"M":true}}'
    )


def _coinbase(place: int) -> str:
    return (
        f'{{"type":"match","trade_id":{_FIRST + place // 2},"maker_order_id":"{_MAKER}","taker_order_id":"{_TAKER}",'
        f'"side":"{("buy", "sell")[place % 3 > 0]}","size":"0.{place % 1_000:08}",'
        f'"price":"{93_000 + place % 1_000}.65","product_id":"{("BTC-USD", "ETH-USD")[place % 2]}",'
        f'"sequence":{110_614_077_300 + place},"time":"2026-01-05T00:00:00.{place % 1_000_000:06}Z"}}'
    )


def _kraken(place: int) -> str:
    return (
        f'{{"channel":"trade","type":"update","data":[{{"symbol":"{("BTC/USD", "ETH/USD")[place % 2]}",'
        f'"side":"{("buy", "sell")[place % 3 > 0]}","price":{93_000 + place % 1_000}.6,"qty":0.{place % 1_000:08},'
        f'"ord_type":"{("market", "limit")[place % 2]}","trade_id":{_FIRST + place // 2},'
        f'"timestamp":"2026-01-05T00:00:00.{place % 1_000_000:06}Z"}}]}}'
    )


def _of(message: Callable[[int], str]) -> Callable[[int], list[bytes]]:
    return lambda count: [message(place).encode() for place in range(count)]


MESSAGES: Mapping[str, Callable[[int], list[bytes]]] = {
    "binance": _of(_binance),
    "coinbase": _of(_coinbase),
    "kraken": _of(_kraken),
}
"""For each exchange, a function that returns so many messages; the ids of each product have no hole."""

ACKNOWLEDGEMENTS = {
    "binance": b'{"result":null,"id":1}',
    "coinbase": b'{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD","ETH-USD"]}]}',
    "kraken": b'{"method":"subscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true}',
}
