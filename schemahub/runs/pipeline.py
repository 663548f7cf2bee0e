"""The whole pipeline: ingest every exchange, then unify what was landed, even if an exchange failed."""

from collections.abc import Callable, Sequence

from lakehouse.errors import SchemaHubError

from ..refusals import refusals_as_errors
from .context import RunContext
from .ingest import mapped_exchanges


def run_pipeline(
    context: RunContext,
    target: str,
    *,
    ingest: Callable[[RunContext, Sequence[str]], list[str]],
    unify: Callable[[RunContext, str], object],
) -> list[str]:
    """Run both parts, and return the problems, one line each.

    Args:
        context: the context of the run.
        target: the unified table.
        ingest: ingests the given exchanges, and returns the problems, one line each.
        unify: unifies the pending loads of the given target, or raises.

    Raises:
        Misconfigured: there is no such target, or a setting for ingesting is wrong; nothing was unified.
    """
    context.check_target(target)
    problems = ingest(context, mapped_exchanges(context))
    try:
        with refusals_as_errors():
            unify(context, target)
    except SchemaHubError as error:
        problems.append(str(error))
    return problems
