"""Shows `live` while it works: one line per exchange, which changes in a terminal and is printed again elsewhere."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from lakehouse.printable import printable

if TYPE_CHECKING:
    from ..runs.live import LiveState

_NUMBER = re.compile(r"[0-9]+")


class LiveProgress:
    """One line per exchange, and each warning once. Call it with the states of all exchanges as often as you like."""

    def __init__(self, console: Console, *, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Show the lines on `console`; where that is no terminal, print them every so many seconds."""
        self._console, self._every, self._clock = console, every, clock
        self._began_at = self._printed_at = clock()
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.fields[exchange]:<12}{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._said: set[str] = set()
        self._states: Sequence[LiveState] = ()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, states: "Sequence[LiveState]") -> None:
        """Show how things are now."""
        self._states = states
        for state in states:
            for warning in state.warnings:
                self._say_once(f"warning: {warning}")
            for problem in state.outcome.problems:
                self._say_once(f"{state.exchange:<12}✗ {problem}")
        if self._console.is_terminal:
            self._update(states)
        elif self._clock() - self._printed_at >= self._every:
            self._printed_at = self._clock()
            self._print(states)

    def summary(self) -> str:
        """One line about everything that was landed."""
        states = self._states
        landed, filled = sum(each.landed for each in states), sum(each.filled for each in states)
        holes, reconnects = sum(each.holes for each in states), sum(each.reconnects for each in states)
        took = timedelta(seconds=round(self._clock() - self._began_at))
        left = f"{_counted(holes, 'hole')} not filled yet" if holes else "no hole is open"
        return (
            f"{landed:,} trades landed in {took}, {filled:,} of them over REST; "
            f"{_counted(reconnects, 'reconnect')}; {left}"
        )

    def _say_once(self, line: str) -> None:
        kind = _NUMBER.sub("0", line)  # a line that differs only in its numbers says nothing new
        if kind not in self._said:
            self._said.add(kind)
            self._progress.console.print(f"  {printable(line, 2_000)}", markup=False, soft_wrap=True)

    def _update(self, states: "Sequence[LiveState]") -> None:
        for state in states:
            if state.exchange not in self._tasks:
                self._tasks[state.exchange] = self._progress.add_task("", exchange=state.exchange, total=1)
            self._progress.update(
                self._tasks[state.exchange], description=_described(state), completed=int(state.is_over)
            )

    def _print(self, states: "Sequence[LiveState]") -> None:
        for state in states:
            self._console.print(f"  {state.exchange:<12}{_described(state)}", markup=False, soft_wrap=True)


def silent_lines(exchanges: Iterable[str]) -> Iterator[str]:
    """One line for each exchange that is left out because it can't be listened to."""
    for exchange in exchanges:
        yield f"  {exchange:<12}- is left out, because its connector has no stream"


def _described(state: "LiveState") -> str:
    parts = [f"{state.landed:>9,} trades landed", f"{state.rate:8,.1f} a second", _age(state.age)]
    parts += [_counted(state.reconnects, "reconnect")] if state.reconnects else []
    parts += [f"{_counted(state.holes, 'hole')} open"] if state.holes else []
    parts += ["ended"] if state.outcome.error is not None else []
    return "   ".join(parts)


def _age(age: timedelta | None) -> str:
    if age is None:
        return "no trade heard yet"
    seconds = age.total_seconds()
    shown = f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))
    return f"newest {shown} ago"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
