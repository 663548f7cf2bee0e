"""Requests to Athena that dbt doesn't send.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_ListQueryExecutions.html and
API_BatchGetQueryExecution.html, read 2026-11-24.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.errors import Misconfigured
from lakehouse.layout import NAMESPACE

from ..settings import Settings

_LONGEST_STATEMENT = timedelta(hours=1)
"""The time after which Athena ends a statement: 30 minutes, unless the quota was raised."""

_OURS = ('"node_id": "model.schemahub.', f"alter table `{NAMESPACE}`.")
"""Texts by which statements of our models are recognised: the comment that dbt puts before most of them, and the
beginning of those without it."""


def region() -> str:
    """The region of the standard AWS chain. dbt-athena itself reads only the environment."""
    # importing boto3 takes a quarter of a second, which a lake in a folder doesn't need
    from lakehouse.aws import session

    return session().region_name or ""


def stop_abandoned_statements(workgroup: str, *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Stop statements of models that a killed run left running, wait until they have ended, and return their number.

    They could still insert rows that this run finds missing. The caller must hold the unifying lock, so that no other
    run has statements of models.

    Raises Misconfigured if there is no such workgroup.
    """
    from lakehouse.aws import session  # as above

    athena = session().client("athena")
    try:
        running = [
            found["QueryExecutionId"] for found in _recent_statements(athena, workgroup) if _is_running_model(found)
        ]
    except athena.exceptions.InvalidRequestException as error:
        raise Misconfigured(
            f"Athena workgroup `{workgroup}`: {error.response['Error']['Message']} `make aws-bootstrap` creates the "
            f"workgroup `{Settings.model_fields['workgroup'].default}`; name another with SCHEMAHUB_WORKGROUP"
        ) from error
    for statement in running:
        athena.stop_query_execution(QueryExecutionId=statement)
    waiting = running
    while waiting:
        found = athena.batch_get_query_execution(QueryExecutionIds=waiting[:50])["QueryExecutions"]
        waiting = waiting[50:] + [each["QueryExecutionId"] for each in found if _is_running(each)]
        if waiting:
            sleep(0.5)
    return len(running)


def _recent_statements(athena: Any, workgroup: str) -> Iterator[Any]:
    """The statements of the workgroup, newest first, back to those that must have ended by now."""
    oldest = datetime.now(UTC) - _LONGEST_STATEMENT
    for page in athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup):
        if not (ids := page["QueryExecutionIds"]):
            return
        found = athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
        yield from found
        if min(each["Status"]["SubmissionDateTime"] for each in found) < oldest:
            return


def _is_running_model(found: Any) -> bool:
    database = found.get("QueryExecutionContext", {}).get("Database")
    is_ours = any(mark in found["Query"] for mark in _OURS)
    return _is_running(found) and is_ours and database in (None, NAMESPACE)


def _is_running(found: Any) -> bool:
    return found["Status"]["State"] in ("QUEUED", "RUNNING")
