"""`schemahub live`: lands trades as they happen, until it is stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from .app import LakeCommand, app, fail_with, out, run_context, say
from .run import SymbolsOption

if TYPE_CHECKING:
    from datetime import datetime

    from ..runs.context import RunContext


@app.command("live", cls=LakeCommand)
def live_command(
    context: typer.Context,
    exchanges: Annotated[
        str | None, typer.Option("--exchanges", help="Exchanges, separated by commas. By default all.")
    ] = None,
    symbols: SymbolsOption = None,
    every: Annotated[
        str | None,
        typer.Option("--every", metavar="SECONDS", help="Seconds between two loads.  [SCHEMAHUB_LIVE_EVERY; 10]"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Also load what a symbol that was never loaded has traded since then: a UTC time, or 90m, 6h, 2d.",
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", help="End after this time, such as 60s or 2h. By default never.")
    ] = None,
) -> None:
    """Land trades as they happen, from the exchanges' WebSockets, until Ctrl-C.

    Trades that a lost connection has missed, or that came since the last run, are fetched over REST. Ctrl-C or SIGTERM
    lands what is in hand and ends with exit code 0; a second one ends at once.
    """
    from datetime import UTC, datetime

    from ..settings import parse_duration, parse_since

    live = run_context(context, symbols=symbols, live_every=every)
    begin = None if since is None else parse_since(since, now=datetime.now(UTC))
    seconds = None if duration is None else parse_duration(duration, "--for").total_seconds()
    named = None if exchanges is None else [name.strip() for name in exchanges.split(",") if name.strip()]
    with _stopped_by_signals() as stop:
        _show_live(live, named, stop, begin, seconds)


def _show_live(
    context: "RunContext",
    exchanges: list[str] | None,
    stop: threading.Event,
    since: "datetime | None",
    seconds: float | None,
) -> None:
    from ..runs.ingest import mapped_exchanges, no_longer_listed, symbols_of
    from ..runs.live import run_live, streaming_exchanges
    from ..show.live import LiveProgress, silent_lines
    from ..show.progress import left_out_lines

    names = exchanges
    if not names:
        mapped = mapped_exchanges(context)
        names = streaming_exchanges(mapped)
        say(silent_lines(name for name in mapped if name not in names))
    symbols = symbols_of(context, names)
    say(left_out_lines(symbols, no_longer_listed(context, names), context.settings.symbols))
    with LiveProgress(out, every=context.settings.live_every) as progress:
        ended = run_live(context, symbols, stop=stop, since=since, seconds=seconds, report=progress)
    say([progress.summary()])
    problems = [line for state in ended for line in state.outcome.problems]
    if context.settings.debug:
        problems += [line for state in ended for line in state.outcome.tracebacks]
    fail_with(problems)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets; a second signal is a KeyboardInterrupt."""
    stop = threading.Event()

    def receive(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 # Python's signature
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
