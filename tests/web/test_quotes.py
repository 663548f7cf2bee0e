"""The board, without a server or an exchange."""

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.errors import Misconfigured
from loaders.landing.ingest import Ingested
from loaders.stream import Quote
from registry.products import Product
from schemahub.runs.ingest import Outcome
from schemahub.runs.live import LiveState
from web.causes import Limits
from web.feed_meters import FeedMeter
from web.quotes import Board, Listing, listings

LISTED = [
    Listing("BTC-USD", "binance", "BTCUSDT", "USDT"),
    Listing("BTC-USD", "coinbase", "BTC-USD", "USD"),
    Listing("BTC-USD", "kraken", "XBTUSD", "USD"),
    Listing("ETH-USD", "binance", "ETHUSDT", "USDT"),
    Listing("ETH-USD", "kraken", "ETHUSD", "USD"),
]
NOW = 1_700_000_000.0
STATE = LiveState(
    exchange="kraken", landed=0, filled=0, messages=100, rate=1.0, age=None, skew=None, reconnects=2, holes=0,
    warnings=("kraken: a line",), is_over=False, outcome=Outcome("kraken", Ingested()),
)  # fmt: skip


def quote(symbol: str, mid: float, *, time: float | None = None) -> Quote:
    made = None if time is None else datetime.fromtimestamp(time, UTC).replace(tzinfo=None)
    return Quote(symbol, mid - 0.5, 1.0, mid + 0.5, 2.0, made)


def board(listed: Sequence[Listing] = LISTED) -> Board:
    return Board(listed, Limits())


def unpacked(frame: bytes) -> dict:
    """A frame's header, and the number of each column's values."""
    length = int.from_bytes(frame[:4], "little")
    header = json.loads(frame[4 : 4 + length])
    rows = memoryview(frame)[4 + length :][: 2 * header["columns"][0][2]].cast("H")
    return {**header, "rows": list(rows)}


def test_a_frame_has_what_changed_after_another_one_whichever_that_was() -> None:
    live = board()
    live.quote("binance", quote("BTCUSDT", 100.0), heard=NOW)
    first = live.advance(NOW)
    live.quote("kraken", quote("ETHUSD", 10.0), heard=NOW)
    second = live.advance(NOW + 0.02)
    live.quote("kraken", quote("XBTUSD", 100.0), heard=NOW)
    live.quote("kraken", quote("XBTUSD", 101.0), heard=NOW)
    third = live.advance(NOW + 0.04)
    rows = {since: unpacked(live.frame_since(since))["rows"] for since in (0, first, second, third)}
    assert rows == {0: [0, 2, 4], first: [2, 4], second: [2], third: []}


def test_a_frame_is_packed_once_for_all_who_follow_the_same_one() -> None:
    live = board()
    live.quote("binance", quote("BTCUSDT", 100.0), heard=NOW)
    live.advance(NOW)
    assert live.frame_since(0) is live.frame_since(0)
    live.advance(NOW + 0.02)
    assert unpacked(live.frame_since(1))["rows"] == []


def test_a_frame_never_has_more_than_the_whole_board() -> None:
    live = board()
    for step in range(5_000):
        live.quote("binance", quote("BTCUSDT", 100.0 + step % 7), heard=NOW + step / 100)
        live.advance(NOW + step / 100)
    assert len(live.frame_since(0)) < 4_000
    assert max(len(row.past) for row in live.rows) <= 64
    assert max(len(symbol.history) for symbol in live.symbols) <= 150


@pytest.mark.parametrize(
    "wrong",
    [
        Quote("BTCUSDT", 0.0, 1.0, 1.0, 1.0, None),
        Quote("BTCUSDT", 2.0, 1.0, 1.0, 1.0, None),
        Quote("BTCUSDT", float("nan"), 1.0, 1.0, 1.0, None),
        Quote("BTCUSDT", 1.0, 1.0, float("inf"), 1.0, None),
        Quote("NEVERHEARDOF", 1.0, 1.0, 2.0, 1.0, None),
    ],
    ids=["zero", "crossed", "not a number", "infinite", "unknown"],
)
def test_a_quote_that_makes_no_sense_changes_nothing(wrong: Quote) -> None:
    live = board()
    live.quote("binance", wrong, heard=NOW)
    live.advance(NOW)
    assert unpacked(live.frame_since(0))["rows"] == []


def test_a_trade_is_shown_with_the_quote_of_its_row() -> None:
    live = board()
    live.quote("kraken", quote("XBTUSD", 100.0), heard=NOW)
    live.trade("kraken", "XBTUSD", 100.25, 0.5)
    live.trade("kraken", "SOLUSD", 1.0, 1.0)
    live.advance(NOW)
    assert (live.rows[2].last, live.rows[2].size) == (100.25, 0.5)


def test_the_worst_moment_of_a_second_is_shown_for_a_second() -> None:
    live = board()

    def after(seconds: float, *, kraken: float) -> float:
        live.quote("binance", quote("BTCUSDT", 10_000.0), heard=NOW + seconds)
        live.quote("kraken", quote("XBTUSD", 10_000.0 + kraken), heard=NOW + seconds)
        live.advance(NOW + seconds)
        return round(live.symbols[0].worst.apart)

    assert [after(0.0, kraken=2), after(0.3, kraken=30), after(0.4, kraken=3), after(1.2, kraken=3)] == [2, 30, 30, 30]
    assert after(1.4, kraken=3) == 3


