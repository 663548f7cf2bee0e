"""Events and delays that dbt has stored, in a lake in a folder and in one in S3."""

from typing import Any

import httpx
import pytest

from lakehouse.lake import Lake
from tests.support.found_events import Found, add_events
from tests.support.lakes import LakeHome
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

HOUR_US = 3_600_000_000
MORNING_US = NOON_US - NOON_US % 86_400_000_000


def with_a_trade(home: LakeHome) -> Lake:
    lake = home.open()
    add_trades(lake, [Traded("COINBASE", "BTC-USD", 1, 40_000.0)])
    return lake


def rising(first_us: int) -> list[Traded]:
    """Two minutes of trades, in whose middle the price rises by 125 bps."""
    prices = [40_000 + k % 3 + 500 * (k >= 60) for k in range(120)]
    us = [first_us + k * 1_000_000 for k in range(120)]
    return [Traded("COINBASE", "BTC-USD", *each, trade_id=str(each[0])) for each in zip(us, prices, strict=True)]


def ask(site: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = site.get(path, params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_events_are_those_that_dbt_has_found_the_largest_first(lake_home: LakeHome) -> None:
    lake = with_a_trade(lake_home)
    later = NOON_US + 3_600_000_001
    add_events(lake, [Found(NOON_US, -10.0), Found(later, -20.0), Found(MORNING_US - 1, 30.0)])
    with running(create_app(context_of(lake_home.location))) as site:
        found = ask(site, "/api/events", at=NOON_US)
    assert [(each["rank"], each["start_us"], each["move_bps"]) for each in found] == [
        (1, later, -20.0),
        (2, NOON_US, -10.0),
    ]
    assert {(each["origin"], each["first_exchange"], each["sigmas"]) for each in found} == {
        ("mart", "COINBASE", 10.0),
        ("mart", "COINBASE", 5.0),
    }


def test_events_that_a_run_stores_later_are_seen(lake_home: LakeHome) -> None:
    lake = with_a_trade(lake_home)
    with running(create_app(context_of(lake_home.location))) as site:
        assert ask(site, "/api/events", at=NOON_US) == []
        add_events(lake, [Found(NOON_US, 10.0)])
        assert len(ask(site, "/api/events", at=NOON_US)) == 1
        add_events(lake, [Found(NOON_US + 3_600_000_000, 10.0)])
        assert len(ask(site, "/api/events", at=NOON_US)) == 2


@pytest.mark.parametrize("searched", [NOON_US, NOON_US + 6 * HOUR_US])
@pytest.mark.parametrize("hours", [(0, 6), (0, 20)], ids=["the same day", "the next day"])
def test_a_day_that_dbt_has_searched_in_part_or_not_at_all_is_searched_here(
    lake_home: LakeHome, hours: tuple[int, int], searched: int
) -> None:
    lake = lake_home.open()
    add_trades(lake, [trade for hour in hours for trade in rising(hour * HOUR_US)])
    add_events(lake, [], quiet_us=[searched])
    with running(create_app(context_of(lake_home.location))) as site:
        found = ask(site, "/api/events", at=NOON_US + hours[1] * HOUR_US)
    assert {each["origin"] for each in found} == {"seconds"}


def test_a_day_whose_hours_dbt_has_all_searched_is_not_searched_again(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    add_trades(lake, [*rising(0), *rising(6 * HOUR_US)])
    add_trades(lake, rising(3 * HOUR_US))
    with running(create_app(context_of(lake_home.location))) as site:
        add_events(lake, [], quiet_us=[NOON_US, NOON_US + 6 * HOUR_US])
        assert len(ask(site, "/api/events", at=NOON_US)) == 3
        add_events(lake, [], quiet_us=[NOON_US + 3 * HOUR_US])
        assert ask(site, "/api/events", at=NOON_US) == []


def test_delays_that_dbt_has_measured_come_with_why_there_is_no_verdict(lake_home: LakeHome) -> None:
    lake = with_a_trade(lake_home)
    with running(create_app(context_of(lake_home.location))) as site:
        assert ask(site, "/api/lead-lag", at=NOON_US) == []
        add_events(lake, [Found(NOON_US, 10.0), Found(NOON_US + 3_600_000_000, 10.0, moves=12)])
        (few,) = ask(site, "/api/lead-lag", at=NOON_US)
        (many,) = ask(site, "/api/lead-lag", at=NOON_US + 3_600_000_000)
        assert ask(site, "/api/lead-lag", at=NOON_US + 1) == []
    assert (few["leader"], few["follower"], few["moves"]) == ("COINBASE", "KRAKEN", 4)
    assert (few["median_ms"], few["reason"], few["day_ms"]) == (None, "too_few_moves", 80.0)
    assert (many["median_ms"], many["low_ms"], many["high_ms"], many["reason"]) == (80.0, 80.0, 80.0, None)
