"""Databases, tables and views of the local Athena are as dbt-athena and pyiceberg expect them."""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException

from simulator.aws.local_athena import LocalAthena
from tests.simulator.aws.queries import DATABASE, Queries, numbers


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
