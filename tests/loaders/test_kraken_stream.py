"""What is special about Kraken's stream."""

import json
from datetime import datetime

import pytest

from loaders.errors import BadRequest
from loaders.stream import Heard, Quote
from tests.support.stream_dialects import PRODUCTS, STREAMS

STREAM = STREAMS["kraken"]
SYMBOLS = {"BTC/USD": "XBTUSD", "DOGE/USDT": "XDGUSDT"}
TRADE = (
    '{"symbol":"BTC/USD","side":"buy","price":109601.2,"qty":0.04561994,"ord_type":"market","trade_id":83449369,'
    '"timestamp":"2025-05-27T11:24:03.847761Z"}'
)


def parsed(*texts: str) -> Heard:
    return STREAM.parse([text.encode() for text in texts], SYMBOLS)


def message(*trades: str, kind: str = "update") -> str:
    return f'{{"channel":"trade","type":"{kind}","data":[{",".join(trades)}]}}'


def test_the_documented_trade_is_written_as_rest_writes_it() -> None:
    heard = parsed(message(TRADE))
    assert heard.trades.to_pylist() == [
        {
            "trade_id": "83449369",
            "pair": "XBTUSD",
            "price": 109601.2,
            "volume": 0.04561994,
            "time": datetime(2025, 5, 27, 11, 24, 3, 847761),
            "side": "b",
            "order_type": "m",
            "misc": None,
            "_raw_payload": TRADE,
        }
    ]
    assert heard.ids == [83449369]


def test_the_names_are_made_of_the_assets_of_a_product() -> None:
    assert [STREAM.wire_name(product) for product in PRODUCTS["kraken"]] == ["BTC/USD", "DOGE/USDT"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-7", 1e-7),
        ("1.5E+3", 1500.0),
        ("0.10000000000000000555", 0.1),
        ("12345678901234567890.5", 12345678901234567890.5),
        ("7", 7.0),
    ],
)
def test_numbers_are_read_as_the_nearest_double_and_keep_their_text(text: str, number: float) -> None:
    trade = TRADE.replace("0.04561994", text).replace("109601.2", text)
    row = parsed(message(trade)).trades.to_pylist()[0]
    assert (row["price"], row["volume"]) == (number, number)
    assert row["_raw_payload"] == trade


def test_a_side_that_rest_has_no_word_for_stays_in_sight() -> None:
    changed = TRADE.replace('"buy"', '"both"').replace('"market"', '"iceberg"')
    (row,) = parsed(message(changed)).trades.to_pylist()
    assert (row["side"], row["order_type"]) == ("both", "iceberg")


def test_several_trades_of_one_message_and_several_messages_come_together() -> None:
    texts = [TRADE.replace("83449369", str(number)) for number in range(5)]
    heard = parsed(message(*texts[:3], kind="snapshot"), message(), message(*texts[3:]))
    assert heard.ids == [0, 1, 2, 3, 4]
    assert heard.trades["_raw_payload"].to_pylist() == texts


def test_one_wrong_trade_ends_its_message_and_not_the_others() -> None:
    heard = parsed(message(TRADE, TRADE.replace("83449369", "null")), message(TRADE))
    assert heard.ids == [83449369]
    assert len(heard.problems) == 1


def test_a_ticker_is_a_quote() -> None:
    text = (
        '{"channel":"ticker","type":"update","data":[{"symbol":"DOGE/USDT","bid":0.10025,"bid_qty":740.0,"ask":0.10036,'
        '"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185}]}'
    )
    assert parsed(text).quotes == [Quote("XDGUSDT", 0.10025, 740.0, 0.10036, 1361.44813783, None)]


def test_subscriptions_of_trades_come_first_and_with_the_last_trades() -> None:
    trades, ticker = STREAM.subscriptions(PRODUCTS["kraken"], quotes=True, first_request=3)
    names = ["BTC/USD", "DOGE/USDT"]
    assert json.loads(trades.text) == {
        "method": "subscribe",
        "params": {"channel": "trade", "snapshot": True, "symbol": names},
        "req_id": 3,
    }
    assert json.loads(ticker.text)["params"] == {"channel": "ticker", "event_trigger": "bbo", "symbol": names}
    assert (trades.symbols, ticker.symbols) == (("XBTUSD", "XDGUSDT"), ())


def test_replies_name_their_product() -> None:
    good = (
        '{"method":"subscribe","req_id":3,"result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},'
        '"success":true,"time_in":"2026-01-05T00:00:00.1Z","time_out":"2026-01-05T00:00:00.2Z"}'
    )
    heard = parsed(good, good.replace('"trade"', '"ticker"').replace("BTC/USD", "DOGE/USDT"))
    assert heard.acknowledged == {"XBTUSD"}
    assert heard.exchange_time == datetime(2026, 1, 5, 0, 0, 0, 200_000)


@pytest.mark.parametrize("field", [',"symbol":"DOGE/USDT"', ""])
def test_a_refusal_names_its_product_in_a_field_or_in_its_text(field: str) -> None:
    text = f'{{"error":"Currency pair not supported DOGE/USDT","method":"subscribe","success":false{field}}}'
    (refusal,) = parsed(text).refusals
    assert isinstance(refusal.error, BadRequest)
    assert str(refusal.error) == "kraken XDGUSDT: Currency pair not supported DOGE/USDT"
    assert (refusal.symbol, refusal.is_whole_request) == ("XDGUSDT", False)


def test_heartbeats_and_status_mean_nothing() -> None:
    status = '{"channel":"status","type":"update","data":[{"api_version":"v2","system":"online","version":"2.0.0"}]}'
    heard = parsed('{"channel":"heartbeat"}', status)
    assert (heard.ids, heard.quotes, heard.problems, heard.refusals) == ([], [], [], [])
