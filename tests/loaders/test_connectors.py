"""What one exchange's connector must get right that no other has; test_connector_contract holds what all must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.errors import Misconfigured
from loaders.connector import Cursor, Page, Request, Response, Walk
from loaders.connectors import load_connector, load_connectors
from loaders.errors import BadRequest, ExchangeUnavailable, RateLimited, UnexpectedPayload

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


def run(walk: Walk, times: dict[int, datetime], *, page: int = 1000, asked: list[Request] | None = None) -> list[Page]:
    """Follow a walk of Coinbase's on trades with these ids and times, of which a page has so many at most."""
    pages = []
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
        else:
            if asked is not None:
                asked.append(step)
            below = int(step.parameters.get("after", max(times) + 1))
            newest_first = [trade_id for trade_id in reversed(times) if trade_id < below][:page]
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
        ("kraken", Response(200, {}, b'{"error":["EGeneral:Internal error"]}'), ExchangeUnavailable, "Internal"),
        ("kraken", Response(200, {}, b'{"error":["EQuery:Unknown asset pair"]}'), BadRequest, "Unknown asset pair"),
        ("kraken", Response(502, {}, b"<html>"), ExchangeUnavailable, "HTTP 502"),
    ],
)
def test_errors_mean_wait_or_stop(exchange: str, response: Response, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CONNECTORS[exchange].check(response)


def test_the_pause_that_an_exchange_asks_for_is_kept() -> None:
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


def test_binance_rows_of_2018_without_a_quote_quantity_land() -> None:
    body = (
        b'[{"id":17851860,"price":"0.07600400","qty":"0.11000000","time":1515440470089,"isBuyerMaker":true,'
        b'"isBestMatch":true}]'
    )
    trades = CONNECTORS["binance"].parse_trades(body, symbol="ETHBTC").to_pylist()
    assert (trades[0]["id"], trades[0]["price"], trades[0]["quote_qty"]) == ("17851860", 0.076004, None)


SOUND = {
    "binance": '{{"id":{id},"price":{price},"qty":"0.5","time":{time},"isBuyerMaker":true}}',
    "coinbase": '{{"trade_id":{id},"price":{price},"size":"0.5","time":{time},"side":"buy"}}',
    "kraken": '[{price},"0.5",{time},"b","l","",{id}]',
}
TIMES = {"binance": "1767571200000", "coinbase": '"2026-01-05T00:00:00Z"', "kraken": "1767571200.0"}


def body_of(exchange: str, *rows: dict[str, str]) -> bytes:
    """A body of an exchange whose rows have these ids, prices and times, in JSON; sound ones where they are missing."""
    texts = [
        SOUND[exchange].format(**{"id": place, "price": '"1.25"', "time": TIMES[exchange], **row})
        for place, row in enumerate(rows, start=7)
    ]
    if exchange == "kraken":
        return kraken_page(*texts)
    return f"[{','.join(texts[::-1] if exchange == 'coinbase' else texts)}]".encode()


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
def test_a_price_that_makes_no_sense_lands_as_null_beside_sound_rows(
    exchange: str, price: str, landed: float | None
) -> None:
    body = body_of(exchange, {}, {"price": price}, {})
    connector = CONNECTORS[exchange]
    trades = connector.parse_trades(body, symbol="X")
    assert trades[connector.raw.trade_id].to_pylist() == ["7", "8", "9"]
    assert trades["price"].to_pylist() == [1.25, landed, 1.25]
    assert trades[connector.raw.trade_time].null_count == 0
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
def test_a_time_is_read_in_whatever_unit_and_lands_as_null_where_it_is_none(
    exchange: str, time: str, landed: datetime | None
) -> None:
    connector = CONNECTORS[exchange]
    trades = connector.parse_trades(body_of(exchange, {}, {"time": time}, {}), symbol="X")
    assert trades[connector.raw.trade_time].to_pylist() == [datetime(2026, 1, 5), landed, datetime(2026, 1, 5)]


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize("bad", ["null", "-1", str(2**63), str(2**70), '""', "true", "1.5", "[1]"])
def test_an_id_that_makes_no_sense_is_refused_since_walks_go_by_ids(exchange: str, bad: str) -> None:
    with pytest.raises(UnexpectedPayload, match=f"{exchange}: expected "):
        CONNECTORS[exchange].parse_trades(body_of(exchange, {}, {"id": bad}), symbol="X")


@pytest.mark.parametrize("exchange", SOUND)
def test_a_page_in_another_order_is_put_in_the_order_of_its_ids(exchange: str) -> None:
    connector = CONNECTORS[exchange]
    trades = connector.parse_trades(body_of(exchange, {"id": "9"}, {"id": "11"}, {"id": "10"}), symbol="X")
    assert trades[connector.raw.trade_id].to_pylist() == ["9", "10", "11"]
    payloads = trades["_raw_payload"].to_pylist()
    assert all(trade_id in text for trade_id, text in zip(("9", "10", "11"), payloads, strict=True))


@pytest.mark.parametrize("exchange", SOUND)
@pytest.mark.parametrize("price", ['"1e999"', "1e999", '"Infinity"'])
def test_a_price_that_is_not_finite_lands_as_such_or_as_null(exchange: str, price: str) -> None:
    found = CONNECTORS[exchange].parse_trades(body_of(exchange, {"price": price}), symbol="X")["price"][0].as_py()
    assert found is None or found == float("inf")


def test_a_row_without_what_the_unified_table_needs_is_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="binance: expected `price` in every trade"):
        CONNECTORS["binance"].parse_trades(b'[{"id":1,"qty":"1","time":1,"isBuyerMaker":true}]', symbol="X")


