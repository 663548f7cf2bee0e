"""What one venue's connector must get right that no other has; the contract for all is in test_connector_contract."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from loaders.connector import Page, Response, Walk
from loaders.connectors import load_connector, load_connectors
from loaders.exceptions import BadRequest, ExchangeUnavailable, Misconfigured, RateLimited, UnexpectedPayload

CONNECTORS = load_connectors()


def test_binance_times_are_read_by_their_size_row_by_row() -> None:
    body = (
        b'[{"id":1,"price":"4.00000100","qty":"1","quoteQty":"4","time":1499865549590,"isBuyerMaker":true},'
        b'{"id":2,"price":"4","qty":"1","quoteQty":"4","time":1735689600123456,"isBuyerMaker":false}]'
    )
    trades = CONNECTORS["binance"].parse_trades(body, symbol="BNBBTC")
    assert trades["time"].to_pylist() == [
        datetime(2017, 7, 12, 13, 19, 9, 590000),
        datetime(2025, 1, 1, 0, 0, 0, 123456),
    ]
    assert trades["price"].to_pylist() == [4.000001, 4.0]


def test_coinbase_pages_are_turned_oldest_first_and_keep_the_makers_side() -> None:
    body = (
        b'[{"time":"2022-01-30T18:13:33.81Z","trade_id":8,"price":"2.10","size":"1","side":"buy"},'
        b'{"trade_id":"7","side":"sell","size":"2","price":"2.00","time":"2022-01-30T18:13:33.818634Z"}]'
    )
    trades = CONNECTORS["coinbase"].parse_trades(body, symbol="ETH-USD")
    assert trades["trade_id"].to_pylist() == ["7", "8"]
    assert trades["side"].to_pylist() == ["sell", "buy"]
    assert trades["time"].to_pylist() == [
        datetime(2022, 1, 30, 18, 13, 33, 818634),
        datetime(2022, 1, 30, 18, 13, 33, 810000),
    ]
    assert trades["_raw_payload"][1].as_py().startswith('{"time":"2022-01-30T18:13:33.81Z"')


@pytest.mark.parametrize("seconds", [-10, 0, 1, 500, 3_400, 3_500, 10**6])
@pytest.mark.parametrize(
    "ids",
    [range(1, 20), range(7, 3_000), range(5_000_000, 5_010_500), [i for i in range(1_000, 19_000) if i % 7 % 2]],
    ids=["few", "from the first", "late ids", "ids with holes"],
)
def test_coinbase_finds_the_first_trade_at_a_time_and_walks_forward_from_it(ids: Sequence[int], seconds: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = {trade_id: start + timedelta(seconds=place // 3) for place, trade_id in enumerate(ids)}
    since = start + timedelta(seconds=seconds)
    walk = CONNECTORS["coinbase"].newer("BTC-USD", None, since=since)
    landed = [trade_id for page in run(walk, times) for trade_id in page.trades["trade_id"].to_pylist()]
    assert landed == [str(trade_id) for trade_id, time in times.items() if time >= since]


def run(walk: Walk, times: dict[int, datetime]) -> list[Page]:
    """Follow a walk of Coinbase's on trades with these ids and times."""
    pages = []
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
        else:
            below = int(step.parameters.get("after", max(times) + 1))
            newest_first = [trade_id for trade_id in reversed(times) if trade_id < below][:1000]
            body = ",".join(
                f'{{"trade_id":{i},"time":"{times[i].isoformat()}","price":"1","size":"1","side":"buy"}}'
                for i in newest_first
            )
            try:
                step = walk.send(Response(200, {}, f"[{body}]".encode()))
            except StopIteration:
                step = None
    return pages


