"""Shows a run while it works."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from lakehouse.printable import printable

if TYPE_CHECKING:  # importing them takes a fifth of a second, which a run without ingesting doesn't need
    from loaders.landing.ingest import Progress as OnPage

    from ..dbt.run import Node
    from ..runs.ingest import Outcome, Symbols


class IngestProgress:
    """One line per exchange, which counts trades as they arrive and stays at the end."""

    def __init__(self, console: Console) -> None:
        """Show the lines on `console`."""
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.fields[exchange]:<12}{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, int] = {}
        self._reasons: set[str] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def of(self, exchange: str) -> "OnPage":
        """Begin the line of an exchange; returns the function to call for each of its pages."""
        self._current = self._tasks[exchange] = self._progress.add_task("starting", exchange=exchange, total=1)
        self._counts[exchange] = 0

        def on_page(symbol: str, rows: int) -> None:
            self._counts[exchange] += rows
            self._progress.update(
                self._tasks[exchange], description=f"{self._counts[exchange]:>9,} trades fetched, now {symbol}"
            )

        return on_page

    def wait(self, seconds: float, reason: str) -> None:
        """Show that the exchange requires waiting, and why. Each reason is printed once, even if it occurs often."""
        self._progress.update(self._current, description=f"waiting {seconds:.0f} s: {printable(reason, 80)}")
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._progress.console.print(
                f"  waiting {seconds:.0f} s: {printable(reason)}", markup=False, soft_wrap=True
            )

    def end(self, outcome: "Outcome") -> None:
        """End the line of an exchange with its result."""
        mark = "✗" if outcome.problems else "✓"
        self._progress.update(self._tasks[outcome.exchange], description=f"{mark} {_landed(outcome)}", completed=1)
        for warning in outcome.warnings:
            self._progress.console.print(f"  warning: {warning}", markup=False, soft_wrap=True)


class DbtLines:
    """One line for every model and seed that dbt finishes, and for every test that fails; other tests are counted."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.tests_passed = 0

    def __call__(self, node: "Node") -> None:
        """Print one node's line."""
        if node.kind in ("test", "unit_test") and node.is_fine:
            self.tests_passed += 1
        else:
            self._console.print(f"  {node.name:<42}{node.status:<10}{node.seconds:6.1f} s", markup=False)


def left_out_lines(symbols: "Symbols", gone: "Symbols", wanted: Sequence[str]) -> Iterator[str]:
    """One line for each exchange that doesn't list all `wanted` symbols; `gone` are those that it no longer lists."""
    for exchange, names in gone.items():
        if names:
            yield f"  {exchange:<12}- no longer lists {', '.join(names)}"
    for exchange, names in symbols.items():
        if not names:
            yield f"  {exchange:<12}- lists none of {', '.join(wanted)}"


def unmapped_lines(exchanges: Sequence[str]) -> Iterator[str]:
    """One line for each exchange that is left out because it has no mapping."""
    for exchange in exchanges:
        yield f"  {exchange:<12}- is left out, because no file in config/mappings/ maps its raw table"


def _landed(outcome: "Outcome") -> str:
    count = outcome.ingested.row_count  # also of a run that failed after its first commits
    if not count:
        return "nothing landed" if outcome.problems else "nothing new"
    return f"{count:,} trades landed"
