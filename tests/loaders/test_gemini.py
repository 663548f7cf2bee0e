"""What only Gemini's connector must get right; test_connector_contract tests what all connectors must do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from loaders.connector import ListedProduct, Page, Request, Response, Walk
from tests.support.connectors import CONNECTORS
from tests.support.holes import after, everything_since

START = datetime(2026, 11, 20, tzinfo=UTC)
TIDS = [100 + 7 * place for place in range(1_200)]
"""Ids of trades, each of them a minute after the one before; Gemini uses the ids between them for other events."""


def moment(tid: int) -> datetime:
    return START + timedelta(minutes=(tid - 100) // 7)


def body_of(tids: Sequence[int]) -> bytes:
    rows = [
        {"timestampms": int(moment(tid).timestamp() * 1000), "tid": tid, "price": "1", "amount": "2", "type": "buy"}
        for tid in reversed(tids)
    ]
    return json.dumps(rows).encode()


def run(walk: Walk, tids: Sequence[int], asked: list[Request] | None = None) -> list[Page]:
    """Follow a walk of Gemini on these trades."""
    pages = []
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
            continue
        if asked is not None:
            asked.append(step)
        found, count = list(tids), int(step.parameters["limit_trades"])
        if "since_tid" in step.parameters:
            found = [tid for tid in found if tid > int(step.parameters["since_tid"])][:count]
        elif "timestamp" in step.parameters:
            since = int(step.parameters["timestamp"])
            found = [tid for tid in found if moment(tid).timestamp() * 1000 >= since][:count]
        try:
            step = walk.send(Response(200, {}, body_of(found[-count:])))
        except StopIteration:
            step = None
    return pages


def landed(pages: Sequence[Page]) -> list[int]:
    return [int(tid) for page in pages for tid in page.rows["tid"].to_pylist()]


def test_a_first_walk_within_the_last_days_is_complete_from_the_requested_time() -> None:
    since = START + timedelta(minutes=10, seconds=30)
    pages = run(CONNECTORS["gemini"].walk("btcusd", everything_since(since)), TIDS)
    assert landed(pages) == TIDS[11:]
    assert not any(page.from_first_row for page in pages)
    assert [(page.low, page.high) for page in pages] == [(177, 3_664), (3_664, 7_157), (7_157, 8_494)]


def test_a_first_walk_that_began_earlier_is_complete_from_the_first_trade_that_is_left() -> None:
    pages = run(CONNECTORS["gemini"].walk("btcusd", everything_since(START - timedelta(days=30))), TIDS)
    assert landed(pages) == TIDS
    assert [page.from_first_row for page in pages] == [True, False, False]
    assert pages[0].low == 100


def test_a_walk_in_a_quiet_market_is_complete_if_there_is_any_earlier_trade() -> None:
    quiet = [TIDS[0], *TIDS[500:600]]
    (page,) = run(CONNECTORS["gemini"].walk("btcusd", everything_since(moment(TIDS[300]))), quiet)
    assert landed([page]) == TIDS[500:600]
    assert not page.from_first_row


def test_each_page_begins_with_the_last_trade_of_the_one_before() -> None:
    asked: list[Request] = []
    pages = run(CONNECTORS["gemini"].walk("btcusd", after(TIDS[9])), TIDS, asked)
    assert landed(pages) == TIDS[10:]
    assert (pages[0].low, pages[0].from_first_row) == (TIDS[9] + 1, False)
    cursors = [int(request.parameters["since_tid"]) for request in asked]
    assert cursors == [TIDS[9] - 1, TIDS[508] - 1, TIDS[1007] - 1, TIDS[1199] - 1]


def test_a_walk_does_not_claim_what_gemini_no_longer_gives() -> None:
    pages = run(CONNECTORS["gemini"].walk("btcusd", after(TIDS[9])), TIDS[400:])
    assert landed(pages) == TIDS[400:]
    assert (pages[0].low, pages[0].from_first_row) == (TIDS[400], True)
    hole = after(TIDS[9])
    bounded = type(hole)(hole.low, TIDS[402], hole.since, None, resumes=True)
    (page,) = run(CONNECTORS["gemini"].walk("btcusd", bounded), TIDS[400:])
    assert (landed([page]), page.low, page.high) == (TIDS[400:402], TIDS[400], TIDS[402])
    nothing_left = type(hole)(hole.low, TIDS[400], hole.since, None, resumes=True)
    assert run(CONNECTORS["gemini"].walk("btcusd", nothing_left), TIDS[400:]) == []


def test_auctions_and_block_trades_are_landed_as_they_are_sent() -> None:
    body = b"""[
      {"timestampms":1591404856620,"tid":9,"price":"2","amount":"3","type":"block"},
      {"timestampms":1591404856618,"tid":7,"price":"1.5","amount":"0.1","type":"auction"}]"""
    trades = CONNECTORS["gemini"].parse(body, symbol="btcusd")
    assert trades["type"].to_pylist() == ["auction", "block"]
    assert trades["timestampms"].to_pylist() == [
        datetime(2020, 6, 6, 0, 54, 16, 618_000),
        datetime(2020, 6, 6, 0, 54, 16, 620_000),
    ]


def test_markets_are_told_apart_although_nothing_separates_base_and_quote() -> None:
    walk = CONNECTORS["gemini"].products()
    next(walk)
    names = ["btcusd", "btcgusd", "btcrlusd", "paxgusd", "btcusdt", "solusdc", "ethbtc", "btcusdcperp", "btcsgd"]
    with pytest.raises(StopIteration) as found:
        walk.send(Response(200, {}, json.dumps(names).encode()))
    assert found.value.value == [
        ListedProduct("btcusd", "BTC", "USD"),
        ListedProduct("paxgusd", "PAXG", "USD"),
        ListedProduct("btcusdt", "BTC", "USDT"),
        ListedProduct("solusdc", "SOL", "USDC"),
        ListedProduct("ethbtc", "ETH", "BTC"),
    ]
