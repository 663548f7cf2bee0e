"""The local Athena runs statements, and reports them and their results as Athena does."""

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from simulator.aws.athena_executions import RUNNING_AT_ONCE
from simulator.aws.local_athena import LocalAthena
from simulator.aws.trino_client import USER
from tests.simulator.aws.queries import DATABASE, FINAL, SLOW, Queries, numbers


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
    while (status := query.state(query_id)["Status"])["State"] not in FINAL:
        pass
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


def test_explain_gives_a_plan(query: Queries) -> None:
    explained = query("explain select 1")
    assert (explained.execution["StatementType"], explained.execution["SubstatementType"]) == ("DML", "EXPLAIN")
    assert any("Fragment" in str(row[0]) for row in explained.rows)