def test_a_venue_that_says_nothing_is_stale_and_has_one_alert() -> None:
    live = board()
    for step in range(400):
        now = NOW + step / 20
        for venue, symbol, mid in (("binance", "BTCUSDT", 10_000.0), ("kraken", "XBTUSD", 10_001.0)):
            if venue == "binance" or step < 40:
                live.quote(venue, quote(symbol, mid + (step / 10 if venue == "binance" else 0)), heard=now)
        live.advance(now)
    (alert,) = live.newest_alerts()
    assert (alert.venue, alert.symbol, alert.cause.name) == ("Kraken", None, "stale")
    assert live.symbols[0].cause is not None
    assert live.symbols[0].cause.name == "stale"
    live.quote("kraken", quote("XBTUSD", 10_039.0), heard=NOW + 20)
    live.advance(NOW + 20.2)
    assert live.newest_alerts()[0].ended == NOW + 20.2


def test_a_clock_that_is_off_is_measured_and_taken_off_the_age() -> None:
    live = board()
    for step in range(50):
        heard = NOW + step / 10
        live.quote("coinbase", quote("BTC-USD", 100.0 + step, time=heard + 3.0 - 0.01 * (step % 3)), heard=heard)
        live.quote("kraken", quote("XBTUSD", 100.0 + step, time=heard - 0.02), heard=heard)
    live.advance(NOW + 5)
    feeds = {feed["venue"]: feed for feed in live.feeds()}
    assert feeds["Coinbase"]["clock_ms"] == -3000
    assert feeds["Kraken"]["clock_ms"] == 0
    ages = [NOW + 4.9 - live.rows[number].at for number in (1, 2)]
    assert ages == pytest.approx([0.01, 0.02], abs=0.02)


def test_a_clock_that_is_set_right_is_believed_after_a_while() -> None:
    meter = FeedMeter("Kraken")
    for step in range(10):
        meter.note(NOW + step, NOW + step - 5.0)
    assert meter.skew == pytest.approx(5.0)
    for step in range(10, 200):
        meter.note(NOW + step, NOW + step - 0.02)
    assert meter.skew == 0.0


def test_messages_a_second_are_counted_between_two_reports() -> None:
    meter = FeedMeter("Kraken")
    for step in range(30):
        meter.report(replace(STATE, messages=100 + step * 50), now=step / 2)
    assert meter.rate == pytest.approx(100.0, rel=0.01)


def test_what_listeners_say_of_themselves_is_shown() -> None:
    live = board()
    live.report([STATE, replace(STATE, exchange="okx")])
    feeds = {feed["venue"]: feed for feed in live.feeds()}
    assert (feeds["Kraken"]["reconnects"], feeds["Kraken"]["trouble"]) == (2, "kraken: a line")
    assert feeds["Binance"]["silent_ms"] is None


def test_products_in_dollars_and_stablecoins_are_one_symbol_and_dollars_come_first() -> None:
    products = [
        Product("BINANCE", "BTCUSDT", "BTC", "USDT"),
        Product("BINANCE", "BTCUSDC", "BTC", "USDC"),
        Product("KRAKEN", "XBTUSDT", "BTC", "USDT"),
        Product("KRAKEN", "XBTUSD", "BTC", "USD"),
        Product("KRAKEN", "ETHXBT", "ETH", "BTC"),
    ]
    symbols = {"kraken": ["ETHXBT", "XBTUSDT", "XBTUSD"], "binance": ["BTCUSDC", "BTCUSDT"]}
    assert listings(products, symbols) == [
        Listing("ETH-BTC", "kraken", "ETHXBT", "BTC"),
        Listing("BTC-USD", "binance", "BTCUSDT", "USDT"),
        Listing("BTC-USD", "kraken", "XBTUSD", "USD"),
    ]


def test_too_many_symbols_are_refused_in_a_sentence() -> None:
    products = [Product("KRAKEN", f"S{n}USD", f"S{n}", "USD") for n in range(301)]
    with pytest.raises(Misconfigured, match="301 symbols are too many to watch; name up to 300 with --symbols"):
        listings(products, {"kraken": [product.symbol for product in products]})


def test_exchanges_may_tell_it_of_quotes_while_frames_are_packed() -> None:
    live, stop = board(), threading.Event()

    def tell(venue: str, product: str) -> None:
        step = 0
        while not stop.is_set():
            step += 1
            live.quote(venue, quote(product, 100.0 + step % 50), heard=NOW + step / 1000)

    threads = [threading.Thread(target=tell, args=(listing.venue, listing.product), daemon=True) for listing in LISTED]
    for thread in threads:
        thread.start()
    for step in range(300):
        number = live.advance(NOW + step / 50)
        assert unpacked(live.frame_since(0))["n"] == number
    stop.set()
    for thread in threads:
        thread.join(5)


def test_times_without_a_zone_are_utc() -> None:
    live = board()
    made = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None) - timedelta(seconds=0.05)
    live.quote("kraken", Quote("XBTUSD", 99.0, 1.0, 101.0, 1.0, made), heard=NOW)
    assert live.rows[2].at == pytest.approx(NOW - 0.05, abs=0.001)
