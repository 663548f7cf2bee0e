"""What becomes of the bodies and errors of any exchange; test_binance and its like test what only one exchange has."""

from datetime import datetime

import pytest

from lakehouse.errors import Misconfigured
from loaders.connector import Response
from loaders.connectors import load_connector
from loaders.errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload
from tests.support.connectors import CONNECTORS
from tests.support.trade_bodies import SOUND, body_of


@pytest.mark.parametrize(
    ("exchange", "response", "error", "message"),
    [
        ("binance", Response(429, {"retry-after": "7"}, b""), RateLimited, "HTTP 429"),
        ("binance", Response(418, {"retry-after": "120"}, b'{"code":-1003,"msg":"banned"}'), RateLimited, "banned"),
        ("binance", Response(400, {}, b'{"code":-1121,"msg":"Invalid symbol."}'), BadRequest, "Invalid symbol"),
        ("binance", Response(503, {}, b"<html>"), ExchangeUnavailable, "HTTP 503"),
        ("bitstamp", Response(429, {}, b'{"status":"error","code":"400.002"}'), RateLimited, "400.002"),
        ("bitstamp", Response(400, {}, b'{"status":"error","code":"400.002"}'), RateLimited, "400.002"),
        ("bitstamp", Response(404, {}, b'{"status":"error","reason":"Not found"}'), BadRequest, "Not found"),
        ("bitstamp", Response(404, {}, b"<html>"), BadRequest, "HTTP 404"),
        ("bitstamp", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
        ("bybit", Response(403, {}, b'"access too frequent"'), RateLimited, "access too frequent"),
        ("bybit", Response(200, {}, b'{"retCode":10006,"retMsg":"Too many visits!"}'), RateLimited, "Too many visits"),
        ("bybit", Response(200, {}, b'{"retCode":10016,"retMsg":"Server error"}'), ExchangeUnavailable, "10016"),
        (
            "bybit",
            Response(200, {}, b'{"retCode":10001,"retMsg":"Not supported symbols"}'),
            BadRequest,
            "Not supported",
        ),
        ("bybit", Response(403, {}, b"<html>blocked"), BadRequest, "country"),
        ("bybit", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
        ("coinbase", Response(429, {}, b'{"message":"Public rate limit exceeded"}'), RateLimited, "Public rate"),
        ("coinbase", Response(404, {}, b'{"message":"NotFound"}'), BadRequest, "NotFound"),
        ("coinbase", Response(500, {}, b""), ExchangeUnavailable, "HTTP 500"),
        ("gemini", Response(429, {}, b'{"result":"error","reason":"RateLimit"}'), RateLimited, "RateLimit"),
        ("gemini", Response(400, {}, b'{"result":"error","reason":"InvalidSymbol"}'), BadRequest, "InvalidSymbol"),
        ("gemini", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
        ("kraken", Response(200, {}, b'{"error":["EGeneral:Too many requests"]}'), RateLimited, "Too many"),
        ("kraken", Response(200, {}, b'{"error":["EService:Busy"]}'), ExchangeUnavailable, "Busy"),
        ("kraken", Response(200, {}, b'{"error":["EGeneral:Internal error"]}'), ExchangeUnavailable, "Internal"),
        ("kraken", Response(200, {}, b'{"error":["EQuery:Unknown asset pair"]}'), BadRequest, "Unknown asset pair"),
        ("kraken", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
        ("okx", Response(429, {}, b'{"code":"50011","msg":"Too Many Requests"}'), RateLimited, "50011"),
        ("okx", Response(200, {}, b'{"code":"50011","msg":"Too Many Requests","data":[]}'), RateLimited, "Too Many"),
        ("okx", Response(200, {}, b'{"code":"50013","msg":"Systems are busy","data":[]}'), ExchangeUnavailable, "busy"),
        ("okx", Response(200, {}, b'{"code":"51001","msg":"Instrument ID does not exist"}'), BadRequest, "51001"),
        ("okx", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
    ],
)
def test_errors_mean_wait_or_stop(exchange: str, response: Response, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CONNECTORS[exchange].check(response)


@pytest.mark.parametrize("exchange", CONNECTORS)
def test_a_body_that_differs_from_the_documentation_is_refused(exchange: str) -> None:
    with pytest.raises(UnexpectedPayload, match=exchange):
        CONNECTORS[exchange].parse(b'{"surprise":true}', symbol="X")


def test_an_unknown_exchange_is_refused_with_near_matches_and_choices() -> None:
    with pytest.raises(
        Misconfigured, match="unknown exchange `binence`: did you mean `binance`\\? use one of: binance,"
    ):
        load_connector("binence")


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize(
    ("price", "landed"),
    {
        '""': None,
        "null": None,
        '"abc"': None,
        "true": None,
        "[]": None,
        '{"a":[]}': None,
        '"0.00000000"': 0.0,
        '"-5"': -5.0,
        "1.5": 1.5,
        "7": 7.0,
        '"1e-8"': 1e-8,
    }.items(),
)
def test_a_price_that_makes_no_sense_lands_as_null_next_to_valid_rows(
    exchange: str, price: str, landed: float | None
) -> None:
    body = body_of(exchange, {}, {"price": price}, {})
    connector = CONNECTORS[exchange]
    trades = connector.parse(body, symbol="X")
    assert trades[connector.raw.id_column].to_pylist() == ["7", "8", "9"]
    assert trades["price"].to_pylist() == [1.25, landed, 1.25]
    assert trades[connector.raw.time_column].null_count == 0
    assert price.encode() in trades["_raw_payload"][1].as_py().encode()


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize(
    ("time", "landed"),
    {
        "1795746666": datetime(2026, 11, 27, 2, 31, 6),
        "1795746666361": datetime(2026, 11, 27, 2, 31, 6, 361000),
        "1795746666361544": datetime(2026, 11, 27, 2, 31, 6, 361544),
        "1795746666361544000": datetime(2026, 11, 27, 2, 31, 6, 361544),
        '"1795746666361544000"': datetime(2026, 11, 27, 2, 31, 6, 361544),
        '"2026-11-27T02:31:06.361544999Z"': datetime(2026, 11, 27, 2, 31, 6, 361544),
        '"2026-11-27T04:31:06+02:00"': datetime(2026, 11, 27, 2, 31, 6),
        str(2**62): datetime(2116, 2, 20, 23, 53, 38, 427387),
        str(2**63): datetime(2262, 4, 11, 23, 47, 16, 854775),
        str(2**70): None,
        "9" * 300: None,
        "-1": None,
        "null": None,
        '""': None,
        '"yesterday"': None,
        "false": None,
        "[1]": None,
        '"1e999999999"': None,
    }.items(),
)
def test_a_time_is_read_in_any_unit_and_lands_as_null_if_it_is_not_a_time(
    exchange: str, time: str, landed: datetime | None
) -> None:
    connector = CONNECTORS[exchange]
    trades = connector.parse(body_of(exchange, {}, {"time": time}, {}), symbol="X")
    assert trades[connector.raw.time_column].to_pylist() == [datetime(2026, 1, 5), landed, datetime(2026, 1, 5)]


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize("bad", ["null", "-1", str(2**63), str(2**70), '""', "true", "1.5", "[1]"])
def test_an_id_that_makes_no_sense_is_refused_because_walks_go_by_ids(exchange: str, bad: str) -> None:
    with pytest.raises(UnexpectedPayload, match=f"{exchange}: expected "):
        CONNECTORS[exchange].parse(body_of(exchange, {}, {"id": bad}), symbol="X")


@pytest.mark.parametrize("exchange", SOUND)
def test_a_page_in_another_order_is_sorted_by_its_ids(exchange: str) -> None:
    connector = CONNECTORS[exchange]
    trades = connector.parse(body_of(exchange, {"id": "9"}, {"id": "11"}, {"id": "10"}), symbol="X")
    assert trades[connector.raw.id_column].to_pylist() == ["9", "10", "11"]
    payloads = trades["_raw_payload"].to_pylist()
    assert all(trade_id in text for trade_id, text in zip(("9", "10", "11"), payloads, strict=True))


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize("price", ['"1e999"', "1e999", '"Infinity"'])
def test_a_price_that_is_not_finite_lands_as_such_or_as_null(exchange: str, price: str) -> None:
    found = CONNECTORS[exchange].parse(body_of(exchange, {"price": price}), symbol="X")["price"][0].as_py()
    assert found is None or found == float("inf")
