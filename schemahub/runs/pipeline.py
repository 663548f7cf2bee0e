"""The whole pipeline: ingest every exchange, then unify what was landed, whatever failed."""

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
    """Run both parts; gives the problems, a line each.

    Args:
        context: of the run.
        target: the unified table.
        ingest: ingests the exchanges that it is given and gives the problems, a line each.
        unify: unifies what was landed in the target that it is given, or raises.

    Raises:
        Misconfigured: there is no such target, or what ingesting needs is wrong; nothing was unified.
    """
    context.check_target(target)
    problems = ingest(context, mapped_exchanges(context))
    try:
        with refusals_as_errors():
            unify(context, target)
    except SchemaHubError as error:
        problems.append(str(error))
    return problems
