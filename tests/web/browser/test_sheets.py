"""The lake at a glance, and the page of a symbol."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import watched_page

pytestmark = [pytest.mark.web, pytest.mark.long]


def test_the_lake_leads_to_its_symbols_and_to_their_replay(browser: Browser, whole_site: httpx.Client) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.goto("/")
        expect(page.get_by_role("region", name="Streams").locator("tbody tr")).to_have_count(10)
        page.get_by_role("link", name="BTC-USD", exact=True).first.click()
        expect(page.get_by_role("heading", name="BTC-USD")).to_be_visible()
        page.get_by_role("link", name="Replay its largest event").click()
        page.wait_for_function("() => window.replay?.state.isReady")
        assert page.evaluate("window.replay.state.symbol.symbol") == "BTC-USD"


@pytest.mark.parametrize("path", ["/", "/replay", "/symbols/BTC-USD"])
def test_fonts_come_after_the_page_which_is_told_to_draw_again(
    browser: Browser, whole_site: httpx.Client, path: str
) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.add_init_script("addEventListener('theme', () => { window.isTold = true; });")
        page.goto(path)
        page.wait_for_function("() => window.isTold && [...document.fonts].some((font) => font.status === 'loaded')")
        assert page.evaluate("[...document.fonts].length") == 4


@pytest.mark.parametrize("path", ["/", "/replay", "/symbols/BTC-USD"])
def test_nothing_is_waited_for_before_the_first_paint(browser: Browser, whole_site: httpx.Client, path: str) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.goto(path)
        page.wait_for_function("() => performance.getEntriesByType('resource').length > 1")  # what is added later
        loaded = page.evaluate("performance.getEntriesByType('resource').map((each) => each.renderBlockingStatus)")
        assert "blocking" not in loaded


def test_without_a_choice_the_theme_follows_the_system_also_while_a_page_is_open(
    browser: Browser, whole_site: httpx.Client
) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.goto("/replay")
        page.wait_for_function("() => window.replay?.state.isReady")
        page.evaluate("addEventListener('theme', () => { window.isTold = true; })")
        page.emulate_media(color_scheme="light")
        page.wait_for_function("() => window.isTold")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_venues_are_compared_as_the_server_says(browser: Browser, whole_site: httpx.Client) -> None:
    held = whole_site.get("/api/candles", params={"symbol": "ETH-USD"}).json()
    with watched_page(browser, str(whole_site.base_url)) as page:
        page.goto("/symbols/ETH-USD")
        rows = page.locator("#compared tr")
        expect(rows).to_have_count(len(held["venues"]))
        for k, venue in enumerate(held["venues"]):
            expect(rows.nth(k)).to_contain_text(f"{venue['close'][-1]:.2f}")
            expect(rows.nth(k)).to_contain_text(f"{sum(venue['trades']):,}")
        expect(page.locator("#about")).to_contain_text("Prices are in USDT and USD")
        page.get_by_role("button", name="1 h", exact=True).click()
        expect(page.get_by_role("button", name="1 h", exact=True)).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Kraken").click()
        expect(page.get_by_role("button", name="Kraken")).to_have_attribute("aria-pressed", "true")


def test_candles_hold_every_trade_of_the_symbol_once(whole_site: httpx.Client) -> None:
    held = whole_site.get("/api/candles", params={"symbol": "BTC-USD"}).json()
    found = {each["symbol"]: each for each in whole_site.get("/api/symbols").json()["symbols"]}["BTC-USD"]
    assert [sum(venue["trades"]) for venue in held["venues"]] == [venue["trades"] for venue in found["venues"]]
    assert held["width_minutes"] == 1
    for venue in held["venues"]:
        for low, high, *others in zip(venue["low"], venue["high"], venue["open"], venue["close"], strict=True):
            assert all(low <= price <= high for price in others)