@dataclass
class KrakenTape:
    """Rows with their true times in nanoseconds; answers as Kraken does, a few at a time."""

    rows: Sequence[tuple[int, str]]
    page: int = 2

    def pages(self, after: Cursor | None, since: datetime) -> list[Page]:
        walk = CONNECTORS["kraken"].newer("XBTUSD", after, since=since)
        pages, step = [], next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                pages.append(step)
                step = next(walk, None)
                continue
            try:
                step = walk.send(Response(200, {}, self.answer(int(step.parameters["since"]))))
            except StopIteration:
                step = None
        return pages

    def answer(self, since: int) -> bytes:
        found = [row for row in self.rows if row[0] > since][: self.page]
        return kraken_page(*(text for _, text in found), last=str(found[-1][0] if found else since))


TWIN = '["1023.8","0.4",1385579841.7774,"s","l",""]'
OTHER = '["1023.9","0.4",1385579841.7774,"s","l",""]'
SECOND = 1385579841
TWINS = KrakenTape(
    [
        (SECOND * 10**9 + 777_400_001, TWIN),
        (SECOND * 10**9 + 777_400_002, TWIN),
        (SECOND * 10**9 + 777_400_003, OTHER),
        (SECOND * 10**9 + 777_400_004, TWIN),
        (SECOND * 10**9 + 777_400_005, TWIN),
        (SECOND * 10**9 + 900_000_000, OTHER.replace("7774", "9")),
    ]
)
LONG_AGO = datetime(2013, 1, 1, tzinfo=UTC)


def ids_of(pages: list[Page]) -> list[str]:
    return [trade_id for page in pages for trade_id in page.trades["trade_id"].to_pylist()]


def test_kraken_twins_on_either_side_of_a_page_stay_two() -> None:
    for size in (1, 2, 3, 1000):
        ids = ids_of(KrakenTape(TWINS.rows, size).pages(None, LONG_AGO))
        assert len(set(ids)) == len(ids) == 6
        assert ids == ids_of(TWINS.pages(None, LONG_AGO))


def test_kraken_twins_get_the_same_ids_wherever_a_walk_resumes() -> None:
    pages = KrakenTape(TWINS.rows, 1).pages(None, LONG_AGO)
    ids = ids_of(pages)
    for place, page in enumerate(pages, start=1):
        for size in (1, 2, 1000):
            assert ids_of(KrakenTape(TWINS.rows, size).pages(page.cursor, LONG_AGO)) == ids[place:]


def test_kraken_twins_get_the_same_ids_wherever_a_first_walk_begins() -> None:
    ids = ids_of(TWINS.pages(None, LONG_AGO))
    since = datetime.fromtimestamp(SECOND, UTC)
    assert ids_of(TWINS.pages(None, since + timedelta(microseconds=777_400))) == ids
    assert ids_of(TWINS.pages(None, since + timedelta(microseconds=800_000))) == ids[-1:]


@pytest.mark.parametrize("last", ['"-1"', '"1; drop"', "null", "1.5", '""', "[]", '"' + "9" * 99 + '"'])
def test_a_kraken_token_that_is_none_is_refused(last: str) -> None:
    body = kraken_page('["1","2",3.5,"s","l","",9]').replace(b'"last":"1"', f'"last":{last}'.encode())
    with pytest.raises(UnexpectedPayload, match="kraken"):
        CONNECTORS["kraken"].parse_trades(body, symbol="XBTUSD")


