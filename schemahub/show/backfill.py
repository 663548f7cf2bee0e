"""Shows what a backfill will load, and how it goes on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from lakehouse.coverage import time_of
from lakehouse.printable import printable

from .plan import shown_bytes

if TYPE_CHECKING:
    from loaders.connector import Connector
    from loaders.landing.archive_plan import FromArchives
    from loaders.landing.backfill import Lacking

_BYTES_OF_A_ROW = 40
"""About what a trade takes in a raw table, see docs/performance.md."""
_MOST_BARS = 12


def plan_report(
    lacks: "Sequence[Lacking]", archives: "Sequence[FromArchives]", connector: "Connector"
) -> Iterator[Table | str]:
    """What products lack, and what loading it takes; times are UTC."""
    rows_of_archives = {each.stream: each.rows for each in archives}
    table = Table(box=None, pad_edge=False)
    for name in ("product", "from", "to"):
        table.add_column(name)
    for name in ("landed", "lacking", "requests", "time"):
        table.add_column(name, justify="right")
    total_calls = 0
    for each in lacks:
        calls = each.calls(connector, elsewhere=rows_of_archives.get(each.stream, 0))
        total_calls += calls or 0
        table.add_row(
            printable(each.stream, 30),
            f"{time_of(each.holes[0].since):%Y-%m-%d %H:%M}" if each.holes else "-",
            f"{time_of(each.holes[-1].until or 0):%Y-%m-%d %H:%M}" if each.holes else "-",
            f"{each.held:,}",
            _about(each.rows),
            _about(calls),
            _duration(seconds_of(calls, connector)),
        )
    yield table
    rows = [each.rows for each in lacks]
    if None in rows:
        yield f"\n{connector.name} can't say before how many trades there are"
        return
    total = sum(row or 0 for row in rows)
    if not any(each.holes for each in lacks):
        yield "\nnothing is lacking"
        return
    if archives:
        days = sum(each.days for each in archives)
        yield (
            f"\n{days:,} {'day' if days == 1 else 'days'} from archives, as far as {connector.name} has these, and "
            f"the rest over REST: about {total_calls:,} {'request' if total_calls == 1 else 'requests'}"
        )
    together = seconds_of(total_calls, connector)
    yield (
        f"\nabout {total:,} trades, {shown_bytes(total * _BYTES_OF_A_ROW)} in the raw table; "
        f"at least {_duration(together)} within the limit of {connector.name}; nothing was loaded"
    )


def seconds_of(calls: int | None, connector: "Connector") -> float | None:
    """How long a number of requests for pages takes at least within the exchange's limit."""
    if calls is None:
        return None
    weight: float = getattr(connector, "page_weight", 1.0)
    budget = connector.budget
    return max(0.0, calls * weight - budget.burst) / (budget.units / budget.seconds)


def _about(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class _Rate(ProgressColumn):
    """Trades a second since the first page; nothing within the first second, which says little."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed or 0
        return Text(f"{task.completed / seconds:>9,.0f}/s" if seconds >= 1 else " " * 11)


class BackfillProgress:
    """One bar for each product, with its trades, their rate and the time that is left."""

    def __init__(self, console: Console) -> None:
        """Show the bars on `console`."""
        self._progress = Progress(
            TextColumn("{task.description:<16}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.completed:>12,.0f} trades", markup=False),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._bars: dict[str, TaskID] = {}
        self._expected: Mapping[str, int | None] = {}
        self._counts: Counter[str] = Counter()
        self._reasons: set[str] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream, bar in self._bars.items():
            self._progress.update(bar, total=max(1, self._counts[stream]), completed=self._counts[stream])
        self._progress.stop()

    def plan(self, expected: Mapping[str, int | None]) -> None:
        """Take over how many trades each product is expected to have; None if that is unknown."""
        self._expected = expected

    def on_page(self, stream: str, rows: int) -> None:
        """Count the rows of a page."""
        self._counts[stream] += rows
        if stream not in self._bars:
            if len(self._bars) >= _MOST_BARS:  # a terminal shows no more lines
                return
            self._bars[stream] = self._progress.add_task(printable(stream, 16), total=self._expected.get(stream))
        self._progress.update(self._bars[stream], completed=self._counts[stream])

    def wait(self, seconds: float, reason: str) -> None:
        """Say that the exchange requires waiting, and why. Each reason is printed once, even if it occurs often."""
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._progress.console.print(
                f"  waiting {seconds:.0f} s: {printable(reason)}", markup=False, soft_wrap=True
            )
