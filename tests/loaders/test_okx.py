"""What only OKX's connector must get right; test_connector_contract tests what all connectors must do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from lakehouse.coverage import Hole
from loaders.connector import Page, Request, Response, Walk
from tests.support.connectors import CONNECTORS
from tests.support.holes import LONG_AGO, after, everything_since

START = datetime(2026, 11, 20, tzinfo=UTC)
IDS = list(range(5_000, 5_450))


def moment(trade_id: int) -> datetime:
    return START + timedelta(seconds=trade_id)


def body_of(ids: Sequence[int]) -> bytes:
    rows = [
        {"instId": "X", "tradeId": str(each), "px": "1", "sz": "2", "side": "buy", "ts": str(milliseconds(each))}
        for each in reversed(ids)
    ]
    return json.dumps({"code": "0", "msg": "", "data": rows}).encode()


def milliseconds(trade_id: int) -> int:
    return int(moment(trade_id).timestamp() * 1000)


def run(walk: Walk, ids: Sequence[int], *, size: int = 100, asked: list[Request] | None = None) -> list[Page]:
    """Follow a walk of OKX on trades with these ids; a page has at most `size` of them."""
    pages = []
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
            continue
        if asked is not None:
            asked.append(step)
        limit = int(step.parameters.get("after", 10**15))
        is_time = step.parameters["type"] == "2"
        found = [each for each in ids if (milliseconds(each) if is_time else each) < limit]
        try:
            step = walk.send(Response(200, {}, body_of(found[-size:])))
        except StopIteration:
            step = None
    return pages


def landed(pages: Sequence[Page]) -> list[int]:
    return [int(trade_id) for page in pages for trade_id in page.rows["trade_id"].to_pylist()]


@pytest.mark.parametrize("size", [2, 7, 100])
def test_a_walk_goes_forward_through_pages_of_any_size(size: int) -> None:
    pages = run(CONNECTORS["okx"].walk("BTC-USDT", after(5_009)), IDS, size=size)
    assert landed(pages) == IDS[10:]
    assert (pages[0].low, pages[-1].high) == (5_010, 5_450)
    assert all(before.high == page.low for before, page in pairwise(pages))
    assert {page.proof for page in pages} == {"pages"}


def test_a_page_costs_one_request() -> None:
    asked: list[Request] = []
    run(CONNECTORS["okx"].walk("BTC-USDT", after(5_009)), IDS, asked=asked)
    assert len(asked) <= 4 + 6  # pages of 99 trades; that the last one is the end is confirmed


def test_nothing_new_is_known_from_the_last_trade_landed() -> None:
    assert run(CONNECTORS["okx"].walk("BTC-USDT", after(IDS[-1])), IDS) == []


def test_a_first_walk_within_the_last_months_is_complete_from_the_requested_time() -> None:
    pages = run(CONNECTORS["okx"].walk("BTC-USDT", everything_since(moment(5_200))), IDS)
    assert landed(pages) == IDS[200:]
    assert not any(page.from_first_row for page in pages)


def test_a_first_walk_that_began_earlier_is_complete_from_the_oldest_trade_that_is_left() -> None:
    pages = run(CONNECTORS["okx"].walk("BTC-USDT", everything_since(LONG_AGO)), IDS)
    assert landed(pages) == IDS
    assert [page.from_first_row for page in pages] == [True, *[False] * (len(pages) - 1)]


def test_a_gap_in_the_ids_is_passed_in_few_requests() -> None:
    ids = [*range(1, 4), *range(10**8, 10**8 + 250)]
    asked: list[Request] = []
    pages = run(CONNECTORS["okx"].walk("BTC-USDT", after(1)), ids, asked=asked)
    assert landed(pages) == ids[1:]
    assert not any(page.from_first_row for page in pages)
    assert len(asked) < 80


def test_a_walk_does_not_claim_what_okx_no_longer_gives() -> None:
    pages = run(CONNECTORS["okx"].walk("BTC-USDT", after(4_000)), IDS)
    assert landed(pages) == IDS
    assert (pages[0].low, pages[0].from_first_row) == (5_000, True)
    bounded = Hole(4_001, 5_002, after(4_000).since, None, resumes=True)
    (page,) = run(CONNECTORS["okx"].walk("BTC-USDT", bounded), IDS)
    assert (landed([page]), page.low, page.high) == ([5_000, 5_001], 5_000, 5_002)
    nothing_left = Hole(4_001, 5_000, after(4_000).since, None, resumes=True)
    assert run(CONNECTORS["okx"].walk("BTC-USDT", nothing_left), IDS) == []
