"""Sends statements to the local Athena, and returns their results."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

DATABASE = "front"
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
SLOW = """
select count(*) from unnest(sequence(1, 10000)) as a (x) cross join unnest(sequence(1, 10000)) as b (y)
cross join unnest(sequence(1, 1000)) as c (z) where x * y * z % 7 = 3
"""


@dataclass(frozen=True)
class Ended:
    """A query execution that has ended, with its first page of results."""

    execution: dict[str, Any]
    results: dict[str, Any]

    @property
    def rows(self) -> list[list[str | None]]:
        """The rows that GetQueryResults returns, with the header of a query."""
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in self.results["ResultSet"]["Rows"]]

    @property
    def reason(self) -> str:
        return str(self.execution["Status"].get("StateChangeReason", ""))

    @property
    def scanned_bytes(self) -> int:
        return int(self.execution["Statistics"]["DataScannedInBytes"])


@dataclass(frozen=True)
class Queries:
    """boto3's client of Athena, and a bucket for tables and results."""

    athena: Any
    bucket: str

    def start(self, sql: str, **arguments: Any) -> str:
        given = {
            "QueryExecutionContext": {"Database": DATABASE, "Catalog": "AwsDataCatalog"},
            "ResultConfiguration": {"OutputLocation": f"s3://{self.bucket}/results/"},
        } | arguments
        return str(self.athena.start_query_execution(QueryString=sql, **given)["QueryExecutionId"])

    def state(self, query_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        return found

    def end(self, sql: str, **arguments: Any) -> Ended:
        """Run a statement until it succeeds, fails or is cancelled."""
        query_id = self.start(sql, **arguments)
        while (execution := self.state(query_id))["Status"]["State"] not in FINAL:
            pass
        if execution["Status"]["State"] != "SUCCEEDED":
            return Ended(execution, {})
        return Ended(execution, self.athena.get_query_results(QueryExecutionId=query_id))

    def __call__(self, sql: str, **arguments: Any) -> Ended:
        ended = self.end(sql, **arguments)
        assert ended.execution["Status"]["State"] == "SUCCEEDED", ended.reason
        return ended

    def refused(self, sql: str, **arguments: Any) -> str:
        """The reason why a statement was not started."""
        with pytest.raises(ClientError) as caught:
            self.start(sql, **arguments)
        assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
        return str(caught.value.response["Error"]["Message"])

    def location(self, table: str) -> str:
        return f"s3://{self.bucket}/lake/{table}"

    def iceberg(self, table: str, query: str, properties: str = "") -> str:
        """The CTAS of an Iceberg table, as dbt-athena writes it."""
        given = f"table_type='iceberg', is_external=false, location='{self.location(table)}/'{properties}"
        return f'create table "awsdatacatalog"."{DATABASE}"."{table}" with ({given}, format=\'parquet\') as {query}'

    def object(self, address: str) -> str:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def numbers(count: int) -> str:
    """A query of the numbers from 1 to `count`; a sequence itself has at most 10,000 entries."""
    thousands = f"unnest(sequence(0, {(count - 1) // 1000})) as _ (m)"
    every = f"select 1000 * m + n as n from unnest(sequence(1, 1000)) as _ (n) cross join {thousands}"
    return f"select cast(n as integer) as n from ({every}) where n <= {count}"
