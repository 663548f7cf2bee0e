"""One client for all venues: what is sent when, what is asked again, and how it ends."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from loaders.connector import Cursor, Page, Request, Response, Walk, page_of
from loaders.connectors import load_connector
from loaders.exceptions import BadRequest, ExchangeUnavailable
from loaders.fetch import Fetcher

BINANCE = load_connector("binance")
START = datetime(2026, 1, 5, tzinfo=UTC)
PAGE = (
    b'[{"id":8,"price":"1","qty":"1","quoteQty":"1","time":1767571200000000,"isBuyerMaker":true},'
    b'{"id":9,"price":"1","qty":"1","quoteQty":"1","time":1767571200000001,"isBuyerMaker":true}]'
)


@dataclass
class Time:
    """A clock that goes on only when somebody waits."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        self.waits += [seconds] if seconds else []
        return event.is_set()


def fetcher(answer: Callable[[httpx.Request], httpx.Response], time: Time | None = None) -> Fetcher:
    time = time or Time()
    return Fetcher(
        BINANCE, "https://venue.test", transport=httpx.MockTransport(answer), clock=time.clock, wait=time.wait
    )


def answers(*responses: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    left = iter(responses)
    return lambda _: next(left)


def walk(fetcher: Fetcher, *symbols: str) -> list[Page]:
    after = Cursor("7", "7")
    with fetcher:
        return list(fetcher.pages({symbol: BINANCE.newer(symbol, after, since=START) for symbol in symbols}))


def test_a_pause_that_the_venue_asks_for_is_kept_to_the_second() -> None:
    time = Time()
    asked = answers(httpx.Response(429, headers={"Retry-After": "37"}), httpx.Response(200, content=PAGE))
    (page,) = walk(fetcher(asked, time), "BTCUSDT")
    assert page.trades.num_rows == 2
    assert 37 <= sum(time.waits) < 38


def test_a_ban_is_waited_for_too() -> None:
    time = Time()
    asked = answers(httpx.Response(418, headers={"Retry-After": "120"}), httpx.Response(200, content=PAGE))
    walk(fetcher(asked, time), "BTCUSDT")
    assert 120 <= sum(time.waits) < 121


def test_pauses_after_failures_grow_and_end() -> None:
    time = Time()
    failing = fetcher(lambda _: httpx.Response(503), time)
    assert walk(failing, "BTCUSDT") == []
    assert isinstance(failing.failures["BTCUSDT"], ExchangeUnavailable)
    assert len(time.waits) == failing.attempts - 1
    assert all(0.25 * 2**number <= wait <= 0.5 * 2**number for number, wait in enumerate(time.waits))


def test_a_refusal_is_not_asked_again() -> None:
    refusing = fetcher(answers(httpx.Response(400, json={"code": -1121, "msg": "Invalid symbol."})))
    assert walk(refusing, "NOSUCH") == []
    assert isinstance(refusing.failures["NOSUCH"], BadRequest)


def test_requests_keep_to_the_venues_budget() -> None:
    time = Time()
    with fetcher(lambda _: httpx.Response(200, content=b"[]"), time) as one:
        for _ in range(300):
            one.answer(iter_once(Request("/api/v3/historicalTrades", weight=25)))
    minutes = time.now / 60
    assert BINANCE.budget.burst + BINANCE.budget.units * minutes + 25 >= 300 * 25


def iter_once(request: Request) -> Walk:
    yield request


def test_a_symbol_that_fails_leaves_the_others_alone() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["symbol"] == "NOSUCH":
            return httpx.Response(400, json={"code": -1121, "msg": "Invalid symbol."})
        return httpx.Response(200, content=PAGE)

    mixed = fetcher(answer)
    assert sorted(page.symbol for page in walk(mixed, "NOSUCH", "BTCUSDT", "ETHUSDT")) == ["BTCUSDT", "ETHUSDT"]
    assert set(mixed.failures) == {"NOSUCH"}


def test_a_mistake_in_a_connector_is_not_taken_for_a_failure_of_the_venue() -> None:
    def broken() -> Walk:
        yield Request("/")
        raise ZeroDivisionError

    with fetcher(lambda _: httpx.Response(200, content=b"[]")) as one, pytest.raises(ZeroDivisionError):
        list(one.pages({"BTCUSDT": broken()}))


def test_no_more_pages_are_fetched_than_are_needed_soon() -> None:
    sent = 0

    def endless() -> Walk:
        nonlocal sent
        batch = BINANCE.parse_trades(PAGE, symbol="BTCUSDT")
        while True:
            sent += 1
            yield page_of(BINANCE.raw, "BTCUSDT", batch)

    with fetcher(answers()) as one:
        pages: Iterator[Page] = iter(one.pages({"BTCUSDT": endless()}))
        for _ in range(5):
            next(pages)
        pages.close()  # type: ignore[attr-defined]
    assert sent <= 5 + 8 + 2


def test_an_answer_is_what_the_asking_returns() -> None:
    def asking() -> Iterator[Request]:
        response: Response = yield Request("/")  # type: ignore[misc]
        return response.body

    with fetcher(answers(httpx.Response(200, content=b"{}"))) as one:
        assert one.answer(asking()) == b"{}"  # type: ignore[arg-type]
