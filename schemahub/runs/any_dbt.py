"""Run any dbt command on a lake."""

from collections.abc import Sequence

from ..dbt.run import Report, asks_for_help, needs_tables, run_dbt, show_help
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
            run_dbt(context.lake, context.settings, arguments, report=report)
    else:
        run_dbt(context.lake, context.settings, arguments, report=report)
