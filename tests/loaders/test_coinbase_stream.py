"""What is special about Coinbase's stream."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from loaders.channels.stream import Listener
from loaders.errors import BadRequest
from loaders.stream import Heard, Quote
from tests.support.stream_dialects import PRODUCTS, STREAMS, Trade, acknowledge, heartbeat, messages
from tests.support.stream_server import Client, serving, wait_until

STREAM = STREAMS["coinbase"]
BITCOIN, ETHER = PRODUCTS["coinbase"]
SYMBOLS = {"BTC-USD": "BTC-USD", "ETH-USD": "ETH-USD"}
DOCUMENTED = (
    '{"type":"match","trade_id":865127782,"maker_order_id":"m","taker_order_id":"t","side":"buy","size":"0.00004147",'
    '"price":"116827.85","product_id":"BTC-USD","sequence":110614077300,"time":"2025-08-22T20:11:30.012637Z"}'
)


def parsed(*texts: str) -> Heard:
    return STREAM.parse([text.encode() for text in texts], SYMBOLS)


def fast(speed: float) -> Callable[[], float]:
    return lambda: time.monotonic() * speed


def test_the_documented_trade_with_the_makers_side() -> None:
    heard = parsed(DOCUMENTED)
    assert heard.trades.to_pylist() == [
        {
            "trade_id": "865127782",
            "product_id": "BTC-USD",
            "price": 116827.85,
            "size": 0.00004147,
            "side": "buy",
            "time": datetime(2025, 8, 22, 20, 11, 30, 12637),
            "_raw_payload": DOCUMENTED,
        }
    ]
    assert heard.exchange_time == datetime(2025, 8, 22, 20, 11, 30, 12637)


def test_the_last_match_before_the_subscription_is_a_trade() -> None:
    heard = parsed(DOCUMENTED.replace('"match"', '"last_match"').replace(".012637Z", ".5Z"))
    assert heard.ids == [865127782]
    assert heard.trades["time"][0].as_py() == datetime(2025, 8, 22, 20, 11, 30, 500_000)


def test_keys_may_be_in_any_order_and_ids_may_be_texts() -> None:
    trade = json.loads(DOCUMENTED)
    text = json.dumps(dict(reversed([*{**trade, "trade_id": "865127782"}.items()])))
    heard = parsed(DOCUMENTED, text)
    assert heard.ids == [865127782, 865127782]
    rows = heard.trades.drop_columns(["_raw_payload"]).to_pylist()
    assert rows[0] == rows[1]


def test_a_heartbeat_says_which_trades_exist() -> None:
    texts = [heartbeat(STREAM, BITCOIN, 20), heartbeat(STREAM, BITCOIN, 19), heartbeat(STREAM, ETHER, 7)]
    assert parsed(*texts).newest_ids == {"BTC-USD": 20, "ETH-USD": 7}


def test_a_ticker_is_a_quote() -> None:
    text = (
        '{"type":"ticker","sequence":1,"product_id":"ETH-USD","price":"1285.22","best_bid":"1285.04",'
        '"best_bid_size":"0.46688654","best_ask":"1285.27","best_ask_size":"1.56637040","side":"buy",'
        '"time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,"last_size":"11.4396987"}'
    )
    moment = datetime(2022, 10, 19, 23, 28, 22, 61769)
    heard = parsed(text)
    assert heard.quotes == [Quote("ETH-USD", 1285.04, 0.46688654, 1285.27, 1.5663704, moment)]
    assert heard.ids == []  # it leaves out trades, so it is no tape


def test_the_channels_that_are_subscribed() -> None:
    for quotes, channels in ((False, ["matches", "heartbeat"]), (True, ["matches", "heartbeat", "ticker"])):
        (subscription,) = STREAM.subscriptions(PRODUCTS["coinbase"], quotes=quotes, first_request=1)
        assert json.loads(subscription.text) == {
            "type": "subscribe",
            "product_ids": ["BTC-USD", "ETH-USD"],
            "channels": channels,
        }


def test_a_subscription_of_trades_is_acknowledged_by_product() -> None:
    text = '{"type":"subscriptions","channels":[{"name":"%s","product_ids":["BTC-USD","SOL-USD"]}]}'
    assert parsed(text % "matches").acknowledged == {"BTC-USD"}
    assert parsed(text % "heartbeat").acknowledged == set()


def test_an_unknown_product_is_named() -> None:
    error = '{"type":"error","message":"Failed to subscribe","reason":"%s is not a valid product"}'
    (refusal,) = parsed(error % "ETH-USD").refusals
    assert isinstance(refusal.error, BadRequest)
    assert str(refusal.error) == "coinbase ETH-USD: Failed to subscribe: ETH-USD is not a valid product"
    assert (refusal.symbol, refusal.is_whole_request) == ("ETH-USD", True)
    (refusal,) = parsed(error % "").refusals
    assert refusal.symbol is None


def test_trades_that_a_heartbeat_names_and_that_never_come_end_the_connection() -> None:
    lasting = replace(STREAM, silence_seconds=1e9)  # which this clock would reach while the machine does something else
    with (
        serving(answer=acknowledge) as server,
        Listener(lasting, PRODUCTS["coinbase"], url=server.url, clock=fast(20), random=lambda: 0.1) as listener,
    ):
        client = server.client()
        client.push(*messages(STREAM, BITCOIN, [Trade(7)]))
        while len(server.clients) == 1:
            client.push(heartbeat(STREAM, BITCOIN, 9))
            time.sleep(0.05)
        assert "trade 9 exists, but has sent none after 7" in str(listener.state.connections[0].trouble)
        again = server.client(1)
        again.push(*messages(STREAM, BITCOIN, [Trade(9)]))
        for _ in range(20):
            again.push(heartbeat(STREAM, BITCOIN, 9))
            time.sleep(0.05)
        assert listener.state.connections[0].reconnects == 1
        assert listener.state.newest_ids == {"BTC-USD": 9}


def test_the_other_products_of_a_refused_request_are_requested_again_without_it() -> None:
    def answer(client: Client, text: str) -> list[str]:
        names = json.loads(text)["product_ids"]
        wrong = next((name for name in ("BTC-USD",) if name in names), None)
        if wrong is None:
            return acknowledge(client, text)
        return [f'{{"type":"error","message":"Failed to subscribe","reason":"{wrong} is not a valid product"}}']

    with serving(answer=answer) as server, Listener(STREAM, PRODUCTS["coinbase"], url=server.url) as listener:
        wait_until(lambda: listener.state.connections[0].is_ready)
        assert [json.loads(text)["product_ids"] for text in server.client().texts] == [
            ["BTC-USD", "ETH-USD"],
            ["ETH-USD"],
        ]
        assert list(listener.failures) == ["BTC-USD"]
        assert listener.state.connections[0].symbols == ("ETH-USD",)
