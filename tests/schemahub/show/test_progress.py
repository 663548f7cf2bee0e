"""What a user sees while trades are fetched."""

import io

from rich.console import Console

from loaders.landing.ingest import Ingested
from schemahub.runs.ingest import Outcome
from schemahub.show.progress import IngestProgress


def test_a_pause_is_shown_with_its_reason_and_a_warning_at_the_end() -> None:
    said = io.StringIO()
    with IngestProgress(Console(file=said, width=200)) as progress:
        progress.of("binance")
        for seconds in (3.0, 7.0):
            progress.wait(seconds, "binance: HTTP 429, \x1b[2J[red]slow down")
        progress.end(Outcome("binance", Ingested(warnings=["binance: the clock"])))
    assert "\x1b[2J" not in said.getvalue()
    assert said.getvalue().count("  waiting 3 s: binance: HTTP 429,  [2J[red]slow down\n") == 1
    assert said.getvalue().count("waiting") == 1
    assert "  warning: binance: the clock\n" in said.getvalue()
    assert "binance     ✓ nothing new" in said.getvalue()
