"""A fake Athena that reports what finished queries have read, as the real one does."""

from dataclasses import dataclass, field
from typing import Any

MB = 1024**2


@dataclass
class Athena:
    """A client that supports only BatchGetQueryExecution."""

    executions: dict[str, dict[str, Any]]
    asked: list[int] = field(default_factory=list)

    def batch_get_query_execution(self, *, QueryExecutionIds: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.asked.append(len(QueryExecutionIds))
        return {"QueryExecutions": [self.executions[each] for each in reversed(QueryExecutionIds)]}


def execution(
    name: str, sql: str, read: int | None, *, kind: str = "DML", detail: str = "SELECT", state: str = "SUCCEEDED"
) -> dict[str, Any]:
    return {
        "QueryExecutionId": name,
        "Query": sql,
        "StatementType": kind,
        "SubstatementType": detail,
        "Status": {"State": state},
        "Statistics": {} if read is None else {"DataScannedInBytes": read},
    }
