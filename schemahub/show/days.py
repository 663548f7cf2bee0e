"""Shows for each day of each stream whether it is complete. Pure, but for the console."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from rich.table import Table

from lakehouse.printable import printable

from ..runs.days import Day

MOST_DAYS = 20
"""The maximum number of days that are listed for a stream: the newest ones."""

WIDTH = 160
"""The least number of characters that a line of the table may have, even if the terminal shows fewer."""


def days_table(days: Iterable[Day]) -> tuple[Table, list[str]]:
    """A table of the newest days of each stream, and one line for each stream that has more days than it shows."""
    table = Table(box=None, pad_edge=False)
    for name in ("exchange", "symbol", "date (UTC)", "state", "held"):
        table.add_column(name, no_wrap=True)
    for name in ("first id", "last id", "trades", "expected", "at edges", "gaps"):
        table.add_column(name, justify="right", no_wrap=True)
    lines = []
    for (exchange, stream), found in groupby(days, key=lambda day: (day.source, day.stream)):
        of_stream = list(found)
        for day in of_stream[-MOST_DAYS:]:
            table.add_row(*_cells(day))
        if earlier := of_stream[:-MOST_DAYS]:
            states = Counter(day.state for day in earlier)
            counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
            lines.append(f"{exchange} {printable(stream)}: {len(earlier):,} earlier days: {counts}")
    return table, lines


def _cells(day: Day) -> Iterator[str]:
    yield from (day.source, printable(day.stream), f"{day.date}", day.state, f"{_clock(day.since)}-{_clock(day.until)}")
    yield from (_number(day.first_id), _number(day.last_id), f"{day.row_count:,}")
    yield from (
        "" if day.expected_count is None else f"{day.expected_count:,}",
        f"{day.edge_rows:,}",
        f"{day.holes:,}",
    )


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M}"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