def kraken_page(*rows: str, last: str = "1") -> bytes:
    return f'{{"error":[],"result":{{"XXBTZUSD":[{",".join(rows)}],"last":"{last}"}}}}'.encode()


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("1762820035.9822779", 982277),  # as a double it would be …2778
        ("1762820035.9999999", 999999),  # rounding would make it the next second
        ("1762820035.98", 980000),
        ("1762820035", 0),
    ],
)
def test_kraken_times_keep_their_digits_and_are_cut_to_microseconds(text: str, microsecond: int) -> None:
    page = kraken_page(f'["30243.4","0.3",{text},"b","m","",61044952]')
    assert CONNECTORS["kraken"].parse_trades(page, symbol="XBTUSD")["time"][0].as_py() == datetime(
        2025, 11, 11, 0, 13, 55, microsecond
    )


def test_kraken_is_named_by_the_pair_asked_for_not_by_the_key_of_the_answer() -> None:
    trades = CONNECTORS["kraken"].parse_trades(kraken_page('["1","2",3.5,"s","l","",9]'), symbol="XBTUSD")
    assert trades["pair"].to_pylist() == ["XBTUSD"]
    assert trades["trade_id"].to_pylist() == ["9"]


def test_kraken_rows_without_an_id_get_one_that_is_the_same_every_time_and_tells_twins_apart() -> None:
    twin = '["1023.8","0.4",1385579841.7774,"s","l",""]'
    page = kraken_page(twin, twin, '["1023.9","0.4",1385579841.7774,"s","l",""]')
    first, second = (CONNECTORS["kraken"].parse_trades(page, symbol="XBTUSD") for _ in range(2))
    assert first["trade_id"] == second["trade_id"]
    assert len(set(first["trade_id"].to_pylist())) == 3


@pytest.mark.parametrize(
    ("exchange", "response", "error", "message"),
    [
        ("binance", Response(429, {"retry-after": "7"}, b""), RateLimited, "HTTP 429"),
        ("binance", Response(418, {"retry-after": "120"}, b'{"code":-1003,"msg":"banned"}'), RateLimited, "banned"),
        ("binance", Response(400, {}, b'{"code":-1121,"msg":"Invalid symbol."}'), BadRequest, "Invalid symbol"),
        ("binance", Response(451, {}, b'{"code":0,"msg":"restricted"}'), BadRequest, "country"),
        ("binance", Response(503, {}, b"<html>"), ExchangeUnavailable, "HTTP 503"),
        ("coinbase", Response(429, {}, b'{"message":"Public rate limit exceeded"}'), RateLimited, "Public rate"),
        ("coinbase", Response(404, {}, b'{"message":"NotFound"}'), BadRequest, "NotFound"),
        ("coinbase", Response(500, {}, b""), ExchangeUnavailable, "HTTP 500"),
        ("kraken", Response(200, {}, b'{"error":["EGeneral:Too many requests"]}'), RateLimited, "Too many"),
        ("kraken", Response(200, {}, b'{"error":["EService:Busy"]}'), ExchangeUnavailable, "Busy"),
        ("kraken", Response(200, {}, b'{"error":["EQuery:Unknown asset pair"]}'), BadRequest, "Unknown asset pair"),
        ("kraken", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
    ],
)
def test_errors_mean_wait_or_stop(exchange: str, response: Response, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CONNECTORS[exchange].check(response)


def test_the_pause_that_a_venue_asks_for_is_kept() -> None:
    with pytest.raises(RateLimited) as caught:
        CONNECTORS["binance"].check(Response(418, {"retry-after": "120"}, b""))
    assert caught.value.retry_after == 120


def test_a_kraken_warning_is_not_an_error() -> None:
    CONNECTORS["kraken"].check(Response(200, {}, b'{"error":["WGeneral:Deprecated"],"result":{}}'))


@pytest.mark.parametrize("exchange", CONNECTORS)
def test_another_body_than_documented_is_refused(exchange: str) -> None:
    with pytest.raises(UnexpectedPayload, match=exchange):
        CONNECTORS[exchange].parse_trades(b'{"surprise":true}', symbol="X")


def test_an_unknown_exchange_is_refused_with_near_matches_and_choices() -> None:
    with pytest.raises(
        Misconfigured, match="unknown exchange `binence`: did you mean `binance`\\? use one of: binance,"
    ):
        load_connector("binence")
