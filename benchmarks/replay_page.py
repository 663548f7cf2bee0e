"""The replay: how soon a moment of a long day is there, at the server and on the screen, and what a frame costs.

The day is in time order. The server is measured without its cache, and without HTTP. CPU is that of all processes of
the browser; without a GPU, they also draw.
"""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

from .browsers import VIEWPORT, browser_cpu_seconds, chromium_for, first_paint, load, opened
from .measure import CannotMeasure, Measurement, expect, in_own_process, seconds
from .replay_day import BURST_SECONDS, BURST_US, DAY_US
from .size import Size

_SEGMENT_US = 4_000_000
_READY = "() => window.replay?.state.isReady"
_SEEK_MS = """(us) => new Promise((done) => {
    const began = performance.now();
    const painted = () => requestAnimationFrame(() => done(performance.now() - began));
    window.replay.player.seek(us).then(() => requestAnimationFrame(painted));
})"""
_COUNT_FRAMES = """() => {
    const mine = window.frames_ms = [];
    let before;
    const count = (now) => {
      if (mine !== window.frames_ms) return;
      if (before !== undefined) mine.push(now - before);
      before = now;
      requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
}"""
_PLAY_AT_THE_END_OF_THE_BURST = """async ([us, spanMs]) => {
    const { player, stage } = window.replay;
    player.slowMotion = false;
    stage.spanUs = player.spanUs = spanMs * 1000;
    await player.seek(us);
    player.setSpeed(0.05);
    player.toggle(true);
}"""


def findings(size: Size) -> Iterator[Measurement]:
    """Measure the server on a day of trades, and then the page if there is a browser."""
    with TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        written = in_own_process("benchmarks.replay_day", str(lake), str(size.replayed_trades))
        expect("trades of the day", written["trades"], size.replayed_trades)
        yield from _server(lake, size)
        chromium = chromium_for(size)
        if chromium is not None:
            with _serving(lake) as address:
                yield from _page(address, chromium, size)


def _server(lake: Path, size: Size) -> Iterator[Measurement]:
    from schemahub.runs.context import RunContext
    from schemahub.settings import load_settings
    from web.frames import pack
    from web.served import Served

    trades = Served(RunContext(load_settings(lake=str(lake))), ()).trades
    snapshot = trades.snapshot(None)
    symbol = trades.symbol(snapshot, "BTC-USD")
    expect("trades of the symbol", symbol.trades, size.replayed_trades)
    starts = [random.Random(number).randrange(DAY_US, DAY_US + 86_000_000_000) for number in range(size.seeks)]

    def segment(start: int, length_us: int = _SEGMENT_US) -> int:
        ticks = trades.ticks(snapshot, symbol, start, start + length_us)
        pack({}, ticks)
        return int(ticks.num_rows)

    segment(starts[0])
    took = [seconds(lambda start=start: segment(start)) for start in starts]  # type: ignore[misc]
    detail = f"{size.replayed_trades:,} trades a day, longest {max(took) * 1000:.0f} ms, {load()}"
    yield Measurement("replay: a seek at the server, median", median(took) * 1000, 50, False, " ms", detail)
    length_us = BURST_SECONDS * 1_000_000
    rates = []
    for _ in range(size.seeks):
        began = time.perf_counter()
        count = segment(BURST_US, length_us)
        rates.append(count / (time.perf_counter() - began) / 1e6)
    detail = f"{count:,} ticks at once, {load()}"
    yield Measurement("replay: ticks read and packed in a second", max(rates), 1, True, " M", detail)


def _page(address: str, chromium: str, size: Size) -> Iterator[Measurement]:
    shown = f"{address}/replay?at={BURST_US}"
    with opened(chromium) as browser:
        yield first_paint(browser, "replay", shown, _READY)
        page = browser.new_page(viewport=VIEWPORT)
        page.goto(shown)
        page.wait_for_function(_READY)
        randoms = [random.Random(-number).randrange(DAY_US, DAY_US + 86_000_000_000) for number in range(size.seeks)]
        took = [float(page.evaluate(_SEEK_MS, us)) for us in randoms]
        detail = f"longest {max(took):.0f} ms, {load()}"
        yield Measurement("replay: a seek in the browser until it is painted", median(took), 200, False, " ms", detail)
        for span_ms in (6_000, 12_000):
            page.evaluate(_PLAY_AT_THE_END_OF_THE_BURST, [BURST_US + BURST_SECONDS * 1_000_000, span_ms])
            page.wait_for_timeout(500)
            page.evaluate(_COUNT_FRAMES)
            cpu = browser_cpu_seconds()
            page.wait_for_timeout(size.watched_seconds * 500)
            cpu = browser_cpu_seconds() - cpu
            frames, visible = page.evaluate("[window.frames_ms.slice(), window.replay.stage.visible]")
            page.evaluate("window.replay.player.toggle(false)")
            if not frames:
                raise CannotMeasure("the replay has painted no frame")
            detail = f"longest {max(frames):.0f} ms, {len(frames)} frames, {load()}"
            what = f"replay: CPU for a frame of {visible:,} ticks"
            yield Measurement(what, cpu / len(frames) * 1000, 10, False, " ms", detail)


@contextmanager
def _serving(lake: Path) -> Iterator[str]:
    """The address of the web app over a lake, in a process of its own."""
    command = [sys.executable, "-m", "schemahub.cli", "serve", "--lake", str(lake), "--port", "0"]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            said = "" if process.stdout is None else process.stdout.readline()
            address = said.partition(" on ")[2].partition(";")[0]
            expect("the server of the replay", address.partition("://")[0], "http")
            yield address
        finally:
            process.terminate()
