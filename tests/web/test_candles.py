"""Candles of long and short spans, from a mart of given minutes, without dbt."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from lakehouse.lake import Lake
from lakehouse.local import LocalLake
from tests.support.unified_trades import NOON, NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app
from web.candles import MINUTE_US, MOST, width_minutes

DAY = 1440
CENTURY = 36_525 * DAY
PRICES = ("open_price", "high_price", "low_price", "close_price")


def add_minutes(lake: Lake, minutes: list[datetime]) -> None:
    """Minutes of BTC-USD on Coinbase, with one trade in each."""
    rows = [
        {"exchange": "COINBASE", "symbol": "BTC-USD", "minute": minute, **dict.fromkeys(PRICES, 100.0)}
        | {"trade_count": 1, "base_volume": 1.0, "quote_volume": 100.0}
        for minute in minutes
    ]
    found = pa.Table.from_pylist(rows)
    name = "trades_1m_versions"
    lake.catalog.create_table(f"schemahub.{name}", found.schema, location=lake.table_location(name)).append(found)


def ask(site: httpx.Client, **parameters: Any) -> Any:
    answer = site.get("/api/candles", params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_trades_that_span_more_than_ten_years_have_candles(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    days = [0, *range(-13 * 365, 0, 7)]
    add_trades(lake, [Traded("COINBASE", "BTC-USD", day * DAY * MINUTE_US, 100.0, trade_id=str(day)) for day in days])
    add_minutes(lake, [NOON + timedelta(days=day) for day in days])
    with running(create_app(context_of(lake.folder))) as site:
        found = ask(site)
        given = ask(site, **{"from": found["from_us"], "to": found["to_us"]})
    assert found["to_us"] == NOON_US + 1
    assert found["width_minutes"] == 2 * 7 * DAY
    assert sum(found["venues"][0]["trades"]) == len(days)
    assert 300 < len(found["venues"][0]["start_us"]) <= MOST
    assert given == found


@pytest.mark.parametrize(
    ("minutes", "width"),
    [(1, 1), (400, 1), (401, 5), (400 * DAY, DAY), (2800 * DAY, 7 * DAY), (5600 * DAY, 14 * DAY), (CENTURY, 98 * DAY)],
)
def test_candles_are_as_narrow_as_a_span_allows(minutes: int, width: int) -> None:
    assert width_minutes(0, minutes * MINUTE_US) == width


def test_candles_of_which_a_span_has_only_parts_are_counted() -> None:
    half = MINUTE_US // 2
    assert width_minutes(half, 400 * MINUTE_US - half) == 1
    assert width_minutes(half, 400 * MINUTE_US + half) == 5
