from pathlib import Path
from typing import Any

import duckdb
import httpx

from lakehouse.layout import VIEWS
from lakehouse.local import LocalLake
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

MORNING_US = NOON_US - NOON_US % 86_400_000_000


def publish(lake: LocalLake, *starts_us: int) -> None:
    """Publish dbt's views with an event at each of these instants, each larger than the one before."""
    rows = ", ".join(f"({start}, {number * 10}.0)" for number, start in enumerate(starts_us, 1))
    with duckdb.connect(str(lake.folder / VIEWS)) as views:
        views.execute("create schema if not exists schemahub")
        views.execute(f"""create or replace view schemahub.volatility_events as
            select 'BTC-USD' as canonical_symbol, make_timestamp(us) as started_at, make_timestamp(us + 5) as ended_at,
                   -size as size_bps, size / 2 as size_sigmas, 'COINBASE' as leading_exchange
            from (values {rows}) as events(us, size)""")
        views.execute(f"""create or replace view schemahub.venue_lead_lag as
            select 'BTC-USD' as canonical_symbol, make_timestamp({starts_us[0]}) as started_at,
                   'COINBASE' as leader_exchange, 'BTC-USD' as leader_symbol, 'KRAKEN' as follower_exchange,
                   'BTC-USD' as follower_symbol, false as has_different_quotes, 4 as move_count,
                   null::double as median_delay_ms, null::double as low_delay_ms, null::double as high_delay_ms,
                   'too_few_moves' as no_verdict_reason, 80.0 as day_delay_ms, null::varchar as no_day_verdict_reason
            """)


def ask(site: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = site.get(path, params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_events_are_those_that_dbt_has_found_the_largest_first(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    add_trades(lake, [Traded("COINBASE", "BTC-USD", 1, 40_000.0)])
    publish(lake, NOON_US, NOON_US + 7_000_001, MORNING_US - 1)
    with running(create_app(context_of(lake.folder))) as site:
        found = ask(site, "/api/events", at=NOON_US)
    assert [(each["rank"], each["start_us"], each["move_bps"]) for each in found] == [
        (1, NOON_US + 7_000_001, -20.0),
        (2, NOON_US, -10.0),
    ]
    assert {(each["origin"], each["first_exchange"]) for each in found} == {("mart", "COINBASE")}


def test_events_that_a_run_publishes_later_are_seen(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    add_trades(lake, [Traded("COINBASE", "BTC-USD", 1, 40_000.0)])
    with running(create_app(context_of(lake.folder))) as site:
        assert ask(site, "/api/events", at=NOON_US) == []
        publish(lake, NOON_US)
        assert len(ask(site, "/api/events", at=NOON_US)) == 1


def test_delays_that_dbt_has_measured_come_with_why_there_is_no_verdict(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    add_trades(lake, [Traded("COINBASE", "BTC-USD", 1, 40_000.0)])
    with running(create_app(context_of(lake.folder))) as site:
        assert ask(site, "/api/lead-lag", at=NOON_US) == []
        publish(lake, NOON_US)
        (found,) = ask(site, "/api/lead-lag", at=NOON_US)
        assert ask(site, "/api/lead-lag", at=NOON_US + 1) == []
    assert (found["leader"], found["follower"], found["moves"]) == ("COINBASE", "KRAKEN", 4)
    assert (found["median_ms"], found["reason"], found["day_ms"]) == (None, "too_few_moves", 80.0)
