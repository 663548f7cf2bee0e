"""The local Athena behaves as Athena where SchemaHub depends on it: each rule and each refusal on a real Trino."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException

from tests.athena.local.athena_executions import RUNNING_AT_ONCE
from tests.athena.local.athena_strictness import LATER_FUNCTIONS
from tests.athena.local.local_athena import LocalAthena
from tests.athena.local.trino_client import USER

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
        """As GetQueryResults gives them, with the header of a query."""
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in self.results["ResultSet"]["Rows"]]

    @property
    def reason(self) -> str:
        return str(self.execution["Status"].get("StateChangeReason", ""))

    @property
    def scanned_bytes(self) -> int:
        return int(self.execution["Statistics"]["DataScannedInBytes"])


@dataclass(frozen=True)
class Queries:
    """Athena's API as boto3 has it, and a bucket for tables and results."""

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
        """Run a statement to its end, whichever that is."""
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
        """Why a statement was not even started."""
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


@pytest.fixture(scope="module")
def query(athena: LocalAthena) -> Iterator[Queries]:
    with athena.in_use():
        queries = Queries(boto3.client("athena"), athena.new_bucket())
        queries(f"create schema if not exists `{DATABASE}`")
        yield queries


def numbers(count: int) -> str:
    """A query of the numbers from 1 to `count`; a sequence itself has at most 10,000 entries."""
    thousands = f"unnest(sequence(0, {(count - 1) // 1000})) as _ (m)"
    every = f"select 1000 * m + n as n from unnest(sequence(1, 1000)) as _ (n) cross join {thousands}"
    return f"select cast(n as integer) as n from ({every}) where n <= {count}"


def test_a_statement_runs_on_its_own_and_then_has_results(query: Queries) -> None:
    query_id = query.start("select 1 as one")
    while (execution := query.state(query_id))["Status"]["State"] not in FINAL:
        pass
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "SELECT")
    assert execution["QueryExecutionContext"] == {"Database": DATABASE, "Catalog": "awsdatacatalog"}
    assert execution["WorkGroup"] == "primary"
    assert execution["Status"]["CompletionDateTime"] >= execution["Status"]["SubmissionDateTime"]
    statistics = execution["Statistics"]
    assert 0 < statistics["EngineExecutionTimeInMillis"] <= statistics["TotalExecutionTimeInMillis"]


def test_a_stopped_statement_stops_in_trino_too(query: Queries, athena: LocalAthena) -> None:
    query_id = query.start(SLOW)
    assert query.state(query_id)["Status"]["State"] == "RUNNING"
    with pytest.raises(ClientError, match="Query has not yet finished"):
        query.athena.get_query_results(QueryExecutionId=query_id)
    query.athena.stop_query_execution(QueryExecutionId=query_id)
    status = query.state(query_id)["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")
    with pytest.raises(ClientError, match="Could not find results"):
        query.athena.get_query_results(QueryExecutionId=query_id)
    everything = httpx.get(f"{athena.trino}/v1/query", headers={"X-Trino-User": USER}, trust_env=False).json()
    (ours,) = [one for one in everything if one["query"] == SLOW.strip()]
    assert (ours["state"], ours["errorCode"]["name"]) == ("FAILED", "USER_CANCELED")


def test_a_statement_waits_while_many_run(query: Queries) -> None:
    running = [query.start(SLOW) for _ in range(RUNNING_AT_ONCE)]
    try:
        waiting, unwanted = query.start("select 1"), query.start("select 2")
        query.athena.stop_query_execution(QueryExecutionId=unwanted)
        states = query.athena.batch_get_query_execution(QueryExecutionIds=[waiting, unwanted, running[0]])
        assert [each["Status"]["State"] for each in states["QueryExecutions"]] == ["QUEUED", "CANCELLED", "RUNNING"]
    finally:
        for each in running:
            query.athena.stop_query_execution(QueryExecutionId=each)
    while (state := query.state(waiting)["Status"]["State"]) not in FINAL:
        pass
    assert state == "SUCCEEDED"


def test_what_has_ended_stays_as_it_is(query: Queries) -> None:
    ended = query("select 1").execution["QueryExecutionId"]
    query.athena.stop_query_execution(QueryExecutionId=ended)
    assert query.state(ended)["Status"]["State"] == "SUCCEEDED"


