"""Events and delays, measured in the trades of the demo's market and compared with what was planted there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from lakehouse.lake import identifier
from schemahub.runs import last_run
from schemahub.runs.context import RunContext
from schemahub.runs.demo import MARKET_START, TARGET, running_demo
from schemahub.runs.events import find_events
from schemahub.runs.ingest import ingest_symbols, symbols_of
from schemahub.runs.query import run_query
from schemahub.runs.unify import unify
from schemahub.settings import load_settings
from simulator.exchanges import Market, draw_market
from simulator.exchanges.market import DEFAULT_TRADES

pytestmark = [pytest.mark.slow, pytest.mark.long]

Row = dict[str, Any]
STORED = ("volatility_moves_versions", "lead_lag_sums_versions")
LARGE_EVENT = datetime(2024, 2, 8, 15, 12, 4)


@pytest.fixture(scope="module")
def market() -> Market:
    return draw_market(trades=DEFAULT_TRADES, start=MARKET_START)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    """The demo's lake, with all trades unified and all events found."""
    settings = load_settings(lake=str(tmp_path_factory.mktemp("events") / "lake"))
    with running_demo(RunContext(settings), DEFAULT_TRADES) as demo:
        symbols = symbols_of(demo.context, demo.exchanges)
        outcomes = list(ingest_symbols(demo.context, symbols, progress=lambda _: lambda *_: None))
        assert [problem for outcome in outcomes for problem in outcome.problems] == []
        unify(demo.context, TARGET)
        assert find_events(demo.context)
        return demo.context


def rows(context: RunContext, sql: str) -> list[Row]:
    shown: list[Row] = []
    run_query(context.lake, sql, show=lambda relation: shown.extend(relation.to_arrow_table().to_pylist()))
    return shown


def planted_ms(market: Market, exchange: str, symbol: str) -> list[float]:
    """The delays of the large event's moves behind the true price."""
    large = market.events.index(market.spike)
    return [delay / 1e6 for delay in market.delays_ns(exchange.lower(), symbol)[large]]


def test_exactly_the_planted_events_are_found(found: RunContext, market: Market) -> None:
    for symbol in ("BTC-USD", "BTC-USDT", "ETH-USD", "ETH-USDT"):
        events = rows(found, f"select * from volatility_events where canonical_symbol = '{symbol}' order by started_at")
        assert len(events) == len(market.events)
        for event, planted in zip(events, market.events, strict=True):
            start = datetime.fromtimestamp(planted.start_ns / 1e9, UTC).replace(tzinfo=None)
            end = datetime.fromtimestamp(planted.end_ns / 1e9, UTC).replace(tzinfo=None)
            assert timedelta(0) <= event["started_at"] - start < timedelta(milliseconds=150)
            assert abs(event["ended_at"] - end) < timedelta(milliseconds=150)
            assert event["size_bps"] == pytest.approx(planted.move_ppm / 100, abs=8)
            assert abs(event["move_count"] - len(planted.moves)) <= 2


def test_the_large_event_is_the_first_in_the_ranking_and_binance_leads_it(found: RunContext) -> None:
    [event] = rows(found, "select * from volatility_events where canonical_symbol = 'BTC-USDT' and size_rank = 1")
    assert event["started_at"].replace(microsecond=0) == LARGE_EVENT
    assert timedelta(seconds=11.9) < event["ended_at"] - event["started_at"] < timedelta(seconds=12.1)
    assert event["leading_exchange"] == "BINANCE"
    leaders = rows(
        found,
        "select distinct leading_exchange as name from volatility_events where base_asset || '-USD' = canonical_symbol",
    )
    assert leaders == [{"name": "COINBASE"}]


def test_medians_and_intervals_reproduce_the_planted_delays(found: RunContext, market: Market) -> None:
    verdicts = rows(
        found, "select * from venue_lead_lag where leader_exchange = 'BINANCE' and no_verdict_reason is null"
    )
    assert len(verdicts) >= 2 * 4
    for verdict in verdicts:
        planted = planted_ms(market, verdict["follower_exchange"], verdict["follower_symbol"])
        assert verdict["move_count"] >= 0.8 * len(planted)
        assert verdict["median_delay_ms"] == pytest.approx(median(planted), abs=12)
        assert verdict["low_delay_ms"] - 5 <= median(planted) <= verdict["high_delay_ms"] + 5
        least_ms, most_ms = {"COINBASE": (40, 120), "KRAKEN": (70, 190)}[verdict["follower_exchange"]]
        assert least_ms - 5 <= verdict["low_delay_ms"] <= verdict["high_delay_ms"] <= most_ms + 5


