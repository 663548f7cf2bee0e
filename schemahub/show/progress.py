"""What a person sees while a run works, and the runs with it."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from lakehouse.errors import Misconfigured
from lakehouse.printable import printable
from loaders.landing.ingest import Progress as OnPage

from ..dbt.run import Node
from ..runs.balance import rejections
from ..runs.coordinator import Coordinator, Outcome
from ..runs.cost_of_a_run import cost_shown
from ..runs.unify import Unified


class IngestProgress:
    """A line per exchange that counts trades as they come, and stays when it is done."""

    def __init__(self, console: Console) -> None:
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

    def of(self, exchange: str) -> OnPage:
        """Begin the line of an exchange; gives what to tell of its pages."""
        self._current = self._tasks[exchange] = self._progress.add_task("asking", exchange=exchange, total=1)
        self._counts[exchange] = 0

        def on_page(symbol: str, rows: int) -> None:
            self._counts[exchange] += rows
            self._progress.update(
                self._tasks[exchange], description=f"{self._counts[exchange]:>9,} trades fetched, now {symbol}"
            )

        return on_page

    def wait(self, seconds: float, reason: str) -> None:
        """Say that the exchange makes us wait, and why: each reason once, though every symbol may have it often."""
        self._progress.update(self._current, description=f"waits {seconds:.0f} s: {printable(reason, 80)}")
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._progress.console.print(f"  waits {seconds:.0f} s: {printable(reason)}", markup=False, soft_wrap=True)

    def end(self, outcome: Outcome) -> None:
        """End the line of an exchange, saying how it went."""
        mark = "✗" if outcome.problems else "✓"
        self._progress.update(self._tasks[outcome.exchange], description=f"{mark} {_landed(outcome)}", completed=1)
        for warning in outcome.warnings:
            self._progress.console.print(f"  warning: {warning}", markup=False, soft_wrap=True)


class DbtLines:
    """A line for every model and seed that dbt has ended, and for every test that fails; the others are counted."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.tests_passed = 0

    def __call__(self, node: Node) -> None:
        """Print one node's line."""
        if node.kind in ("test", "unit_test") and node.is_fine:
            self.tests_passed += 1
        else:
            self._console.print(f"  {node.name:<42}{node.status:<10}{node.seconds:6.1f} s", markup=False)


def ingest(coordinator: Coordinator, exchanges: Sequence[str], console: Console) -> list[str]:
    """Ingest with a line per exchange; gives the problems, a line each."""
    plan = coordinator.plan(exchanges)
    for exchange, gone in coordinator.no_longer_listed(list(plan)).items():
        if gone:
            console.print(f"  {exchange:<12}- no longer lists {', '.join(gone)}", markup=False)
    if not any(plan.values()):
        raise Misconfigured(f"{', '.join(plan)} lists none of {', '.join(coordinator.settings.symbols)}; try --symbols")
    for exchange, symbols in plan.items():
        if not symbols:
            console.print(f"  {exchange:<12}- lists none of {', '.join(coordinator.settings.symbols)}", markup=False)
    problems: list[str] = []
    with IngestProgress(console) as progress:
        for outcome in coordinator.ingest(plan, progress=progress.of, on_wait=progress.wait):
            progress.end(outcome)
            problems += outcome.problems
    return problems


def _landed(outcome: Outcome) -> str:
    if outcome.error is not None:
        return "nothing landed"
    count = outcome.ingested.row_count
    if not count:
        return "nothing landed" if outcome.problems else "nothing new"
    return f"{count:,} trades landed"


def unify(
    coordinator: Coordinator, target: str, console: Console, *, full_refresh: bool = False, force: bool = False
) -> None:
    """Unify with a line for every model, and the balance; on Athena also what was read, and what it cost."""
    coordinator.check_target(target)
    with cost_shown(coordinator.lake, coordinator.registry, console, full_refresh=full_refresh) as watch:
        unified = coordinator.unify(
            target, full_refresh=full_refresh, force=force, report=DbtLines(console), watch=watch
        )
    for line in _balance_lines(unified, target):
        console.print(line, markup=False, soft_wrap=True)


def _balance_lines(unified: Unified, target: str) -> Iterator[str]:
    if not unified.balances:
        yield f"balance       nothing was pending, so nothing was read, and {target} is as it was"
    else:
        yield f"balance       of what was read for {target}, in rows"
    for balance in unified.balances:
        yield f"  {balance}"
        if balance.rejected:
            yield f"    rejected: {rejections(balance)}"
    if unified.inserted_before:
        yield f"  {unified.inserted_before:,} of the inserted rows were inserted by a run that did not come to its end"
    yield from (f"warning       {remark}" for remark in unified.remarks)
