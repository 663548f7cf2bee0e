"""One client for all exchanges: when requests are sent, which are repeated, and how a walk ends."""

import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from lakehouse.coverage import Hole
from lakehouse.errors import OurMistake
from loaders.channels.bans import Bans
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Request, Response, Segment, Walk, page_of
from loaders.errors import BadRequest, Banned, ExchangeUnavailable, RateLimited, WrongClock
from loaders.piece import Piece
from tests.support.connectors import CONNECTORS
from tests.support.holes import after, pieces
from tests.support.responses import response

BINANCE = CONNECTORS["binance"]
PAGE = (
    b'[{"id":8,"price":"1","qty":"1","quoteQty":"1","time":1767571200000000,"isBuyerMaker":true},'
    b'{"id":9,"price":"1","qty":"1","quoteQty":"1","time":1767571200000001,"isBuyerMaker":true}]'
)


@dataclass
class Time:
    """A clock that advances only during a wait."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        self.waits += [seconds] if seconds else []
        return event.is_set()


def fetcher(
    answer: Callable[[Request], Response],
    time: Time | None = None,
    connector: Connector = BINANCE,
    **changes: object,
) -> Fetcher:
    time = time or Time()
    return Fetcher(
        connector,
        "https://exchange.test",
        transport=answer,
        clock=time.clock,
        wait=time.wait,
        **changes,  # type: ignore[arg-type]
    )


def answers(*responses: Response) -> Callable[[Request], Response]:
    left = iter(responses)
    return lambda _: next(left)


def walk(fetcher: Fetcher, *symbols: str) -> list[Piece]:
    with fetcher:
        return pieces(fetcher, *segments(*symbols))


def segments(*symbols: str) -> list[Segment]:
    return [Segment(symbol, after(7)) for symbol in symbols]


def with_walk(symbol: str, walk: Callable[[], Walk]) -> Connector:
    """Binance's connector with another walk for one symbol."""

    class Walking(type(BINANCE)):  # type: ignore[misc]
        def walk(self, symbol_: str, hole: Hole) -> Walk:
            return walk() if symbol_ == symbol else super().walk(symbol_, hole)

    connector: Connector = Walking(raw=BINANCE.raw)
    return connector


def test_pauses_after_failures_grow_and_end() -> None:
    time = Time()
    failing = fetcher(lambda _: response(503), time)
    assert walk(failing, "BTCUSDT") == []
    assert isinstance(failing.failures["BTCUSDT"], ExchangeUnavailable)
    assert len(time.waits) == failing.attempts - 1
    assert all(wait <= 0.5 * 2**number for number, wait in enumerate(time.waits))


def test_a_request_that_is_given_up_is_named_with_its_product_and_cursor() -> None:
    failing = fetcher(lambda _: response(503))
    walk(failing, "BTCUSDT")
    assert str(failing.failures["BTCUSDT"]) == (
        "binance: HTTP 503; given up after 8 attempts at "
        "GET /api/v3/historicalTrades?symbol=BTCUSDT&fromId=8&limit=1000"
    )


def test_a_refused_request_is_not_sent_again() -> None:
    refusing = fetcher(answers(response(400, value={"code": -1121, "msg": "Invalid symbol."})))
    assert walk(refusing, "NOSUCH") == []
    assert isinstance(refusing.failures["NOSUCH"], BadRequest)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"X-MBX-USED-WEIGHT-1M": "5600", "Date": "Mon, 05 Jan 2026 12:00:20 GMT"}, 40, 41),
        ({"X-MBX-USED-WEIGHT-1M": "5600"}, 60, 61),
        ({"X-MBX-USED-WEIGHT-1M": "5400"}, 0, 0),
        ({"X-MBX-USED-WEIGHT-1M": "many"}, 0, 0),
        ({}, 0, 0),
    ],
)
def test_binance_is_left_alone_for_the_rest_of_a_minute_whose_weight_is_used(
    headers: dict[str, str], least: float, most: float
) -> None:
    time = Time()
    used = response(200, body=b"[]", headers=headers)
    with fetcher(lambda _: used, time, now=lambda: NOON + timedelta(seconds=20)) as one:
        for _ in range(2):
            one.answer(iter_once(Request("/api/v3/historicalTrades", weight=25)))
    assert least <= sum(time.waits) <= most


def iter_once(request: Request) -> Walk:
    yield request


def test_a_symbol_that_fails_does_not_affect_the_others() -> None:
    def answer(request: Request) -> Response:
        if request.parameters["symbol"] == "NOSUCH":
            return response(400, value={"code": -1121, "msg": "Invalid symbol."})
        return response(200, body=PAGE)

    mixed = fetcher(answer)
    assert sorted(piece.stream for piece in walk(mixed, "NOSUCH", "BTCUSDT", "ETHUSDT")) == ["BTCUSDT", "ETHUSDT"]
    assert set(mixed.failures) == {"NOSUCH"}


