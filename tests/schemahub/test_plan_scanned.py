"""What a run has read: from dbt's own events, and from an Athena that responds like the real one."""

import pytest
from dbt.adapters.events.logging import AdapterLogger
from dbt_common.events.contextvars import log_contextvars
from dbt_common.events.event_manager_client import add_callback_to_manager, cleanup_event_logger
from rich.console import Console

from advisor.files import Reads
from advisor.plan import Plan, TablePlan, Writes
from advisor.price import dollars
from advisor.scanned import AthenaQueries, Scanned, scanned
from schemahub.show.plan import side_by_side
from tests.support.finished_queries import MB, Athena, execution

COMMENT = '-- /* {"app": "dbt", "node_id": "model.schemahub.trades_unified"} */\n'


def queries(nodes: dict[str, str]) -> AthenaQueries:
    return AthenaQueries(dict(nodes))


def test_queries_are_recorded_with_the_node_that_started_them() -> None:
    noted = AthenaQueries()
    log = AdapterLogger("dbt.adapters.athena")
    add_callback_to_manager(noted)
    try:
        for node, query in (("trades_unified", "a1"), ("trades_unified", "a2"), ("unified_loads", "b1")):
            with log_contextvars(node_info={"node_name": node}):
                log.debug(f"Athena query {query} started")
                log.debug(f"Athena query {query} has state RUNNING")
    finally:
        cleanup_event_logger()
    assert noted.nodes == {"a1": "trades_unified", "a2": "trades_unified", "b1": "unified_loads"}


def test_what_was_read_is_reported_by_node_in_the_order_of_the_run() -> None:
    athena = Athena(
        {
            "1": execution("1", f"{COMMENT}with intervals as (select 1) select * from intervals", 5),
            "2": execution("2", f"{COMMENT}select 2", None),
            "3": execution(
                "3", f"{COMMENT}\n\n  create table x as select 3", 20 * MB, kind="DDL", detail="CREATE_TABLE_AS_SELECT"
            ),
            "4": execution("4", "/* a */ insert into x select 4", 30 * MB),
            "5": execution("5", f"{COMMENT}create table y as select 5", 7),
        }
    )
    nodes = {"1": "unified", "2": "unified", "3": "unified", "4": "unified", "5": "first_by_name"}
    assert scanned(queries(nodes), athena) == [
        Scanned("unified", 4, 50 * MB + 5, pytest.approx(2 * dollars(0) + dollars(20 * MB) + dollars(30 * MB))),
        Scanned("first_by_name", 1, 7, dollars(7)),
    ]


def test_what_athena_does_not_bill_is_left_out() -> None:
    athena = Athena(
        {
            "ddl": execution("ddl", "create or replace view x as select 1", 0, kind="DDL", detail="CREATE_VIEW"),
            "shown": execution("shown", "describe x", 0, kind="UTILITY"),
            "failed": execution("failed", "insert into x select 1", 50 * MB, state="FAILED"),
            "stopped": execution("stopped", "insert into x select 1", 40 * MB, state="CANCELLED"),
        }
    )
    (billed,) = scanned(queries(dict.fromkeys(athena.executions, "node")), athena)
    assert (billed.statements, billed.bytes) == (1, 40 * MB)


def test_at_most_fifty_queries_are_requested_from_athena_at_once() -> None:
    athena = Athena({str(number): execution(str(number), "select 1", 1) for number in range(101)})
    (all_of_them,) = scanned(queries(dict.fromkeys(athena.executions, "node")), athena)
    assert athena.asked == [50, 50, 1]
    assert all_of_them.statements == 101


def test_the_plan_and_what_was_read_are_shown_side_by_side() -> None:
    plan = Plan(
        (),
        (
            TablePlan("raw", Reads(("a",), 2 * MB, 3 * MB), 2),
            TablePlan("unified", Reads(), 1, Writes(rows=3, days=1, bytes=MB)),
        ),
    )
    found = [Scanned("unified", 4, 20 * MB, 4 * dollars(20 * MB)), Scanned("extra", 1, 0, dollars(0))]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(side_by_side(plan, found))
    assert [line.split() for line in captured.get().splitlines()] == [
        ["Athena", "read", "statements", "bytes", "price"],
        ["unified", "4", "20", "MB", "$0.00038"],
        ["extra", "1", "-", "$0.00005"],
        ["total", "5", "20", "MB", "$0.00043"],
        ["planned:", "at", "least", "2.0", "MB", "$0.00005"],
        ["planned:", "at", "most", "9.0", "MB", "$0.00038"],
    ]
