"""What a person sees while a run works."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from loaders.ingest import Progress as OnPage


class IngestProgress:
    """A line per exchange that counts trades as they come, and stays when it is done."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.fields[exchange]:<12}{task.description}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def of(self, exchange: str) -> OnPage:
        """Begin the line of an exchange; gives what to tell of its pages."""
        self._tasks[exchange] = self._progress.add_task("asking", exchange=exchange, total=1)
        self._counts[exchange] = 0

        def on_page(symbol: str, rows: int) -> None:
            self._counts[exchange] += rows
            self._progress.update(
                self._tasks[exchange], description=f"{self._counts[exchange]:>9,} trades fetched, now {symbol}"
            )

        return on_page

    def end(self, exchange: str, description: str) -> None:
        """End the line of an exchange, saying how it went."""
        self._progress.update(self._tasks[exchange], description=description, completed=1)


class DbtLines:
    """A line for every model, seed or test that dbt has ended; tests that pass are only counted."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, name: str, status: str, seconds: float) -> None:
        """Print one node's line."""
        self._console.print(f"  {name:<42}{status:<10}{seconds:6.1f} s", markup=False)