def test_the_day_says_roughly_the_same(found: RunContext) -> None:
    days = rows(
        found,
        "select distinct follower_exchange, follower_symbol, day_delay_ms, day_correlation from venue_lead_lag"
        " where leader_exchange = 'BINANCE' and no_day_verdict_reason is null",
    )
    assert len(days) == 8
    for day in days:
        least_ms, most_ms = {"COINBASE": (40, 120), "KRAKEN": (70, 190)}[day["follower_exchange"]]
        assert least_ms <= day["day_delay_ms"] <= most_ms
        assert 0.7 < day["day_correlation"] < 1.2


def test_prices_in_usd_and_usdt_are_compared_without_their_difference_and_say_so(found: RunContext) -> None:
    pairs = rows(found, "select * from venue_lead_lag")
    assert {pair["leader_symbol"] != pair["follower_symbol"] for pair in pairs} == {True, False}
    for pair in pairs:
        assert pair["has_different_quotes"] == (pair["leader_symbol"] != pair["follower_symbol"])
        expected_bps = 2.5 * (pair["follower_symbol"].count("USDT") - pair["leader_symbol"].count("USDT"))
        assert pair["basis_bps"] == pytest.approx(expected_bps, abs=0.6)


def test_a_small_event_has_no_verdict_but_a_reason(found: RunContext) -> None:
    small = rows(found, f"select * from venue_lead_lag where started_at < timestamp '{LARGE_EVENT}'")
    assert {(pair["median_delay_ms"], pair["no_verdict_reason"]) for pair in small} == {(None, "too_few_moves")}


def test_the_sums_are_those_of_the_definition(found: RunContext) -> None:
    """Every pair of changes whose intervals overlap counts, after the second listing was shifted back by the lag."""
    changes = {
        exchange: changes_of(
            rows(
                found,
                "select cast(floor(epoch_us(trade_ts) / 10000) as bigint) as hundredth, 10000 * ln(price) as level"
                f" from trades_unified where exchange = '{exchange}' and symbol = '{symbol}'"
                " and date_trunc('hour', trade_ts) = timestamp '2024-02-08 15:00:00'"
                " order by trade_ts, cast(trade_id as bigint)",
            )
        )
        for exchange, symbol in (("COINBASE", "BTC-USDT"), ("KRAKEN", "XBTUSDT"))
    }
    stored = rows(
        found,
        "select lag_ms, product_sum from lead_lag_sums_versions"
        " where hour_start = timestamp '2024-02-08 15:00:00'"
        " and first_exchange = 'COINBASE' and first_symbol = 'BTC-USDT'"
        " and second_exchange = 'KRAKEN' and second_symbol = 'BTC-USDT'",
    )
    sums = {row["lag_ms"]: row["product_sum"] for row in stored}
    assert sorted(sums) == list(range(-300, 301, 20))
    for lag in (-300, -40, 0, 20, 60, 300):
        assert sums[lag] == pytest.approx(overlapping(changes["COINBASE"], changes["KRAKEN"], lag // 10), rel=1e-9)


Change = tuple[int, int, float]
"""Since and until when, in hundredths of a second, and by how much the price changed."""


def changes_of(trades: Sequence[Row]) -> list[Change]:
    last = {trade["hundredth"]: trade["level"] for trade in trades}
    times = sorted(last)
    intervals = pairwise(times)
    return [(since, until, last[until] - last[since]) for since, until in intervals if until - since <= 3000]


def overlapping(first: Sequence[Change], second: Sequence[Change], lag: int) -> float:
    total, begin = 0.0, 0
    for since, until, change in second:
        while begin < len(first) and first[begin][1] <= since - lag:
            begin += 1
        index = begin
        while index < len(first) and first[index][0] < until - lag:
            total += first[index][2] * change
            index += 1
    return total


def test_a_run_without_news_starts_no_dbt_and_adds_nothing(found: RunContext) -> None:
    def stored() -> list[int | None]:
        states = [found.lake.table_state(name) for name in STORED]
        return [state and state.row_count for state in states]

    before = stored()
    assert not find_events(found)
    last_run.forget(found.lake, "events")
    assert find_events(found)
    assert stored() == before


def test_a_run_of_events_leaves_unify_nothing_to_do(found: RunContext) -> None:
    assert unify(found, TARGET).is_unchanged


def test_events_of_trades_that_a_full_refresh_replaced_are_found_again(found: RunContext) -> None:
    def stored() -> list[tuple[str, int]]:
        tables = [found.lake.catalog.load_table(identifier(name)) for name in STORED]
        return [(str(table.metadata.table_uuid), table.scan().count()) for table in tables]

    before = stored()
    unify(found, TARGET, full_refresh=True)
    assert stored() == before
    assert find_events(found)
    assert [rows for _, rows in stored()] == [rows for _, rows in before]
    assert all(new != old for new, old in zip(stored(), before, strict=True))
    assert not find_events(found)
