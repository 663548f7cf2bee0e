"""What the statements of a run read and cost on Athena, by Athena's own figures.

    queries = AthenaQueries()
    dbtRunner(callbacks=[queries]).invoke(["run"])      # notes which node starts which query
    scanned(queries, boto3.client("athena"))

dbt's results are not enough: they contain only the bytes of a node's last statement, and a node sends several.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .price import dollars

_STARTED = re.compile(r"Athena query (\S+) started")  # a debug message of dbt-athena, in AthenaCursor
_AT_ONCE = 50  # https://docs.aws.amazon.com/athena/latest/APIReference/API_BatchGetQueryExecution.html
_BILLED = {"SUCCEEDED", "CANCELLED"}


@dataclass
class AthenaQueries:
    """The queries of a dbt run, collected from dbt's events; an instance is a callback for dbtRunner."""

    nodes: dict[str, str] = field(default_factory=dict)
    """The name of the node that started each query, by the query's id, in the order in which the queries started."""

    def __call__(self, event: Any) -> None:
        """Record the query that the event reports as started; ignore every other event."""
        if event.info.name == "AdapterEventDebug" and (started := _STARTED.fullmatch(event.data.base_msg)):
            self.nodes[started[1]] = event.data.node_info.node_name


@dataclass(frozen=True)
class Scanned:
    """What the statements of one node read and cost."""

    node: str
    statements: int
    bytes: int
    dollars: float


def scanned(queries: AthenaQueries, athena: Any) -> list[Scanned]:
    """Return what was read and billed, by node, in the order of the run; `athena` is a boto3 client.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: Athena's figures can't be read, for example because the
            permission athena:BatchGetQueryExecution is missing.
    """
    sizes: dict[str, list[int]] = {node: [] for node in queries.nodes.values()}
    for node, size in _billed(queries, athena):
        sizes[node].append(size)
    return [Scanned(node, len(each), sum(each), sum(map(dollars, each))) for node, each in sizes.items() if each]


def _billed(queries: AthenaQueries, athena: Any) -> Iterator[tuple[str, int]]:
    ids = list(queries.nodes)
    for start in range(0, len(ids), _AT_ONCE):
        response = athena.batch_get_query_execution(QueryExecutionIds=ids[start : start + _AT_ONCE])
        for execution in response["QueryExecutions"]:
            if _is_billed(execution):
                read = execution["Statistics"].get("DataScannedInBytes", 0)
                yield queries.nodes[execution["QueryExecutionId"]], read


def _is_billed(execution: Any) -> bool:
    # DDL is free, but CREATE TABLE AS SELECT is not: AWS's documentation calls it DML, although Athena returns DDL
    reads = execution.get("StatementType") == "DML" or execution.get("SubstatementType") == "CREATE_TABLE_AS_SELECT"
    return reads and execution["Status"]["State"] in _BILLED
