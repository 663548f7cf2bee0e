"""What the replay says where something is missing."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lakehouse.local import LocalLake
from tests.support.browser import watched_page
from tests.support.replay_page import READY, now_us, opened
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

pytestmark = [pytest.mark.web, pytest.mark.long]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/replay?symbol=DOGE-USD", "The lake has no trades of DOGE-USD."),
        ("/replay?at=2019-03-04T05:06:07Z", "No trades of"),
        ("/replay?at=2099-12-31T23:59:59.9Z", "No trades of"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    browser: Browser, whole_site: httpx.Client, address: str, sentence: str
) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.goto(address)
        expect(page.locator("#notice")).to_contain_text(sentence)
        page.locator("#notice button").click()
        expect(page.locator("#notice")).not_to_be_visible()
        page.wait_for_function("() => window.replay.stage.visible > 0")


def test_a_snapshot_that_is_gone_leads_to_the_newest(browser: Browser, whole_site: httpx.Client) -> None:
    with watched_page(browser, str(whole_site.base_url), allowed=410) as page:
        page.goto("/replay?snapshot=12345")
        expect(page.locator("#notice")).to_contain_text("Snapshot 12345 of trades_unified is no longer kept")
        page.locator("#notice button").click()
        page.wait_for_function(READY)


def test_an_empty_lake_says_how_to_fill_it(browser: Browser, tmp_path: Path) -> None:
    with (
        running(create_app(context_of(tmp_path / "lake"))) as site,
        watched_page(browser, str(site.base_url), allowed=404) as page,
    ):
        page.goto("/replay")
        expect(page.locator("#notice")).to_contain_text("schemahub run pipeline trades_unified")


@pytest.fixture
def lone_site(tmp_path: Path) -> Iterator[httpx.Client]:
    """The web app over 200 seconds of one venue's trades."""
    trades = [Traded("KRAKEN", "XBTUSD", k * 200_000, 40_000.0 + k % 5, trade_id=str(k)) for k in range(1000)]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        yield site


def refuse(page: Page, addresses: str) -> list[str]:
    """Have what asks for these addresses be refused, until `page.unroute`; they are added to the list."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=503, json={"error": "the lake can't be read"})

    page.route(addresses, answer)
    return refused


def test_a_window_that_cannot_be_read_is_asked_for_again_only_when_somebody_moves_on(
    browser: Browser, lone_site: httpx.Client
) -> None:
    with watched_page(browser, str(lone_site.base_url), allowed=503) as page:
        opened(page, "/replay?at=2026-01-05T12:00:05Z")
        refused = refuse(page, "**/api/moves?*")
        page.evaluate("(us) => window.replay.player.seek(us)", NOON_US + 60_000_000)
        expect(page.locator("#notice")).to_contain_text("The lake can't be read.")
        page.wait_for_timeout(4000)
        assert len(refused) == 1
        page.unroute("**/api/moves?*")
        page.keyboard.press("Space")
        expect(page.locator("#notice")).not_to_be_visible(timeout=15_000)
        assert page.evaluate("window.replay.scrubber.fromUs") > NOON_US + 50_000_000


def test_trades_that_could_not_be_read_are_asked_for_again_when_somebody_plays_on(
    browser: Browser, lone_site: httpx.Client
) -> None:
    with watched_page(browser, str(lone_site.base_url), allowed=503) as page:
        opened(page, "/replay?at=2026-01-05T12:00:05Z")
        refuse(page, "**/api/ticks?*")
        start = NOON_US + 60_000_000
        page.evaluate("(us) => { window.replay.player.us = us; window.replay.player.toggle(true); }", start)
        expect(page.locator("#notice")).to_contain_text("The lake can't be read.")
        page.unroute("**/api/ticks?*")
        page.keyboard.press("Space")
        page.wait_for_function("(us) => window.replay.player.us > us", arg=start)


@pytest.mark.parametrize("symbol", ["zzzusd", "ZZZUSD"])
def test_a_symbol_with_small_letters_is_opened(browser: Browser, tmp_path: Path, symbol: str) -> None:
    lake = LocalLake(tmp_path / "lake")
    trades = [Traded("COINBASE", "BTC-USD", k, 40_000.0, trade_id=str(k)) for k in range(9)]
    add_trades(lake, [*trades, Traded("BITSTAMP", "zzzusd", 0, 5.0)])
    with running(create_app(context_of(lake.folder))) as site, watched_page(browser, str(site.base_url)) as page:
        opened(page, f"/replay?symbol={symbol}")
        expect(page.locator("#symbol")).to_have_value("zzzusd")
        expect(page.locator("#notice")).not_to_be_visible()


def test_a_single_venue_is_shown_without_a_comparison(browser: Browser, tmp_path: Path) -> None:
    trades = [Traded("KRAKEN", "XBTUSD", k * 10_000, 40_000.0 + k % 5, trade_id=str(k)) for k in range(1000)]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with (
        running(create_app(context_of(tmp_path / "lake"))) as site,
        watched_page(browser, str(site.base_url)) as page,
    ):
        opened(page, "/replay?at=2026-01-05T12:00:05Z")
        expect(page.locator("#verdict")).to_have_text("Only Kraken has trades of this symbol.")
        assert now_us(page) == NOON_US + 5_000_000
