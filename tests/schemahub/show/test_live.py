"""What a user sees while trades are landed live."""

import io
from dataclasses import replace
from datetime import timedelta

from rich.console import Console

from lakehouse.errors import SchemaHubError
from loaders.landing.ingest import Ingested
from schemahub.runs.ingest import Outcome
from schemahub.runs.live import LiveState
from schemahub.show.live import LiveProgress, silent_lines

STATE = LiveState(
    exchange="kraken",
    landed=12_345,
    filled=45,
    messages=12_400,
    rate=6.25,
    age=timedelta(seconds=0.34),
    skew=None,
    reconnects=0,
    holes=0,
    warnings=(),
    is_over=False,
    outcome=Outcome("kraken", Ingested()),
)


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def shown(*states: LiveState, is_terminal: bool = False) -> tuple[str, LiveProgress]:
    said, clock = io.StringIO(), Clock()
    console = Console(file=said, width=200, force_terminal=is_terminal, highlight=False)
    with LiveProgress(console, every=10, clock=clock) as progress:
        for state in states:
            progress([state])
            clock.at += 5
    return said.getvalue(), progress


def test_where_there_is_no_terminal_a_line_is_printed_now_and_then() -> None:
    said, progress = shown(*[STATE] * 5)
    line = "  kraken         12,345 trades landed        6.2 a second   newest 0.3 s ago\n"
    assert said == 2 * line
    assert progress.summary() == (
        "12,345 trades landed in 0:00:25, 45 of them over REST; 0 reconnects; no hole is open"
    )


def test_in_a_terminal_the_line_changes() -> None:
    said, _ = shown(STATE, replace(STATE, landed=99_999), is_terminal=True)
    assert "99,999 trades landed" in said
    assert said.count("\n") <= 2


def test_reconnects_and_holes_are_counted_if_there_are_any() -> None:
    said, progress = shown(*[replace(STATE, reconnects=1, holes=2, age=timedelta(hours=2))] * 3)
    assert "newest 2:00:00 ago   1 reconnect   2 holes open\n" in said
    assert progress.summary().endswith("; 1 reconnect; 2 holes not filled yet")


def test_a_warning_is_printed_once_even_if_its_numbers_change() -> None:
    first = replace(STATE, warnings=("kraken: 3 messages made no sense", "kraken: the clock"))
    said, _ = shown(first, replace(first, warnings=("kraken: 4 messages made no sense", "kraken: \x1b[2Jother")))
    assert said == (
        "  warning: kraken: 3 messages made no sense\n  warning: kraken: the clock\n  warning: kraken:  [2Jother\n"
    )


def test_an_exchange_that_fails_is_named_at_once() -> None:
    failed = Outcome("kraken", Ingested(), SchemaHubError("kraken can't be reached"))
    said, _ = shown(*[replace(STATE, outcome=failed, is_over=True, age=None)] * 3)
    assert said.count("  kraken      ✗ kraken can't be reached\n") == 1
    assert "no trade heard yet   ended\n" in said


def test_exchanges_without_a_stream_are_named() -> None:
    assert list(silent_lines(["gemini"])) == ["  gemini      - is left out, because its connector has no stream"]
