"""Run any dbt command on a lake."""

from collections.abc import Sequence

from ..dbt.run import Report, asks_for_help, needs_tables, run_dbt, show_help
from . import events
from .context import RunContext


def run_any_dbt(context: RunContext, arguments: Sequence[str], *, report: Report | None = None) -> None:
    """Run `dbt <arguments>`; without any, or with `--help`, dbt shows its help. Raises DbtFailed.

    With `report`, dbt itself prints nothing.
    """
    if asks_for_help(arguments):
        show_help(arguments)
    elif needs_tables(arguments):
        with context.unifying():
            context.prepare_models()
            run_dbt(context.lake, context.settings, [*arguments, *_left_out(context, arguments)], report=report)
    else:
        run_dbt(context.lake, context.settings, arguments, report=report)


def _left_out(context: RunContext, arguments: Sequence[str]) -> Sequence[str]:
    """What a test leaves out: the models of events, until `run events` has built them."""
    if "test" not in arguments or "--exclude" in arguments or events.have_tables(context.lake):
        return []
    return ["--exclude", events.SELECTION]