def test_a_statement_that_is_asked_for_twice_runs_once(query: Queries) -> None:
    token = "t" * 32
    query_id = query.start("select 1", ClientRequestToken=token)
    assert query.start("select 1", ClientRequestToken=token) == query_id
    assert query.refused("select 2", ClientRequestToken=token) == "Idempotent parameters do not match"


def test_executions_of_a_work_group_are_listed_newest_first_and_page_by_page(query: Queries) -> None:
    query.athena.create_work_group(Name="listed", Configuration={"EnforceWorkGroupConfiguration": False})
    ids = [query.start(f"select {number}", WorkGroup="listed") for number in range(5)]
    first = query.athena.list_query_executions(WorkGroup="listed", MaxResults=2)
    ids.append(query.start("select 6", WorkGroup="listed"))
    second = query.athena.list_query_executions(WorkGroup="listed", MaxResults=3, NextToken=first["NextToken"])
    assert first["QueryExecutionIds"] + second["QueryExecutionIds"] == ids[4::-1]
    assert "NextToken" not in second
    found = query.athena.batch_get_query_execution(QueryExecutionIds=[ids[1], "unknown", ids[0]])
    assert [one["QueryExecutionId"] for one in found["QueryExecutions"]] == [ids[1], ids[0]]
    assert [one["QueryExecutionId"] for one in found["UnprocessedQueryExecutionIds"]] == ["unknown"]
    with pytest.raises(ClientError, match="QueryExecution unknown was not found"):
        query.state("unknown")


def test_results_are_typed(query: Queries) -> None:
    ended = query(
        """
        select cast(1 as integer) as i, cast(2 as bigint) as b, 1e20 as d, real '1.5' as r, decimal '1.50' as m,
               'x,"y' as v, true as t, date '2026-01-01' as y, timestamp '2026-01-01 00:00:00.123456' as s,
               timestamp '2026-01-01 00:00:00.123 UTC' as z, from_hex('0a0b') as h, array[1, null] as a,
               map(array['k'], array[1]) as p, cast(row(1, 'x') as row(f integer, g varchar)) as w,
               cast(null as varchar) as n
        """
    )
    assert {
        column["Name"]: (column["Type"], value)
        for column, value in zip(
            ended.results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"], ended.rows[1], strict=True
        )
    } == {
        "i": ("integer", "1"),
        "b": ("bigint", "2"),
        "d": ("double", "1.0E20"),
        "r": ("float", "1.5"),
        "m": ("decimal", "1.50"),
        "v": ("varchar", 'x,"y'),
        "t": ("boolean", "true"),
        "y": ("date", "2026-01-01"),
        "s": ("timestamp", "2026-01-01 00:00:00.123456"),
        "z": ("timestamp with time zone", "2026-01-01 00:00:00.123 UTC"),
        "h": ("varbinary", "0a 0b"),
        "a": ("array", "[1, null]"),
        "p": ("map", "{k=1}"),
        "w": ("row", "{f=1, g=x}"),
        "n": ("varchar", None),
    }


def test_results_come_in_pages_with_the_header_first(query: Queries) -> None:
    query_id = query("select n from unnest(sequence(1, 2500)) as _ (n) order by n").execution["QueryExecutionId"]
    pages = query.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert rows == ["n", *map(str, range(1, 2501))]
    short = query.athena.get_query_results(QueryExecutionId=query_id, MaxResults=2)
    assert [row["Data"][0]["VarCharValue"] for row in short["ResultSet"]["Rows"]] == ["n", "1"]


def test_the_result_lies_in_s3(query: Queries) -> None:
    rows = query("""select 'a"b' as "x y", '' as e, null as n""").execution["ResultConfiguration"]["OutputLocation"]
    assert rows.startswith(f"s3://{query.bucket}/results/")
    assert query.object(rows) == '"x y","e","n"\n"a""b","",\n'
    lines = query("show databases").execution["ResultConfiguration"]["OutputLocation"]
    assert lines.endswith(".txt")
    assert DATABASE in query.object(lines).splitlines()


def test_a_change_says_how_many_rows_it_made(query: Queries) -> None:
    created = query(query.iceberg("changed", numbers(3)))
    assert (created.execution["StatementType"], created.results["UpdateCount"]) == ("DDL", 3)
    inserted = query("insert into changed (n) (select n + 10 from changed);")
    merged = query(
        "merge into changed as t using (select 1 as n union all select 99) as s on t.n = s.n "
        "when matched then update set n = 100 when not matched then insert (n) values (s.n)"
    )
    counts = [one.results["UpdateCount"] for one in (inserted, merged, query("delete from changed where n > 11"))]
    assert counts == [3, 2, 4]
    assert inserted.rows == []
    assert inserted.execution["SubstatementType"] == "INSERT"
    assert query("select n from changed order by n").rows == [["n"], ["2"], ["3"], ["11"]]


