"""What is special about Binance's stream."""

import json
import time
from dataclasses import replace
from datetime import datetime

import pytest

from loaders.channels.stream import Listener
from loaders.errors import BadRequest
from loaders.stream import Heard, Quote
from tests.support.stream_dialects import PRODUCTS, STREAMS, Trade, acknowledge, messages
from tests.support.stream_server import serving, wait_until

STREAM = STREAMS["binance"]
SYMBOLS = {"BTCUSDT": "BTCUSDT", "BNBBTC": "BNBBTC"}
DOCUMENTED = (
    '{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}'
)


def parsed(*texts: str) -> Heard:
    return STREAM.parse([text.encode() for text in texts], SYMBOLS)


def test_the_documented_trade() -> None:
    heard = parsed(DOCUMENTED)
    assert heard.trades.to_pylist() == [
        {
            "id": "12345",
            "symbol": "BNBBTC",
            "price": 0.001,
            "qty": 100.0,
            "quote_qty": None,
            "time": datetime(2022, 12, 31, 19, 43, 2, 136000),
            "is_buyer_maker": True,
            "is_best_match": True,
            "_raw_payload": DOCUMENTED,
        }
    ]
    assert heard.exchange_time == datetime(2022, 12, 31, 19, 43, 2, 136000)


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("1672515782136", datetime(2022, 12, 31, 19, 43, 2, 136000)),
        ("1672515782136789", datetime(2022, 12, 31, 19, 43, 2, 136789)),
        ("null", None),
        ('"soon"', None),
    ],
)
def test_times_are_in_the_unit_that_their_size_shows(time: str, moment: datetime | None) -> None:
    heard = parsed(DOCUMENTED.replace('"T":1672515782136', f'"T":{time}'), DOCUMENTED)
    assert heard.trades["time"][0].as_py() == moment


def test_microseconds_are_requested() -> None:
    assert STREAM.path == "/ws?timeUnit=MICROSECOND"


def test_a_combined_stream_is_understood_and_its_payload_is_the_trade_alone() -> None:
    heard = parsed(f'{{"stream":"bnbbtc@trade","data":{DOCUMENTED}}}')
    assert heard.ids == [12345]
    assert heard.trades["_raw_payload"].to_pylist() == [DOCUMENTED]


def test_the_order_ids_of_older_messages_stay_in_the_payload() -> None:
    old = DOCUMENTED.replace('"T":', '"b":88,"a":50,"T":')
    heard = parsed(old)
    assert (heard.ids, heard.quotes) == ([12345], [])
    assert heard.trades["_raw_payload"].to_pylist() == [old]


def test_aggregate_and_block_trades_are_not_trades() -> None:
    heard = parsed(*(DOCUMENTED.replace('"trade"', f'"{kind}"') for kind in ("aggTrade", "blockTrade")))
    assert (heard.ids, heard.problems) == ([], [])


def test_a_book_ticker_is_a_quote_without_a_time() -> None:
    text = '{"u":400900217,"s":"BNBBTC","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}'
    assert parsed(text).quotes == [Quote("BNBBTC", 25.3519, 31.21, 25.3652, 40.66, None)]


@pytest.mark.parametrize("wrong", ["null", '"x"', '"nan"', '"inf"'])
def test_a_quote_that_makes_no_sense_is_none(wrong: str) -> None:
    assert parsed(f'{{"u":1,"s":"BNBBTC","b":{wrong},"B":"31.21","a":"25.36","A":"40.66"}}').quotes == []


def test_names_are_in_small_letters_and_quotes_are_requested_only_if_wanted() -> None:
    for quotes, streams in ((False, ["btcusdt@trade"]), (True, ["btcusdt@trade", "btcusdt@bookTicker"])):
        (subscription,) = STREAM.subscriptions(PRODUCTS["binance"][:1], quotes=quotes, first_request=7)
        assert json.loads(subscription.text) == {"method": "SUBSCRIBE", "params": streams, "id": 7}


def test_an_announced_end_is_recognised() -> None:
    assert parsed('{"e":"serverShutdown","E":1770123456789}').wants_reconnect
    assert not parsed(DOCUMENTED).wants_reconnect


def test_replies_go_by_the_number_of_the_request() -> None:
    heard = parsed('{"result":null,"id":1}', '{"error":{"code":2,"msg":"Invalid request"},"id":2}')
    assert heard.acknowledged_requests == {1}
    (refusal,) = heard.refusals
    assert isinstance(refusal.error, BadRequest)
    assert (str(refusal.error), refusal.symbol) == ("binance: 2 Invalid request", None)


def test_fewer_than_five_messages_are_sent_a_second() -> None:
    budget = STREAM.limits.messages
    assert budget.burst + budget.units / budget.seconds <= 5
    assert STREAM.limits.products * 2 <= 1024


def test_a_connection_is_replaced_before_24_hours_of_the_clock() -> None:
    hours = 0.0
    with (
        serving(answer=acknowledge) as server,
        Listener(
            replace(STREAM, silence_seconds=1e9),  # type: ignore[type-var]
            PRODUCTS["binance"],
            url=server.url,
            clock=lambda: hours * 3600 + time.monotonic(),
            random=lambda: 0.0,
        ) as listener,
    ):
        client = server.client()
        wait_until(lambda: listener.state.connections[0].is_ready)
        hours = 23.4
        for _ in range(5):
            client.ping()
            wait_until(lambda: len(client.pongs) == client.sent_pings)
        assert len(server.clients) == 1
        hours = 23.6
        server.client(1).push(*messages(STREAM, PRODUCTS["binance"][0], [Trade(1)]))
        wait_until(lambda: not client.is_open)
        assert listener.state.connections[0].reconnects == 0
