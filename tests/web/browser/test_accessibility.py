"""What axe-core finds on each page, in each theme and width, and what it can't see."""

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.browser import WIDTHS, watched_page

pytestmark = [pytest.mark.web, pytest.mark.long]
PAGES = {
    "lake": "() => true",
    "symbol": "() => window.symbolPage",
    "problem": "() => true",
    "replay": "() => window.replay?.state.isReady",
    "keys": "() => document.getElementById('keys')?.open",
    "evidence": "() => document.getElementById('evidence')?.open",
}
ADDRESSES = {"lake": "/", "symbol": "/symbols/BTC-USD", "problem": "/nowhere"}


def show(page: Page, name: str) -> None:
    if name in ADDRESSES:
        page.goto(ADDRESSES[name])
        page.wait_for_function(PAGES[name])
        return
    page.goto("/replay")
    page.wait_for_function(PAGES["replay"])
    page.evaluate("window.replay.player.seek(window.replay.state.eventUs + 9_000_000)")
    page.wait_for_timeout(300)
    if name == "keys":
        page.keyboard.press("?")
    if name == "evidence":
        page.keyboard.press("e")
    page.wait_for_function(PAGES[name])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, whole_site: httpx.Client, width: int, theme: str, name: str) -> None:
    with watched_page(browser, str(whole_site.base_url), width=width, theme=theme, allowed=404) as page:
        show(page, name)
        found = Axe().run(page)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found.response["violations"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_phone(browser: Browser, whole_site: httpx.Client, name: str) -> None:
    with watched_page(browser, str(whole_site.base_url), width=390, allowed=404) as page:
        show(page, name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_that_can_be_clicked_is_reached_with_the_tab_key(browser: Browser, whole_site: httpx.Client) -> None:
    with watched_page(browser, str(whole_site.base_url)) as page:
        show(page, "replay")
        wanted = page.evaluate(
            "[...document.querySelectorAll('a, button, input, select')].filter((each) => each.offsetParent).length"
        )
        reached = set()
        for _ in range(wanted + 12):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "[...document.querySelectorAll('a, button, input, select')].indexOf(document.activeElement)"
                )
            )
        assert len(reached - {-1}) >= wanted
