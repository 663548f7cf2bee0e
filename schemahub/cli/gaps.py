"""The command for what is missing between the first and the last landed trade: `schemahub gaps`."""

from typing import TYPE_CHECKING, Annotated

import typer

from .app import LakeCommand, app, fail_with, out, run_context, say

if TYPE_CHECKING:
    from ..runs.context import RunContext
    from ..runs.gaps import StreamGaps


@app.command("gaps", cls=LakeCommand)
def gaps_command(
    context: typer.Context,
    exchange: Annotated[str | None, typer.Option("--exchange", help="An exchange. By default all.")] = None,
    symbols: Annotated[
        str | None,
        typer.Option("--symbols", help="Symbols as BASE-QUOTE, separated by commas. By default all that were landed."),
    ] = None,
    fill: Annotated[bool, typer.Option("--fill", help="Request what is missing, and show what is left.")] = False,
    by_date: Annotated[bool, typer.Option("--by-date", help="Show for each day whether it is complete.")] = False,
) -> None:
    """Show which trades are missing between the first and the last one landed; reads no trades."""
    looked = run_context(context, symbols=symbols)

    from lakehouse.pending import nothing_landed

    from ..runs.gaps import find_gaps, wanted_streams
    from ..show.gaps import gap_lines

    wanted = wanted_streams(looked, exchange, looked.settings.symbols if symbols is not None else None)
    found = find_gaps(looked, wanted)
    problems: list[str] = []
    reasons = None
    if not found:
        asked = ", ".join(filter(None, (symbols, exchange)))
        say([f"nothing of {asked} has been landed yet" if asked else nothing_landed(looked.lake.location)])
        return
    if fill and any(gaps.holes for gaps in found):
        problems, failures = _fill(looked, found)
        from ..show.gaps import not_filled

        found = find_gaps(looked, wanted)
        reasons = not_filled(found, failures)
    if by_date:
        from rich.console import Console

        from ..runs.days import days_of
        from ..show.days import WIDTH, days_table

        table, lines = days_table(days_of(looked, wanted))
        Console(highlight=False, width=max(out.width, WIDTH)).print(table)
        say(lines)
    else:
        say(gap_lines(found, reasons))
    fail_with(problems)


def _fill(context: "RunContext", found: "list[StreamGaps]") -> tuple[list[str], dict[tuple[str, str], str]]:
    """Fill gaps with one line for each exchange; returns the problems, and by exchange and stream why they failed."""
    from ..runs.fill_gaps import fill_gaps
    from ..show.progress import IngestProgress

    problems: list[str] = []
    failures: dict[tuple[str, str], str] = {}
    with IngestProgress(out) as progress:
        for outcome in fill_gaps(context, found, progress=progress.of, on_wait=progress.wait):
            progress.end(outcome)
            problems += outcome.problems
            if context.settings.debug:
                problems += outcome.tracebacks
            for gaps in found:
                error = outcome.error or outcome.ingested.failures.get(gaps.stream)
                if gaps.exchange == outcome.exchange and error is not None:
                    failures[gaps.exchange, gaps.stream] = str(error)
    return problems, failures
