"""Take the screenshots in docs/screenshots/, in both themes and widths: `make screenshots LAKE=lake`.

The lake is one that `schemahub demo` has filled. A page that moves is set to an instant, so that only a change of the
page, and not the moment, changes a picture; the live page shows a simulated market.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.browser import WIDTHS, chromium, watched_page
from tests.support.command_line import ROOT
from tests.support.unified_trades import context_of
from tests.support.web_server import running
from web.app import create_app

FOLDER = ROOT / "docs" / "screenshots"
INTO_THE_EVENT_US = 8_600_000
LIVE_MS = 1_500
MOST_LIVE_MS = 150_000
IS_AT_WORK = """() => {
    const first = document.querySelector(".block");
    return first.matches(".real") && first.querySelector(".cause strong").textContent
        && document.querySelector("#alerts li.open.real");
}"""
"""The symbol that stands at the top is apart without a harmless cause, and the alert for it is open."""


def replay(page: Page) -> None:
    """The replay in the middle of the largest event."""
    page.goto("/replay")
    page.wait_for_function("() => window.replay?.state.isReady")
    page.evaluate("(us) => window.replay.player.seek(window.replay.state.eventUs + us)", INTO_THE_EVENT_US)
    page.wait_for_timeout(800)


def evidence(page: Page) -> None:
    """The evidence of a tick."""
    replay(page)
    page.keyboard.press("e")
    page.locator("#evidence").wait_for(state="visible")


def lake(page: Page) -> None:
    """The lake at a glance."""
    page.goto("/")


def symbol(page: Page) -> None:
    """Candles of a symbol."""
    page.goto("/symbols/BTC-USD")
    page.wait_for_function("() => window.symbolPage")


def live(page: Page) -> None:
    """Live quotes of a simulated market, as soon as its spike makes venues disagree: about once a minute."""
    page.goto("/live")
    page.wait_for_function("() => window.live?.model.rows.some((row) => row.at)")
    page.mouse.move(1, 1)  # what is under a pointer changes no places
    page.wait_for_timeout(LIVE_MS)
    page.wait_for_function(IS_AT_WORK, timeout=MOST_LIVE_MS)
    page.wait_for_timeout(300)  # rows have slid to their places


SHOTS: dict[str, Callable[[Page], None]] = {
    "replay": replay,
    "evidence": evidence,
    "live": live,
    "lake": lake,
    "symbol": symbol,
}


def take(browser: Browser, address: str) -> None:
    """Write a picture of each page, in each theme and width."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, show in SHOTS.items():
        for width in WIDTHS:
            for theme in ("dark", "light"):
                with watched_page(browser, address, width=width, theme=theme) as page:
                    show(page)
                    page.evaluate("() => document.fonts.ready.then(() => true)")
                    page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png")


def main() -> None:
    """Take all pictures of the lake that is named on the command line."""
    if not Path(sys.argv[1], "catalog.db").exists():
        sys.exit(f"error: there is no lake in {sys.argv[1]!r}; fill one with `make demo`, or name it with LAKE=")
    app = create_app(context_of(sys.argv[1]), simulate=True)
    with running(app) as site, chromium() as browser:
        take(browser, str(site.base_url))


if __name__ == "__main__":
    main()