def test_a_mistake_of_ours_stops_only_its_symbol_and_is_called_one() -> None:
    def broken() -> Walk:
        yield Request("/")
        raise ZeroDivisionError("oh")

    with fetcher(lambda _: response(200, body=PAGE), connector=with_walk("BTCUSDT", broken)) as one:
        landed = pieces(one, *segments("BTCUSDT", "ETHUSDT"))
    mistake = one.failures["BTCUSDT"]
    assert isinstance(mistake, OurMistake)
    assert [page.stream for page in landed] == ["ETHUSDT"]
    assert str(mistake) == "binance: ZeroDivisionError: oh; this is a bug in SchemaHub; SCHEMAHUB_DEBUG=1 shows where"
    assert "in broken" in "".join(traceback.format_exception(mistake.__cause__))


def test_no_more_pages_are_fetched_than_are_needed_soon() -> None:
    sent = 0

    def endless() -> Walk:
        nonlocal sent
        batch = BINANCE.parse(PAGE, symbol="BTCUSDT")
        while True:
            sent += 1
            yield page_of(BINANCE.raw, "BTCUSDT", batch, 8)

    with fetcher(answers(), connector=with_walk("BTCUSDT", endless)) as one:
        arriving = one.pieces(segments("BTCUSDT"))
        for _ in range(5):
            next(arriving)
        arriving.close()  # type: ignore[attr-defined]
    assert sent <= 5 + 8 + 2


def test_an_answer_is_what_the_generator_returns() -> None:
    def asking() -> Iterator[Request]:
        answered: Response = yield Request("/")  # type: ignore[misc]
        return answered.body

    with fetcher(answers(response(200, body=b"{}"))) as one:
        assert one.answer(asking()) == b"{}"  # type: ignore[arg-type]


NOON = datetime(2026, 1, 5, 12)
LONG_PAUSES = {
    "720 seconds": "720",
    "three days": "259200",
    "31 years": "999999999",
    "a date": format_datetime(NOON.replace(tzinfo=UTC) + timedelta(minutes=12), usegmt=True),
}
REFUSALS = [418, 429, 403, 503]


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda connector: connector.name)
@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("asked", LONG_PAUSES.values(), ids=LONG_PAUSES)
def test_a_long_pause_ends_the_exchange_at_once_and_is_remembered(
    tmp_path: Path, connector: Connector, status: int, asked: str
) -> None:
    sent = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return response(status, headers={"Retry-After": asked})

    time, bans = Time(), Bans(tmp_path / "bans" / "exchange.json", "https://exchange.test")
    with fetcher(answer, time, connector, bans=bans, now=lambda: NOON, concurrency=1) as one:
        assert pieces(one, *segments("A", "B", "C")) == []
    assert len(sent) == 1
    assert {str(failure) for failure in one.failures.values()} == {str(one.failures["A"])}
    assert isinstance(one.failures["A"], Banned)
    assert str(one.failures["A"]).startswith(f"{connector.name}: HTTP {status}")
    assert "no request is sent before 2026-01-0" in str(one.failures["A"])

    again = fetcher(answer, time, connector, bans=bans, now=lambda: NOON + timedelta(minutes=11))
    with again:
        assert pieces(again, *segments("A")) == []
    assert (len(sent), str(again.failures["A"])) == (1, str(one.failures["A"]))

    elsewhere = Bans(bans.file, "https://else.test")
    assert elsewhere.standing(NOON) is None
    assert bans.standing(NOON + timedelta(days=3, seconds=1)) is None


def test_of_two_walks_that_are_banned_the_same_ban_is_reported_and_remembered(tmp_path: Path) -> None:
    both_sent, told = threading.Barrier(2), threading.Lock()
    clock = iter(NOON + timedelta(seconds=second) for second in range(1_000))

    def answer(_request: Request) -> Response:
        both_sent.wait(10)
        return response(418, headers={"Retry-After": "720"})

    def now() -> datetime:
        with told:
            return next(clock)

    bans = Bans(tmp_path / "exchange.json", "https://exchange.test")
    with fetcher(answer, bans=bans, now=now, concurrency=2) as one:
        assert pieces(one, *segments("A", "B")) == []
    ban = bans.standing(now())
    assert ban is not None
    assert {str(failure).rpartition(" before ")[2] for failure in one.failures.values()} == {f"{ban.until} UTC"}


