"""Debian's Chromium, and pages of which every error, and every request to elsewhere, fails the test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

WIDTHS = {1280: 800, 390: 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for the whole run; skips the tests with one sentence where Chromium is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine; install it with: apt-get install chromium")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(
    browser: Browser, address: str, *, width: int = 1280, theme: str = "dark", calm: bool = False, allowed: int = 0
) -> Iterator[Page]:
    """A page below `address`. Afterwards no error may have been logged, and nothing requested from elsewhere.

    Args:
        browser: the browser.
        address: where the web app is, such as http://127.0.0.1:1234.
        width: the width of the page in CSS pixels, one of `WIDTHS`.
        theme: what the system prefers, `dark` or `light`.
        calm: whether the system asks for less motion.
        allowed: a status above 399 that the test means to provoke.
    """
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce" if calm else "no-preference",
    )
    page = context.new_page()
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        is_provoked = allowed and f"status of {allowed}" in message.text
        if message.type in ("error", "warning") and not is_provoked:
            faults.append(f"{message.type}: {message.text}")

    def on_request(request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1" and not request.url.startswith(("data:", "blob:")):
            faults.append(f"requested {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400 and response.status != allowed:
            faults.append(f"{response.status} {response.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", on_request)
    page.on("response", on_response)
    try:
        yield page
        assert not faults, "; ".join(faults)
    finally:
        context.close()
