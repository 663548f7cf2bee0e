"""What only Bybit's connector must get right; test_connector_contract tests what all connectors must do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from lakehouse.coverage import Coverage, Hole, Stretches, microseconds
from loaders.channels.rest import Fetcher
from loaders.connector import Page, Response, Segment, Walk
from loaders.errors import Banned
from tests.support.connectors import CONNECTORS
from tests.support.holes import LONG_AGO, after, everything_since, pieces
from tests.support.responses import response

START = datetime(2026, 11, 20, tzinfo=UTC)
FIRST = 2_290_000_001_189_048_101
IDS = [FIRST + 5 * place for place in range(200)]


def moment(exec_id: int) -> datetime:
    return START + timedelta(seconds=(exec_id - FIRST) // 5)


def body_of(ids: Sequence[int]) -> bytes:
    rows = [
        {
            "execId": str(each),
            "price": "1",
            "size": "2",
            "side": "Buy",
            "time": str(int(moment(each).timestamp() * 1000)),
            "isBlockTrade": False,
        }
        for each in reversed(ids)
    ]
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": rows}}).encode()


def run(walk: Walk, ids: Sequence[int], *later: Sequence[int]) -> list[Page]:
    """Follow a walk of Bybit on trades with these ids, of which it gives the newest 60.

    If there are `later` ids, each request gets the next of them.
    """
    pages, coming = [], iter(later)
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
            continue
        try:
            step = walk.send(Response(200, {}, body_of(ids[-60:])))
            ids = next(coming, ids)
        except StopIteration:
            step = None
    return pages


def landed(page: Page) -> list[int]:
    return [int(exec_id) for exec_id in page.rows["exec_id"].to_pylist()]


def test_trades_that_reach_back_continue_those_landed_before() -> None:
    (page,) = run(CONNECTORS["bybit"].walk("BTCUSDT", after(IDS[150])), IDS)
    assert landed(page) == IDS[151:]
    assert (page.low, page.high) == (IDS[150] + 1, IDS[-1] + 1)
    assert (page.proof, page.from_first_row) == ("pages", False)


def test_trades_that_do_not_reach_back_leave_a_hole_and_prove_nothing() -> None:
    (page,) = run(CONNECTORS["bybit"].walk("BTCUSDT", after(IDS[100])), IDS)
    assert landed(page) == IDS[140:]
    assert (page.low, page.high) == (IDS[140], IDS[-1] + 1)
    assert (page.proof, page.from_first_row) == ("unprovable", True)


def test_a_market_that_trades_between_any_two_requests_is_landed() -> None:
    more = [IDS[: 150 + number] for number in range(1, 40)]
    (page,) = run(CONNECTORS["bybit"].walk("BTCUSDT", everything_since(LONG_AGO)), IDS[:150], *more)
    assert landed(page) == IDS[91:151]


def test_an_older_page_in_between_is_not_taken() -> None:
    (page,) = run(
        CONNECTORS["bybit"].walk("BTCUSDT", everything_since(LONG_AGO)), IDS[:150], IDS[:90], IDS[:149], IDS[:152]
    )
    assert landed(page) == IDS[92:152]


def test_a_first_walk_is_complete_from_the_requested_time_only_if_that_is_reached() -> None:
    (page,) = run(CONNECTORS["bybit"].walk("BTCUSDT", everything_since(moment(IDS[150]))), IDS)
    assert (landed(page), page.proof, page.from_first_row) == (IDS[150:], "pages", False)
    (page,) = run(CONNECTORS["bybit"].walk("BTCUSDT", everything_since(LONG_AGO)), IDS)
    assert (landed(page), page.proof, page.from_first_row) == (IDS[140:], "unprovable", True)


def test_a_hole_that_is_older_than_the_newest_trades_stays_one() -> None:
    hole = Hole(IDS[20], IDS[30], microseconds(LONG_AGO), None, resumes=True)
    assert run(CONNECTORS["bybit"].walk("BTCUSDT", hole), IDS) == []


def test_nothing_new_is_known_from_the_last_trade_landed() -> None:
    assert run(CONNECTORS["bybit"].walk("BTCUSDT", after(IDS[-1])), IDS) == []


def test_coverage_shows_what_was_missed_between_two_runs() -> None:
    """Three runs: at the first trades, soon enough to continue them, and too late."""
    shown, held = 60, Coverage({})
    requested = everything_since(moment(IDS[0]) + timedelta(milliseconds=1))
    for shown in (60, 110, 190):
        of_the_symbol = held.of("BTCUSDT")
        hole = of_the_symbol.newest_hole(requested.since)
        answer = partial(lambda ids, _: response(200, body=body_of(ids)), IDS[:shown][-60:])
        with Fetcher(CONNECTORS["bybit"], "https://exchange.test", transport=answer) as fetcher:
            held = held.with_added((piece.stream, piece.stretch) for piece in pieces(fetcher, Segment("BTCUSDT", hole)))
        assert fetcher.failures == {}
    stretches = held.of("BTCUSDT")
    assert [(each.low, each.high, each.proof) for each in stretches] == [
        (IDS[1], IDS[109] + 1, "pages"),
        (IDS[130], IDS[189] + 1, "unprovable"),
    ]
    (hole,) = Stretches(tuple(stretches)).holes(microseconds(moment(IDS[1])), microseconds(moment(IDS[189])))
    assert (hole.low, hole.high) == (IDS[109] + 1, IDS[130])
    assert (hole.since, hole.until) == (microseconds(moment(IDS[109])), microseconds(moment(IDS[130])))


def test_a_ban_of_ten_minutes_ends_the_run() -> None:
    refusal = response(403, body=b'"access too frequent"')
    with Fetcher(CONNECTORS["bybit"], "https://exchange.test", transport=lambda _: refusal) as fetcher:
        assert pieces(fetcher, Segment("BTCUSDT", after(FIRST))) == []
    assert isinstance(fetcher.failures["BTCUSDT"], Banned)
