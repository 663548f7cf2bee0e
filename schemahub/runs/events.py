"""Find the volatility events in the unified trades, and measure which exchange follows which.

These models are no part of a run of `unify`, which stays as fast as it is. This run creates their tables and fills
them: hour by hour, the newest first, wherever trades were added.
"""

from lakehouse.duckdb.connect import connect
from lakehouse.errors import Misconfigured
from lakehouse.lake import Lake
from lakehouse.local import LocalLake

from ..dbt.run import Report, Watch, run_dbt
from . import last_run
from .attention import row_count
from .context import RunContext

TRADES = "trades_unified"
"""The target in which events are found."""
SELECTION = "tag:events"
"""dbt's selection of the models."""

_NAME = "events"
_STORED = ("volatility_moves_versions", "lead_lag_sums_versions")
_FOUND_IN = "schemahub.found-in"
"""A property of the stored tables: the UUID of the table of trades in which the events were found. A full refresh of
the trades replaces that table, and leaves hours that have as many trades as before, but others."""

_HOURS, _MOST_HOURS = "event_hours", 1000
"""The model of the hours that a run of dbt computes, and how many it has at most."""


def have_tables(lake: Lake) -> bool:
    """Whether a run has found events, or tried to."""
    return all(lake.table_state(name) is not None for name in _STORED)


def find_events(context: RunContext, *, report: Report | None = None, watch: Watch | None = None) -> bool:
    """Bring the models of events up to date; False if nothing has changed since that was last done.

    Args:
        context: the context of the run. No other process can unify its lake meanwhile.
        report: called for every model that has finished.
        watch: called for every one of dbt's events.

    Raises:
        ConcurrentWriter: another process is unifying.
        DbtFailed: dbt ended with an error. The hours that were computed until then are kept.
        LakeUnavailable: a file of the lake is damaged; nothing was written.
        Misconfigured: no trades were ever unified.
    """
    lake = context.lake
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
        while _computes_more(context, report, watch):
            pass
        left = last_run.Left(lake.written(), found.project)
        for name in (_NAME, *unchanged):
            last_run.remember(lake, name, left)
        return True


def _computes_more(context: RunContext, report: Report | None, watch: Watch | None) -> bool:
    """Run dbt once; whether hours may be left."""
    lake, trades = context.lake, _identity(context.lake)
    refresh = ["--full-refresh"] if _of_others(lake, trades) else []
    run_dbt(lake, context.settings, ["run", "--select", SELECTION, *refresh], report=report, watch=watch)
    for name in _of_others(lake, trades):
        _note(lake, name, trades)
    return _hours(lake) >= _MOST_HOURS


def _identity(lake: Lake) -> str:
    """The UUID of the table of trades; raises Misconfigured if there is no such table."""
    from lakehouse.tables import existing_table  # with pyiceberg, whose import takes most of a second

    if (table := existing_table(lake, TRADES)) is None:
        raise Misconfigured(f"{lake.location} has no `{TRADES}` yet; `schemahub run unify {TRADES}` builds it")
    return str(table.metadata.table_uuid)


def _of_others(lake: Lake, trades: str) -> list[str]:
    """The stored tables that don't say that they are of these trades."""
    states = {name: lake.table_state(name) for name in _STORED}
    return [name for name, state in states.items() if state and state.properties.get(_FOUND_IN) != trades]


def _note(lake: Lake, name: str, trades: str) -> None:
    from lakehouse.tables import existing_table  # as above

    if (table := existing_table(lake, name)) is not None:
        with table.transaction() as transaction:
            transaction.set_properties({_FOUND_IN: trades})


def _hours(lake: Lake) -> int:
    """How many hours the run of dbt computed did last. Each of them has a row for itself and for the one before."""
    if not isinstance(lake, LocalLake):
        return row_count(lake, _HOURS) // 2
    with connect(lake.folder) as connection:
        rows = connection.execute(f"select count(*) from {_HOURS} where read_hour = hour_start").fetchall()
        return int(rows[0][0])
