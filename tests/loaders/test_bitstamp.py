"""What only Bitstamp's connector must get right; test_connector_contract tests what all connectors must do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.coverage import Hole, microseconds
from loaders.connector import Page, Response, Walk
from tests.support.connectors import CONNECTORS
from tests.support.holes import LONG_AGO, after, everything_since

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
IDS = [9_000 + 3 * place for place in range(3_000)]
"""Ids of trades, a minute between every two of them, up to now. The trades of other markets have the ids between."""


def moment(tid: int) -> datetime:
    return NOW - timedelta(minutes=(IDS[-1] - tid) // 3)


def body_of(tids: Sequence[int]) -> bytes:
    rows = [
        {"date": str(int(moment(tid).timestamp())), "tid": str(tid), "price": "1", "type": "1", "amount": "2"}
        for tid in reversed(tids)
    ]
    return json.dumps(rows).encode()


def run(walk: Walk, asked: list[str] | None = None) -> list[Page]:
    """Follow a walk of Bitstamp."""
    pages = []
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
            continue
        window = step.parameters["time"]
        if asked is not None:
            asked.append(window)
        earliest = NOW - timedelta(seconds=SECONDS[window])
        try:
            step = walk.send(Response(200, {}, body_of([tid for tid in IDS if moment(tid) >= earliest])))
        except StopIteration:
            step = None
    return pages


def landed(page: Page) -> list[int]:
    return [int(tid) for tid in page.rows["tid"].to_pylist()]


@pytest.mark.parametrize(
    ("minutes", "windows"), [(1, ["minute"]), (50, ["minute", "hour"]), (1_300, ["minute", "hour", "day"])]
)
def test_the_shortest_window_that_reaches_back_is_requested(minutes: int, windows: list[str]) -> None:
    asked: list[str] = []
    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", after(IDS[-1 - minutes])), asked)
    assert asked == windows
    assert landed(page) == IDS[-minutes:]
    assert (page.low, page.high) == (IDS[-1 - minutes] + 1, IDS[-1] + 1)
    assert (page.proof, page.from_first_row) == ("pages", False)


def test_a_walk_does_not_claim_what_is_more_than_a_day_old() -> None:
    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", after(IDS[100])))
    assert landed(page) == IDS[-1_441:]
    assert (page.low, page.high, page.from_first_row) == (IDS[-1_441], IDS[-1] + 1, True)


def test_a_first_walk_is_complete_from_the_requested_time_if_that_is_less_than_a_day_ago() -> None:
    since = NOW - timedelta(minutes=30, seconds=30)
    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", everything_since(since)))
    assert (landed(page), page.low, page.from_first_row) == (IDS[-31:], IDS[-31], False)
    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", everything_since(LONG_AGO)))
    assert (landed(page), page.from_first_row) == (IDS[-1_441:], True)


def test_a_hole_is_filled_as_far_as_the_last_day_reaches() -> None:
    def hole(first: int, end: int) -> Hole:
        return Hole(IDS[first], IDS[end], microseconds(LONG_AGO), None, resumes=True)

    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", hole(-20, -10)))
    assert (landed(page), page.low, page.high) == (IDS[-20:-10], IDS[-20], IDS[-10])
    (page,) = run(CONNECTORS["bitstamp"].walk("btcusd", hole(100, -1_440)))
    assert (landed(page), page.low, page.from_first_row) == ([IDS[-1_441]], IDS[-1_441], True)
    assert run(CONNECTORS["bitstamp"].walk("btcusd", hole(100, -1_500))) == []


def test_nothing_new_is_known_from_the_last_trade_landed() -> None:
    asked: list[str] = []
    assert run(CONNECTORS["bitstamp"].walk("btcusd", after(IDS[-1])), asked) == []
    assert asked == ["minute"]


def test_trades_that_share_a_second_are_ordered_by_their_ids() -> None:
    body = b"""[
      {"date":"1560481868","tid":"90574284","price":"8194.80","type":"0","amount":"1"},
      {"date":"1560481868","tid":"90574283","price":"8194.79","type":"1","amount":"0.00288599"}]"""
    trades = CONNECTORS["bitstamp"].parse(body, symbol="btcusd")
    assert trades["tid"].to_pylist() == ["90574283", "90574284"]
    assert trades["type"].to_pylist() == ["1", "0"]
    assert trades["date"].to_pylist() == [datetime(2019, 6, 14, 3, 11, 8)] * 2