def test_scanned_bytes_are_those_that_were_read(query: Queries) -> None:
    day = "cast(timestamp '2026-01-01' + interval '1' day * (n % 10) as timestamp(6))"
    rows = f"select n, {day} as ts, to_hex(sha512(to_utf8(cast(n as varchar)))) as x from ({numbers(20_000)})"
    query(query.iceberg("scanned", rows, ", partitioning=ARRAY['day(ts)']"))
    everything = query("select count(distinct x) from scanned")
    one_day = query("select count(distinct x) from scanned where ts < timestamp '2026-01-02'")
    files = query('select sum(file_size_in_bytes) from "scanned$files"')
    assert 0.5 < everything.scanned_bytes / int(str(files.rows[1][0])) <= 1.1
    assert one_day.scanned_bytes < everything.scanned_bytes / 8
    query_id = one_day.execution["QueryExecutionId"]
    statistics = query.athena.get_query_runtime_statistics(QueryExecutionId=query_id)["QueryRuntimeStatistics"]
    assert statistics["Rows"]["InputBytes"] == one_day.scanned_bytes
    assert statistics["Rows"]["InputRows"] == 2000


def test_a_work_group_decides_where_results_lie_and_how_much_is_read(query: Queries) -> None:
    query(query.iceberg("wide", f"select n, cast(uuid() as varchar) as x from ({numbers(600_000)})"))
    query.athena.create_work_group(
        Name="limited",
        Configuration={
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": f"s3://{query.bucket}/enforced/"},
        },
    )
    allowed = query("select 1", WorkGroup="limited").execution["ResultConfiguration"]["OutputLocation"]
    assert allowed.startswith(f"s3://{query.bucket}/enforced/")
    assert query("select count(distinct x) from wide").scanned_bytes > 10_000_000
    status = query.end("select count(distinct x) from wide", WorkGroup="limited").execution["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")
    # a Hive table without a location of its own lies beside the results
    query("create table beside as select 1 as n", WorkGroup="limited")
    table = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="beside")["Table"]
    assert table["StorageDescriptor"]["Location"].startswith(f"s3://{query.bucket}/enforced/tables/")


def test_what_is_not_there_is_refused_at_once(query: Queries) -> None:
    assert query.refused("select 1", WorkGroup="none") == "WorkGroup is not found."
    with pytest.raises(ClientError, match="WorkGroup is not found"):
        query.athena.get_work_group(WorkGroup="none")
    assert query.refused("select 1", ResultConfiguration={}).startswith("No output location provided.")
    missing = {"OutputLocation": "s3://no-such-bucket-here/x"}
    assert (
        query.refused("select 1", ResultConfiguration=missing)
        == "Unable to verify/create output bucket no-such-bucket-here"
    )
    nowhere = {"OutputLocation": "file:///x"}
    assert query.refused("select 1", ResultConfiguration=nowhere) == "outputLocation is not a valid S3 path."
    assert "does not exist" in query.refused("select 1", QueryExecutionContext={"Catalog": "other"})
    assert "does not provide ExecutionParameters" in query.refused("select ?", ExecutionParameters=["1"])
    with pytest.raises(ClientError, match="the local Athena does not provide ListNamedQueries"):
        query.athena.list_named_queries()
    with pytest.raises(ClientError, match="the local Athena is in us-east-1, and the request is for eu-west-1"):
        boto3.client("athena", region_name="eu-west-1").list_work_groups()
    assert query.athena.get_data_catalog(Name="awsdatacatalog")["DataCatalog"]["Type"] == "GLUE"


def test_databases_come_and_go(query: Queries) -> None:
    query("create database `passing`")
    query("create schema if not exists `passing`")
    assert ["passing"] in query("show databases like 'pass*'").rows
    query("drop schema if exists `passing` cascade")
    assert query("show schemas like 'pass*'").rows == []


