"""The local Athena, on a real Trino, refuses what Athena refuses."""

import boto3
import httpx
import pytest

from simulator.aws.athena_strictness import LATER_FUNCTIONS
from simulator.aws.local_athena import LocalAthena
from simulator.aws.trino_client import USER
from tests.simulator.aws.queries import Queries, numbers


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("timestamp '2026-01-01 00:00:00.123'", 'precision (3) not supported for Iceberg. Use "timestamp(6)" instead.'),
        ("now()", "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone"),
        ("from_iso8601_timestamp_nanos('2026-01-01T00:00:00Z')", "timestamp(9) with time zone"),
        ("array[timestamp '2026-01-01 00:00:00.123']", "precision (3) not supported for Iceberg"),
        ("cast(row(now()) as row(a timestamp(6) with time zone))", "timestamp(6) with time zone"),
        ("cast(1 as tinyint)", "Type not supported for Iceberg: tinyint"),
        ("cast(row('a') as row(a char(3)))", "Type not supported for Iceberg: char"),
        ("time '10:00:00.123456'", "Type not supported for Iceberg: time"),
    ],
)
def test_iceberg_takes_no_other_times_and_types(query: Queries, column: str, reason: str) -> None:
    assert reason in query.end(query.iceberg("timed", f"select {column} as ts -- and that is all")).reason


def test_a_hive_table_takes_no_microseconds(query: Queries) -> None:
    given = f"external_location = '{query.location('precise')}'"
    ended = query.end(f"create table precise with ({given}) as select timestamp '2026-01-01 00:00:00.123456' as ts")
    assert "Incorrect timestamp precision for timestamp(6)" in ended.reason


def test_a_location_that_is_not_empty_is_refused(query: Queries) -> None:
    boto3.client("s3").put_object(Bucket=query.bucket, Key="lake/taken/file", Body=b"x")
    assert query.end(query.iceberg("taken", "select 1 as n")).reason.startswith(
        "ICEBERG_FILESYSTEM_ERROR: Cannot create"
    )
    hive = f"create table taken with (external_location = '{query.location('taken')}') as select 1 as n"
    assert query.end(hive).reason.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_a_statement_opens_at_most_100_partitions(query: Queries) -> None:
    partitioned = ", partitioning=ARRAY['n']"
    assert "TOO_MANY_OPEN_PARTITIONS" in query.end(query.iceberg("too_parted", numbers(101), partitioned)).reason
    query(query.iceberg("parted", numbers(100), partitioned))
    source = f"select n + 1000 as n from ({numbers(101)})"
    insert = query.end(f"insert into parted {source}")
    merge = query.end(
        f"merge into parted as t using ({source}) as s on t.n = s.n when not matched then insert (n) values (s.n)"
    )
    hive = query.end(
        f"create table hive_parted with (external_location='{query.location('hive_parted')}', "
        f"partitioned_by=ARRAY['n']) as select 'x' as a, n from ({numbers(101)})"
    )
    assert ["TOO_MANY_OPEN_PARTITIONS" in one.reason for one in (insert, merge, hive)] == [True] * 3
    assert query("select count(*) from parted").rows[1] == ["100"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("call system.runtime.kill_query('x')", "Queries of this type are not supported"),
        ("create or replace table t as select 1 as n", "Queries of this type are not supported"),
        ("select 1; select 2", "Only one sql statement is allowed"),
        ("select '" + "x" * 262_144 + "'", "Member must have length less than or equal to 262144"),
        ('drop table "t"', "mismatched input"),
    ],
    ids=lambda text: text[:20],
)
def test_what_athena_can_not_read_is_not_started(query: Queries, sql: str, reason: str) -> None:
    assert reason in query.refused(sql)


@pytest.mark.parametrize(
    ("sql", "reason", "error_type"),
    [
        ("select nothing", "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved", 1006),
        ("select * from nothing", "TABLE_NOT_FOUND: line 1:15:", 1301),
        ("select nothing()", "FUNCTION_NOT_FOUND: line 1:8:", 1303),
        ("select any_value(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'any_value' not registered", 1303),
        ('select "any_value"(1)', "FUNCTION_NOT_FOUND: line 1:8: Function 'any_value' not registered", 1303),
        ("select 1_000", "SYNTAX_ERROR: line 1:8: identifiers must not start with a digit", 1000),
        ("select 1 / 0", "DIVISION_BY_ZERO: Division by zero", 1001),
        ("select 1 + 'x'", "TYPE_MISMATCH: line 1:10:", 1002),
        ("select cast('x' as integer)", "INVALID_CAST_ARGUMENT", 1100),
        ("select `a` from t", "SYNTAX_ERROR: line 1:8: backquoted identifiers are not supported", 1000),
    ],
)
def test_what_fails_says_why(query: Queries, sql: str, reason: str, error_type: int) -> None:
    status = query.end(sql).execution["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)
    error = status["AthenaError"]
    assert (error["ErrorCategory"], error["ErrorType"], error["Retryable"]) == (2, error_type, False)


def test_every_function_that_is_refused_is_one_of_trino(athena: LocalAthena) -> None:
    names = trino(athena, "show functions")
    assert {name for name in LATER_FUNCTIONS if name not in names} == {"json_table"}  # which is syntax


def trino(athena: LocalAthena, sql: str) -> set[str]:
    """The first column of Trino's own response."""
    headers = {"X-Trino-User": USER}
    answer = httpx.post(f"{athena.trino}/v1/statement", content=sql, headers=headers, trust_env=False).json()
    found = set()
    while "nextUri" in answer:
        answer = httpx.get(answer["nextUri"], trust_env=False).json()
        found |= {row[0] for row in answer.get("data", [])}
    return found
