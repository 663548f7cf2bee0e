"""A browser that shows pages, what it uses, and how soon it paints something."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .measure import CannotMeasure, Measurement
from .size import Size

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

VIEWPORT: "ViewportSize" = {"width": 1280, "height": 800}
_PAINTS = 15
_FIRST_PAINT_MS = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def chromium_for(size: Size) -> str | None:
    """Where Chromium is; raises CannotMeasure if it is missing, except where nothing is judged."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None and size.is_judged:
        raise CannotMeasure("no Chromium on this machine; install it with: apt-get install chromium")
    return found


@contextmanager
def opened(chromium: str) -> Iterator["Browser"]:
    """A browser without a GPU, which is closed at the end."""
    from playwright.sync_api import sync_playwright  # only benchmarks of pages need it

    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


def first_paint(browser: "Browser", what: str, address: str, is_ready: str) -> Measurement:
    """How soon a page shows something. Nothing of it is cached, but the browser has shown a page before."""
    took = []
    for _ in range(1 + _PAINTS):
        with browser.new_context(viewport=VIEWPORT) as context:  # with a cache of its own
            page = context.new_page()
            page.goto(address)
            page.wait_for_function(is_ready)
            took.append(page.evaluate(_FIRST_PAINT_MS))
    detail = f"{took[0]:.0f} ms as the first page of a browser, {load()}"
    return Measurement(f"{what}: first paint", median(took[1:]), 300, False, " ms", detail)


def load() -> str:
    """The load of the machine, without which a time says little."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def browser_cpu_seconds() -> float:
    """What the descendants of this process that are the browser's have used so far."""
    processes = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # it has ended
            continue
        fields = rest.split()
        processes[int(folder.name)] = (name, int(fields[1]), int(fields[11]) + int(fields[12]))
    ours, ticks = {os.getpid()}, 0
    while found := {pid for pid, (_, parent, _) in processes.items() if parent in ours} - ours:
        ours |= found
    for pid in ours & processes.keys():
        name, _, used = processes[pid]
        ticks += used if "chrom" in name else 0
    return ticks / os.sysconf("SC_CLK_TCK")