@pytest.mark.parametrize("content", [b"", b"no JSON", b'{"https://exchange.test": 1}', b"\xff"])
def test_an_unreadable_list_of_bans_costs_a_request(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "exchange.json"
    file.write_bytes(content)
    with fetcher(answers(response(200, body=b"{}")), bans=Bans(file, "https://exchange.test")) as one:
        assert one.answer(iter_once(Request("/"))) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("asked", ["0", "-5", "nan", "inf", "-inf", "1e3", "0.01", "soon", "", "9" * 400, None])
def test_a_pause_that_makes_no_sense_is_replaced_by_growing_ones_and_explained(asked: str | None) -> None:
    time, told = Time(), []
    refusal = response(429, headers={} if asked is None else {"Retry-After": asked})
    failing = fetcher(lambda _: refusal, time, on_wait=lambda seconds, why: told.append((seconds, why)))
    assert walk(failing, "BTCUSDT") == []
    assert isinstance(failing.failures["BTCUSDT"], RateLimited)
    assert len(time.waits) == failing.attempts - 1
    assert all(0.5 <= wait < 2**number + 1 for number, wait in enumerate(time.waits))
    assert len(told) <= len(time.waits)
    assert {why for _, why in told} <= {"binance: HTTP 429"}


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [
        ({"Date": "Mon, 05 Jan 2026 11:59:58 GMT"}, 0),
        ({"Date": "Mon, 05 Jan 2026 11:59:30 GMT", "Age": "29"}, 0),  # a cache has kept the response
        ({"Date": "Mon, 05 Jan 2026 11:59:30 GMT"}, 29),
        ({"Date": "Mon, 05 Jan 2026 12:00:45 GMT"}, -45),
        ({"Date": "no date"}, 0),
        ({"Date": "Mon, 05 Jan 2026 12:00:00 GMT", "Age": "9" * 12}, 0),
        ({}, 0),
    ],
)
def test_a_clock_that_is_seconds_off_is_worth_a_warning(headers: dict[str, str], ahead: int) -> None:
    def answer(_: Request) -> Response:
        return response(200, body=PAGE, headers=headers)

    one = fetcher(answer, now=lambda: NOON)
    assert len(walk(one, "BTCUSDT")) == 1
    side = "ahead of" if ahead > 0 else "behind"
    expected = [f"binance: this machine's clock is 0:00:{abs(ahead):02} {side} the exchange's"] if ahead else []
    assert [warning.partition(";")[0] for warning in one.warnings] == expected


@pytest.mark.parametrize("minutes", [-6, 6, 3 * 24 * 60])
def test_a_clock_that_is_minutes_off_lands_nothing_unless_that_is_allowed(minutes: int) -> None:
    sent = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return response(200, body=PAGE, headers={"Date": "Mon, 05 Jan 2026 12:00:00 GMT"})

    off = fetcher(answer, now=lambda: NOON + timedelta(minutes=minutes), concurrency=1)
    assert walk(off, "BTCUSDT", "ETHUSDT") == []
    assert len(sent) == 1
    assert {type(failure) for failure in off.failures.values()} == {WrongClock}
    assert "SCHEMAHUB_CLOCK_TOLERANCE" in str(off.failures["ETHUSDT"])
    allowed = fetcher(answer, now=lambda: NOON + timedelta(minutes=minutes), clock_tolerance=timedelta(days=4))
    assert len(walk(allowed, "BTCUSDT")) == 1


def test_a_market_that_outruns_the_requests_is_followed_up_to_its_state_at_the_start() -> None:
    asked = 0

    def answer(request: Request) -> Response:
        nonlocal asked
        asked += 1
        first = int(request.parameters["fromId"])
        start = (NOON - timedelta(seconds=5)).replace(tzinfo=UTC)
        rows = [
            f'{{"id":{i},"price":"1","qty":"1","time":{int(start.timestamp() * 1000) + i},"isBuyerMaker":true}}'
            for i in range(first, first + 100)
        ]
        return response(200, body=f"[{','.join(rows)}]".encode())

    pages = walk(fetcher(answer, now=lambda: NOON), "BTCUSDT")
    assert asked == len(pages) == 51  # pages of a tenth of a second each, and the one after now


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>\n<title>Back \x1b[31m soon", "not JSON; it begins with '<html>"),
        (b"\xef\xbb\xbf[]", "not JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "binance: "),
        (b"true", "not JSON"),
    ],
)
def test_a_body_that_is_not_a_response_is_reported_at_once(body: bytes, words: str) -> None:
    time = Time()
    told = fetcher(lambda _: response(200, body=body), time)
    assert walk(told, "BTCUSDT") == []
    assert words in str(told.failures["BTCUSDT"])
    assert str(told.failures["BTCUSDT"]).isprintable()
    assert sum(time.waits) == 0


def test_an_exchanges_error_text_is_shortened_and_safe_for_terminals() -> None:
    said = {"code": -1, "msg": "\x1b[2J\nerror: all is well" + "x" * 3_000_000}
    told = fetcher(lambda _: response(400, value=said))
    assert walk(told, "BTCUSDT") == []
    assert str(told.failures["BTCUSDT"]).isprintable()
    assert len(str(told.failures["BTCUSDT"])) < 1_000
