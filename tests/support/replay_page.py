"""The replay page as tests open it."""

from playwright.sync_api import Page

READY = "() => window.replay?.state.isReady && window.replay.stage.visible >= 0"


def opened(page: Page, address: str = "/replay") -> Page:
    page.goto(address)
    page.wait_for_function(READY)
    return page


def now_us(page: Page) -> int:
    return int(page.evaluate("Math.floor(window.replay.player.us)"))