def test_an_iceberg_table_of_ddl_is_one_for_pyiceberg(query: Queries, athena: LocalAthena) -> None:
    query(
        f"""
        create table if not exists `declared` (id bigint comment 'a number', ts timestamp, amounts map<string,double>)
        partitioned by (day(ts), bucket(4, id)) location '{query.location("declared")}/'
        tblproperties ('table_type' = 'ICEBERG', 'format' = 'parquet')
        """
    )
    query("insert into declared values (1, timestamp '2026-01-01 00:00:00.123456', map(array['a'], array[1.5]))")
    table = catalog(athena).load_table(f"{DATABASE}.declared")
    assert [str(field.field_type) for field in table.schema().fields[:2]] == ["long", "timestamp"]
    assert [str(field.transform) for field in table.spec().fields] == ["day", "bucket[4]"]
    assert table.schema().find_field("id").doc == "a number"
    assert table.scan().to_arrow()["id"].to_pylist() == [1]
    described = [[part.strip() for part in str(row[0]).split("\t")] for row in query("describe `declared`").rows]
    assert described == [["id", "bigint", "a number"], ["ts", "timestamp", ""], ["amounts", "map<string,double>", ""]]
    assert query("show columns in declared").rows == [["id"], ["ts"], ["amounts"]]


def test_a_table_changes_its_shape_and_name(query: Queries) -> None:
    query(query.iceberg("shaped", "select cast(1 as integer) as a, 'x' as b"))
    query("alter table `front`.`shaped` add columns (`c` string, d decimal(38,6))")
    query("alter table awsdatacatalog.front.shaped drop column b")
    query("alter table shaped change column a a bigint")
    query("alter table shaped change column c e string")
    query("alter table `front`.`shaped` rename to `front`.`reshaped`")
    described = [str(row[0]).split() for row in query("describe reshaped").rows]
    assert described == [["a", "bigint"], ["e", "string"], ["d", "decimal(38,6)"]]
    assert ["reshaped"] in query("show tables in front '*shaped'").rows
    query("drop table `front`.`reshaped`")
    query("drop table if exists reshaped")
    assert query("show tables '*shaped'").rows == []
    assert boto3.client("s3").list_objects_v2(Bucket=query.bucket, Prefix="lake/shaped/")["KeyCount"] == 0


def test_a_hive_table_keeps_its_files_when_it_is_dropped(query: Queries) -> None:
    given = f"table_type='hive', is_external=true, external_location='{query.location('hive')}/', format='parquet'"
    query(f"create table front.hive with ({given}) as select 1 as n, timestamp '2026-01-01 00:00:00.123' as ts")
    assert query("select * from hive").rows[1] == ["1", "2026-01-01 00:00:00.123"]
    query("alter table `front`.`hive` set tblproperties ('classification' = 'parquet')")
    parameters = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="hive")["Table"]["Parameters"]
    assert parameters["classification"] == "parquet"
    query("drop table hive")
    assert boto3.client("s3").list_objects_v2(Bucket=query.bucket, Prefix="lake/hive/")["KeyCount"] > 0


def test_a_csv_file_is_read_through_an_external_table(query: Queries) -> None:
    boto3.client("s3").put_object(Bucket=query.bucket, Key="seed/s.csv", Body=b'id,name\n1,"a,b"\n2,\n')
    query(
        f"""-- a comment
        create external table `front`.`seed__dbt_tmp` (`id` string, `name` string)
        row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
        location 's3://{query.bucket}/seed' tblproperties ('skip.header.line.count'='1')
        """
    )
    query(query.iceberg("seed", "select cast(id as integer) as id, nullif(name, '') as name from seed__dbt_tmp"))
    assert query("select * from seed order by id").rows == [["id", "name"], ["1", "a,b"], ["2", None]]


def test_a_view_has_columns_in_glue_and_survives_a_comment(query: Queries) -> None:
    view = f'"awsdatacatalog"."{DATABASE}"."numbered"'
    query(f"create view {view} as select 1 as n")
    query(f"create or replace view {view} as select 1 as n, timestamp '2026-01-01 00:00:00.123456' as ts")
    glue = boto3.client("glue")
    table = glue.get_table(DatabaseName=DATABASE, Name="numbered")["Table"]
    columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
    assert columns == [("n", "int"), ("ts", "timestamp")]
    kept = ("Name", "TableType", "StorageDescriptor", "ViewOriginalText", "ViewExpandedText", "Parameters")
    documented = {key: table[key] for key in kept}
    documented["Parameters"]["comment"] = "all numbers"
    glue.update_table(DatabaseName=DATABASE, TableInput=documented)
    assert query("select n from numbered").rows == [["n"], ["1"]]
    found = glue.get_table(DatabaseName=DATABASE, Name="numbered")["Table"]
    assert found["Parameters"]["comment"] == "all numbers"
    query(f"drop view if exists {view}")
    assert query("show tables 'numbered'").rows == []


