"""What only Binance's connector must get right; test_connector_contract tests what all connectors must do."""

from datetime import UTC, datetime

import pytest

from loaders.connector import Page, Request, Response, Walk
from loaders.errors import BadRequest, RateLimited, UnexpectedPayload
from tests.support.connectors import CONNECTORS
from tests.support.holes import after, everything_since
from tests.support.trade_bodies import body_of


def test_binance_times_are_read_by_their_size_row_by_row() -> None:
    body = (
        b'[{"id":1,"price":"4.00000100","qty":"1","quoteQty":"4","time":1499865549590,"isBuyerMaker":true},'
        b'{"id":2,"price":"4","qty":"1","quoteQty":"4","time":1735689600123456,"isBuyerMaker":false}]'
    )
    trades = CONNECTORS["binance"].parse(body, symbol="BNBBTC")
    assert trades["time"].to_pylist() == [
        datetime(2017, 7, 12, 13, 19, 9, 590000),
        datetime(2025, 1, 1, 0, 0, 0, 123456),
    ]
    assert trades["price"].to_pylist() == [4.000001, 4.0]


def test_the_pause_that_an_exchange_requests_is_kept() -> None:
    with pytest.raises(RateLimited) as caught:
        CONNECTORS["binance"].check(Response(418, {"retry-after": "120"}, b""))
    assert caught.value.retry_after == 120


def test_binance_rows_of_2018_without_a_quote_quantity_land() -> None:
    body = (
        b'[{"id":17851860,"price":"0.07600400","qty":"0.11000000","time":1515440470089,"isBuyerMaker":true,'
        b'"isBestMatch":true}]'
    )
    trades = CONNECTORS["binance"].parse(body, symbol="ETHBTC").to_pylist()
    assert (trades[0]["id"], trades[0]["price"], trades[0]["quote_qty"]) == ("17851860", 0.076004, None)


def test_a_row_that_lacks_a_field_of_the_unified_table_is_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="binance: expected `price` in every trade"):
        CONNECTORS["binance"].parse(b'[{"id":1,"qty":"1","time":1,"isBuyerMaker":true}]', symbol="X")


def sent(walk: Walk, *bodies: bytes) -> tuple[list[Request], list[Page]]:
    """The requests and the pages of a walk that receives these bodies."""
    requests, pages, step = [], [], next(walk, None)
    left = iter(bodies)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
            continue
        requests.append(step)
        try:
            step = walk.send(Response(200, {}, next(left)))
        except StopIteration:
            step = None
    return requests, pages


def test_binance_skips_aggregates_that_were_removed() -> None:
    struck = b'[{"a":5,"p":"0","q":"0","f":-1,"l":-1,"T":1,"m":true,"M":true}]'
    walk = CONNECTORS["binance"].walk("BTCUSDT", everything_since(datetime(2026, 1, 5, tzinfo=UTC)))
    second, third = struck.replace(b"5", b"6"), b'[{"a":7,"f":40}]'
    asked, _ = sent(walk, *[struck] * 3, *[second] * 3, *[third] * 3, b"[]")
    assert [request.parameters.get("fromId") for request in asked] == [*[None] * 3, *["6"] * 3, *["7"] * 3, "40"]


def test_the_first_id_since_a_time_must_arrive_three_times_because_a_later_one_would_hide_a_hole() -> None:
    walk = CONNECTORS["binance"].walk("BTCUSDT", everything_since(datetime(2026, 1, 5, tzinfo=UTC)))
    later, right = b'[{"a":9,"f":70}]', b'[{"a":7,"f":40}]'
    asked, _ = sent(walk, later, right, later, right, right, b"[]")
    assert asked[-1].parameters["fromId"] == "40"


def test_binance_begins_before_the_requested_time_and_lands_from_that_time_on() -> None:
    since = datetime(2026, 1, 5, tzinfo=UTC)
    start = int(since.timestamp() * 1000)
    rows = [{"id": str(i), "time": str(start + late)} for i, late in [(40, -9_000), (41, 1), (42, -1), (43, 2)]]
    walk = CONNECTORS["binance"].walk("BTCUSDT", everything_since(since))
    asked, pages = sent(walk, *[b'[{"a":7,"f":40}]'] * 3, body_of("binance", *rows), b"[]")
    assert int(asked[0].parameters["startTime"]) == start - 60_000
    assert pages[0].rows["id"].to_pylist() == ["41", "42", "43"]  # a higher id may carry an earlier time


@pytest.mark.parametrize(
    "response",
    [
        Response(401, {}, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'),
        Response(400, {}, b'{"code":-2014,"msg":"API-key format invalid."}'),
        Response(403, {}, b"<html>"),
        Response(404, {}, b""),
    ],
)
def test_an_error_of_a_binance_host_without_open_history_names_hosts_that_have_it(response: Response) -> None:
    with pytest.raises(BadRequest, match=r"historicalTrades.* api\.binance\.com, .*SCHEMAHUB_BINANCE_URL"):
        CONNECTORS["binance"].check(response)


def test_an_exchange_whose_responses_keep_changing_is_given_up() -> None:
    walk = CONNECTORS["binance"].walk("BTCUSDT", after(7))
    next(walk)
    for answer in range(19):
        walk.send(Response(200, {}, body_of("binance", {"id": str(100 + answer)})))
    with pytest.raises(UnexpectedPayload, match="binance BTCUSDT: the same request got 20 different responses"):
        walk.send(Response(200, {}, body_of("binance", {"id": "119"})))