def test_a_kraken_token_that_stays_ends_the_walk_in_one_line() -> None:
    stuck = KrakenTape(TWINS.rows)
    stuck.answer = lambda _: kraken_page(TWIN, last="1")  # type: ignore[method-assign]
    with pytest.raises(UnexpectedPayload, match="kraken XBTUSD: `last` stays at 1"):
        stuck.pages(Cursor("1", "x-0"), LONG_AGO)


def sent(walk: Walk, *bodies: bytes) -> tuple[list[Request], list[Page]]:
    """What a walk asks for, and what it brings, while it is sent these bodies."""
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


def test_binance_passes_over_aggregates_that_were_struck_out() -> None:
    struck = b'[{"a":5,"p":"0","q":"0","f":-1,"l":-1,"T":1,"m":true,"M":true}]'
    walk = CONNECTORS["binance"].newer("BTCUSDT", None, since=datetime(2026, 1, 5, tzinfo=UTC))
    asked, _ = sent(walk, struck, struck.replace(b"5", b"6"), b'[{"a":7,"f":40}]', b"[]")
    assert [request.parameters.get("fromId") for request in asked] == [None, "6", "7", "40"]


def test_binance_begins_before_the_time_asked_for_and_lands_from_it_on() -> None:
    since = datetime(2026, 1, 5, tzinfo=UTC)
    start = int(since.timestamp() * 1000)
    rows = [{"id": str(i), "time": str(start + late)} for i, late in [(40, -9_000), (41, 1), (42, -1), (43, 2)]]
    walk = CONNECTORS["binance"].newer("BTCUSDT", None, since=since)
    asked, pages = sent(walk, b'[{"a":7,"f":40}]', body_of("binance", *rows), b"[]")
    assert int(asked[0].parameters["startTime"]) == start - 60_000
    assert pages[0].trades["id"].to_pylist() == ["41", "42", "43"]  # a higher id may carry an earlier time


@pytest.mark.parametrize(
    "response",
    [
        Response(401, {}, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'),
        Response(400, {}, b'{"code":-2014,"msg":"API-key format invalid."}'),
        Response(403, {}, b"<html>"),
        Response(404, {}, b""),
    ],
)
def test_a_host_of_binance_without_open_history_is_told_which_have_it(response: Response) -> None:
    with pytest.raises(BadRequest, match=r"historicalTrades.* api\.binance\.com, .*SCHEMAHUB_BINANCE_URL"):
        CONNECTORS["binance"].check(response)


def test_a_symbol_is_a_part_of_a_path_whatever_is_in_it() -> None:
    walk = CONNECTORS["coinbase"].newer("A/B?c=d#币", None, since=datetime(2026, 1, 5, tzinfo=UTC))
    assert next(walk).path == "/products/A%2FB%3Fc%3Dd%23%E5%B8%81/trades"  # type: ignore[union-attr]


def test_an_exchange_that_answers_differently_each_time_is_given_up() -> None:
    walk = CONNECTORS["binance"].newer("BTCUSDT", Cursor("7", "7"), since=datetime(2026, 1, 5, tzinfo=UTC))
    next(walk)
    for answer in range(19):
        walk.send(Response(200, {}, body_of("binance", {"id": str(100 + answer)})))
    with pytest.raises(UnexpectedPayload, match="binance BTCUSDT: the same request was answered 20 different ways"):
        walk.send(Response(200, {}, body_of("binance", {"id": "119"})))


def test_a_hole_in_the_ids_of_coinbase_is_passed_in_few_requests() -> None:
    ids = [*range(1, 4), *range(10**8, 10**8 + 3)]
    times = {trade_id: datetime(2026, 1, 1, tzinfo=UTC) for trade_id in ids}
    asked: list[Request] = []
    pages = run(CONNECTORS["coinbase"].newer("BTC-USD", Cursor("1", "1"), since=LONG_AGO), times, page=2, asked=asked)
    assert [i for page in pages for i in page.trades["trade_id"].to_pylist()] == [str(i) for i in ids[1:]]
    assert len(asked) < 400


@pytest.mark.parametrize("page", [1, 3, 100])
def test_pages_of_coinbase_that_are_shorter_than_asked_for_leave_no_hole(page: int) -> None:
    times = {i: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=i) for i in range(5_000, 5_250)}
    walk = CONNECTORS["coinbase"].newer("BTC-USD", None, since=LONG_AGO)
    landed = [trade_id for each in run(walk, times, page=page) for trade_id in each.trades["trade_id"].to_pylist()]
    assert landed == [str(trade_id) for trade_id in times]
