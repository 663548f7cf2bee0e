"""The whole pipeline: ingest every exchange, then unify what was landed and find events, even if an exchange failed."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread

from lakehouse.errors import SchemaHubError

from ..dbt.prepare import prepare_dbt
from ..refusals import refusals_as_errors
from .context import RunContext
from .events import TRADES
from .ingest import mapped_exchanges


def run_pipeline(
    context: RunContext,
    target: str,
    *,
    ingest: Callable[[RunContext, Sequence[str], Callable[[], None]], list[str]],
    unify: Callable[[RunContext, str], object],
    find_events: Callable[[RunContext], object],
) -> list[str]:
    """Run all parts, and return the problems, one line each.

    Args:
        context: the context of the run.
        target: the unified table.
        ingest: ingests the given exchanges, calls its last argument when an exchange's trades were landed, and returns
            the problems, one line each.
        unify: unifies the pending loads of the given target, or raises.
        find_events: finds the volatility events in the unified trades, or raises; other targets have none.

    Raises:
        Misconfigured: there is no such target, or a setting for ingesting is wrong; nothing was unified.
    """
    context.check_target(target)
    dbt = _DbtInAThread(context)
    try:
        problems = ingest(context, mapped_exchanges(context), dbt.prepare)
    finally:
        dbt.wait()
    try:
        with refusals_as_errors():
            unify(context, target)
            if target == TRADES:
                find_events(context)
    except SchemaHubError as error:
        problems.append(str(error))
    return problems


class _DbtInAThread:
    """Prepares dbt while exchanges are waited for, once there is something to unify.

    It doesn't begin earlier, because the first load imports dlt: in two threads, both would take twice as long.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._thread: Thread | None = None

    def prepare(self) -> None:
        """Begin unless it has begun."""
        if self._thread is None:
            self._thread = Thread(target=self._prepare, name="dbt")
            self._thread.start()

    def _prepare(self) -> None:
        with suppress(Exception):  # the run that needs dbt reports what is wrong
            prepare_dbt(self._context.lake, self._context.settings)

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()
