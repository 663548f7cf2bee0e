"""Find the volatility events in the unified trades, and measure which exchange follows which.

These models are no part of a run of `unify`, which stays as fast as it is. That run creates their tables, empty, and
this one fills them: hour by hour, the newest first, wherever trades were added.
"""

from lakehouse.errors import Misconfigured
from lakehouse.lake import Lake

from ..dbt.run import Report, run_dbt
from . import last_run
from .attention import row_count
from .context import RunContext

SELECTION = "tag:events"
"""dbt's selection of the models."""
STORED = f"{SELECTION},config.materialized:incremental"
"""Those of them that take time; the others are views."""

_NAME = "events"
_STORED = ("volatility_moves_versions", "lead_lag_sums_versions")
_MOST_HOURS = 1000
"""The macro `changed_hours` gives a run no more hours than that. Each of them adds at least one row to every table."""


def can_be_found(lake: Lake) -> bool:
    """Whether the models exist for the lake's engine: Athena allows a statement fewer stages than they take."""
    return lake.engine == "duckdb"


def have_tables(lake: Lake) -> bool:
    """Whether the stored models exist, so that a run of `unify` needn't create them."""
    return all(lake.table_state(name) is not None for name in _STORED)


def find_events(context: RunContext, *, report: Report | None = None) -> bool:
    """Bring the models of events up to date; False if nothing has changed since that was last done.

    Raises:
        ConcurrentWriter: another process is unifying.
        DbtFailed: dbt ended with an error. The hours that were computed until then are kept.
        LakeUnavailable: a file of the lake is damaged; nothing was written.
        Misconfigured: the lake is in S3.
    """
    lake = context.lake
    if not can_be_found(lake):
        raise Misconfigured(
            f"events are found by DuckDB, in a lake in a folder, and not in {lake.location}: they take more stages "
            "than Athena allows a statement"
        )
    with context.unifying():
        found = last_run.now(lake, context.settings)
        if last_run.last(lake, _NAME) == found:
            return False
        last_run.forget(lake, _NAME)
        context.prepare_models()
        # a target's run that would have found nothing to do will still find nothing
        unchanged = [target for target in context.registry.targets if last_run.last(lake, target) == found]
        for target in unchanged:
            last_run.forget(lake, target)
        while _computes_more(context, report):
            pass
        left = last_run.Left(lake.written(), found.project)
        for name in (_NAME, *unchanged):
            last_run.remember(lake, name, left)
        return True


def _computes_more(context: RunContext, report: Report | None) -> bool:
    """Run dbt once; whether hours may be left."""
    lake = context.lake
    are_new, before = not have_tables(lake), [row_count(lake, name) for name in _STORED]
    run_dbt(lake, context.settings, ["run", "--select", SELECTION], report=report)
    added = [row_count(lake, name) - rows for name, rows in zip(_STORED, before, strict=True)]
    return are_new or min(added) >= _MOST_HOURS
