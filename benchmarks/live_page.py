"""The live page: how soon frames reach fifty clients, and pixels; and what a frame costs, against AG Grid.

Twenty symbols on three venues change fifty times a second. Clients and browser are on this machine, and so use the same
clock. CPU is that of all processes of the browser; without a GPU, they also draw. The time to the pixel ends when the
page has painted the frame. AG Grid gets the same frames, see grid_page.py; both are watched in turn.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING

from . import grid_page
from .browsers import VIEWPORT, browser_cpu_seconds, chromium_for, first_paint, load, opened
from .measure import CannotMeasure, Measurement, expect, in_own_process, is_installed
from .size import Size

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_CLIENTS = 50
_RATE = 50
_WARM_SECONDS = 3.0
_ROWS = 60
_READY = f"() => window.live?.model.rows.filter((row) => row.at).length === {_ROWS}"
_COUNT_FRAMES = """() => {
    window.frames_ms = [];
    if (window.live) window.live.latency.values.length = 0;
    let before = performance.now();
    const count = (now) => { window.frames_ms.push(now - before); before = now; requestAnimationFrame(count); };
    requestAnimationFrame((now) => { before = now; requestAnimationFrame(count); });
}"""
_SHOWN = "() => document.querySelector('.ag-row [col-id=bid]').textContent"
_BATCHES_MS = (20, 50)
"""For how long AG Grid gathers updates: as long as a frame of the feed lasts, and what its default is."""
_TURNS = 3


@dataclass(frozen=True)
class _Watched:
    """What a page has done for a while."""

    frames_ms: list[float]
    """The times between its frames, sorted."""
    cpu_ms: float
    """The processor time of the browser for one frame."""
    frames_a_second: float


def findings(size: Size) -> Iterator[Measurement]:
    """Measure one server, first with fifty clients, and then with a browser if there is one."""
    with _serving() as (address, server):
        yield _clients(address, server, size)
    chromium = chromium_for(size)
    if chromium is None:
        return
    with _serving() as (address, _):
        yield from _page(address, chromium, size)


def _clients(address: str, server: int, size: Size) -> Measurement:
    socket = address.replace("http", "ws", 1) + "/live/feed"
    cpu, began = _cpu_seconds(server), time.perf_counter()
    run = in_own_process("benchmarks.live_clients", socket, str(_CLIENTS), str(size.watched_seconds))
    cores = (_cpu_seconds(server) - cpu) / (time.perf_counter() - began)
    return Measurement(
        f"live page: from server to each of {_CLIENTS} clients, {_RATE} frames a second, p95",
        run["p95_ms"],
        25,
        at_least=False,
        unit=" ms",
        detail=f"median {run['median_ms']:.1f} ms, {run['frames_a_second']:.1f} frames/s for each, "
        f"{run['rows_a_frame']:.0f} rows a frame, the server uses {cores:.2f} of a core, {load()}",
    )


def _page(address: str, chromium: str, size: Size) -> Iterator[Measurement]:
    with opened(chromium) as browser:
        yield first_paint(browser, "live page", f"{address}/live", _READY)
        page = browser.new_page(viewport=VIEWPORT)
        page.goto(f"{address}/live")
        page.wait_for_function(_READY)
        page.wait_for_timeout(_WARM_SECONDS * 1000)
        seen = _watch(page, size.watched_seconds)
        median_ms, high_ms = page.evaluate("[0.5, 0.95].map((share) => window.live.latency.at(share))")
        page.close()
        each = f"{_ROWS} rows, {_RATE} updates a second"
        detail = f"{seen.frames_a_second:.0f} frames/s, {load()}"
        yield Measurement(f"live page: CPU for a frame, {each}", seen.cpu_ms, 10, False, " ms", detail)
        at = f"median {median_ms:.0f} ms, {detail}"
        yield Measurement(f"live page: from message to pixel, {each}, p95", high_ms, 40, False, " ms", at)
        slow = f"p95 {seen.frames_ms[int(len(seen.frames_ms) * 0.95)]:.0f} ms, {detail}"
        what = f"live page: longest time between two frames, {each}"
        yield Measurement(what, seen.frames_ms[-1], 50, False, " ms", slow)
        if is_installed(grid_page.PACKAGE):
            yield _against_grid(browser, address, size)


def _against_grid(browser: "Browser", address: str, size: Size) -> Measurement:
    """Watch our page and AG Grid in turn, each with nothing else open."""
    pages = {"live": (f"{address}/live", _READY)}
    pages |= {f"grid {wait}": (f"{address}{grid_page.PATH}?wait={wait}", grid_page.READY) for wait in _BATCHES_MS}
    cpu_ms: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(_TURNS):
        for name, (target, ready) in pages.items():
            page = browser.new_page(viewport=VIEWPORT)
            page.goto(target)
            page.wait_for_function(ready)
            page.wait_for_timeout(_WARM_SECONDS * 1000 / 2)
            before = "" if name == "live" else page.evaluate(_SHOWN)
            cpu_ms[name].append(_watch(page, size.watched_seconds / 2).cpu_ms)
            expect(f"whether {name} has changed", name == "live" or page.evaluate(_SHOWN) != before, True)
            page.close()
    ours, same, default = (median(each) for each in cpu_ms.values())
    return Measurement(
        "live page: CPU for a frame against AG Grid, same updates",
        median(mine / theirs for mine, theirs in zip(cpu_ms["live"], cpu_ms[f"grid {_BATCHES_MS[0]}"], strict=True)),
        1,
        at_least=False,
        unit="x",
        detail=f"{ours:.1f} ms against {same:.1f}, or {default:.1f} where it shows them every 50 ms only, {load()}",
    )


def _watch(page: "Page", seconds: float) -> _Watched:
    page.evaluate(_COUNT_FRAMES)
    cpu, began = browser_cpu_seconds(), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    cpu, took = browser_cpu_seconds() - cpu, time.perf_counter() - began
    frames = sorted(page.evaluate("window.frames_ms"))
    if not frames:
        raise CannotMeasure("the live page has painted no frame")
    return _Watched(frames, cpu / len(frames) * 1000, len(frames) / took)


def _cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving() -> Iterator[tuple[str, int]]:
    """The address of a web app whose board changes, and the number of its process."""
    command = [sys.executable, "-m", "benchmarks.live_page_server", str(_RATE)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            address = "" if process.stdout is None else process.stdout.readline().strip()
            expect("the server of the live page", address.partition("://")[0], "http")
            yield address, process.pid
        finally:
            process.kill()