def test_optimize_and_vacuum_tidy_a_table_up(query: Queries) -> None:
    query(query.iceberg("untidy", numbers(1)))
    query("insert into untidy values 2")
    assert files_and_snapshots(query) == ("2", "2")
    query("alter table untidy set tblproperties ('vacuum_max_snapshot_age_seconds' = '1')")
    query("optimize front.untidy rewrite data using bin_pack")
    assert files_and_snapshots(query) == ("1", "3")
    time.sleep(1)
    query("vacuum untidy")
    assert files_and_snapshots(query) == ("1", "1")
    assert query("select n from untidy order by n").rows == [["n"], ["1"], ["2"]]
    assert "Unsupported table property key: x" in query.end("alter table untidy set tblproperties ('x' = 'y')").reason


def files_and_snapshots(query: Queries) -> tuple[str, ...]:
    counts = 'select (select count(*) from "untidy$files"), (select count(*) from "untidy$snapshots")'
    return tuple(str(count) for count in query(counts).rows[1])


def test_explain_gives_a_plan(query: Queries) -> None:
    explained = query("explain select 1")
    assert (explained.execution["StatementType"], explained.execution["SubstatementType"]) == ("DML", "EXPLAIN")
    assert any("Fragment" in str(row[0]) for row in explained.rows)


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


def test_statements_and_pyiceberg_lose_none_of_each_others_commits(query: Queries, athena: LocalAthena) -> None:
    query(query.iceberg("contended", "select cast(0 as bigint) as n"))

    def insert(number: int) -> bool:
        state: str = query.end(f"insert into contended values {number}").execution["Status"]["State"]
        return state == "SUCCEEDED"

    def append(number: int) -> bool:
        try:
            catalog(athena).load_table(f"{DATABASE}.contended").append(pa.table({"n": [number]}))
        except CommitFailedException:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        inserted = [pool.submit(insert, number) for number in range(1, 6)]
        appended = [pool.submit(append, number) for number in range(101, 106)]
    acknowledged = [number for number, done in enumerate(inserted, 1) if done.result()]
    acknowledged += [number for number, done in enumerate(appended, 101) if done.result()]
    found = catalog(athena).load_table(f"{DATABASE}.contended").scan().to_arrow()["n"].to_pylist()
    assert sorted(found) == [0, *acknowledged]
    assert acknowledged


def catalog(athena: LocalAthena) -> GlueCatalog:
    return GlueCatalog("schemahub", **{"s3.endpoint": athena.s3_endpoint, "s3.region": "us-east-1"})


def trino(athena: LocalAthena, sql: str) -> set[str]:
    """The first column of what Trino itself answers."""
    headers = {"X-Trino-User": USER}
    answer = httpx.post(f"{athena.trino}/v1/statement", content=sql, headers=headers, trust_env=False).json()
    found = set()
    while "nextUri" in answer:
        answer = httpx.get(answer["nextUri"], trust_env=False).json()
        found |= {row[0] for row in answer.get("data", [])}
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells which process listens where")
def test_everything_listens_on_this_machine_alone(athena: LocalAthena) -> None:
    listening = listeners_of_descendants()
    ports = {int(address.rpartition(":")[2], 16) for address in listening}
    assert {httpx.URL(address).port for address in (athena.endpoint, athena.s3_endpoint, athena.trino)} <= ports
    # 127.0.0.1, as the kernel writes it for IPv4 and for IPv4 in IPv6
    assert {address.rpartition(":")[0] for address in listening} <= {"0100007F", "0000000000000000FFFF00000100007F"}


def listeners_of_descendants() -> list[str]:
    """Where our child processes and theirs listen, as `<address>:<port>` in hexadecimal: proc(5), /proc/net/tcp."""
    parents = {int(each.parent.name): _parent(each) for each in Path("/proc").glob("[0-9]*/stat")}
    ours = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in ours} - ours:
        ours |= more
    ours.remove(os.getpid())
    sockets = {name for process in ours for name in _open_files(process) if name.startswith("socket:")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:  # TCP_LISTEN
                found.append(fields[1])
    return found


def _parent(stat: Path) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
        return int(stat.read_text().rpartition(")")[2].split()[1])
    return 0


def _open_files(process: int) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for file in Path("/proc", str(process), "fd").iterdir():
            with suppress(FileNotFoundError):
                yield os.readlink(file)
