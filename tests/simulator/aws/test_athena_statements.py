"""How the local Athena translates a statement for Trino; no Trino is needed here."""

import base64
import json
from decimal import Decimal

import pytest

from simulator.aws.athena_ddl import trino_type, vacuum
from simulator.aws.athena_results import Column, as_text, csv
from simulator.aws.athena_statement import Statement, TableName
from simulator.aws.athena_statements import read_statement
from simulator.aws.athena_strictness import (
    LONGEST_STATEMENT_BYTES,
    check_functions,
    check_iceberg_types,
    check_length,
    check_numbers,
)
from simulator.aws.glue_views import hive_type, with_columns, with_trinos_comment
from simulator.aws.sql_tokens import Refused, tokens


def read(sql: str) -> Statement:
    return read_statement(sql, database="lake", results="s3://results/tables/1")


@pytest.mark.parametrize(
    "sql",
    [
        "select 'a; -- b', \"c\" from t where x > 1",
        "with a as (select 1) select * from a",
        "(select 1) union all (select 2)",
        "values (1), (2)",
        "insert into t (a) (select a from s)",
        "merge into t using s on t.a = s.a when matched then delete",
        "update t set a = 1",
        "delete from t where a = 1",
    ],
)
def test_queries_and_changes_go_on_as_they_came(sql: str) -> None:
    assert read(f"-- /* a comment */\n{sql};\n-- the end").trino == (sql,)


@pytest.mark.parametrize(
    ("sql", "rewritten"),
    [
        (
            'create table "awsdatacatalog"."Lake"."T" with (table_type=\'iceberg\', is_external=false,'
            " location='s3://b/t/', partitioning=ARRAY['day(ts)', 'a'], format='parquet') as\nselect 'x,(' -- y\n as a",
            'create table "awsdatacatalog"."lake"."t" with (location = \'s3://b/t\', '
            "partitioning = ARRAY['day(ts)', 'a'], format = 'PARQUET') as select 'x,(' -- y\n as a",
        ),
        (
            "create table t with (external_location='s3://b/t', partitioned_by=ARRAY['a']) as select 1 as b, 2 as a",
            'create table "hive"."lake"."t" with (external_location = \'s3://b/t\', partitioned_by = ARRAY[\'a\'], '
            "format = 'PARQUET') as select 1 as b, 2 as a",
        ),
        (
            "create table if not exists t as select 1 as a",
            'create table if not exists "hive"."lake"."t" with (external_location = \'s3://results/tables/1\', '
            "format = 'PARQUET') as select 1 as a",
        ),
        (
            "create table `other`.`t` (`id` bigint comment 'it''s, or not', m map<string,int>) "
            "partitioned by (bucket(16, `id`)) location 's3://b/t/' tblproperties ('table_type'='ICEBERG')",
            'create table "awsdatacatalog"."other"."t" ("id" bigint comment \'it\'\'s, or not\', '
            "\"m\" map(varchar, integer)) with (format = 'PARQUET', location = 's3://b/t', "
            "partitioning = array['bucket(id, 16)'])",
        ),
        ("create schema if not exists `lake`", 'create schema if not exists "awsdatacatalog"."lake"'),
        (
            "create database lake location 's3://b/lake/'",
            'create schema "awsdatacatalog"."lake" with (location = \'s3://b/lake\')',
        ),
        ("drop schema if exists `lake` cascade", 'drop schema if exists "awsdatacatalog"."lake" cascade'),
        ("drop table if exists `lake`.`t`", 'drop table if exists "awsdatacatalog"."lake"."t"'),
        ('drop view "awsdatacatalog"."lake"."v"', 'drop view "awsdatacatalog"."lake"."v"'),
        ('create view "v" as select 1', 'create view "awsdatacatalog"."lake"."v" as select 1'),
        ("create or replace view lake.v as select 1", 'create or replace view "awsdatacatalog"."lake"."v" as select 1'),
        (
            "alter table `t` rename to `lake`.`u`",
            'alter table "awsdatacatalog"."lake"."t" rename to "awsdatacatalog"."lake"."u"',
        ),
        (
            "alter table awsdatacatalog.lake.t drop column `a`",
            'alter table "awsdatacatalog"."lake"."t" drop column "a"',
        ),
        (
            "optimize lake.t rewrite data using bin_pack where a > 1",
            'alter table "awsdatacatalog"."lake"."t" execute optimize where a > 1',
        ),
        ("describe t", 'describe "awsdatacatalog"."lake"."t"'),
        ("show tables in lake 'raw*'", "show tables from awsdatacatalog.\"lake\" like 'raw%'"),
    ],
)
def test_what_athena_spells_otherwise_is_rewritten(sql: str, rewritten: str) -> None:
    assert read(sql).trino == (rewritten,)


def test_a_column_is_added_and_changed_one_by_one() -> None:
    assert read("alter table t add columns (a string, `b` struct<x:int,y:array<string>>)").trino == (
        'alter table "awsdatacatalog"."lake"."t" add column "a" varchar',
        'alter table "awsdatacatalog"."lake"."t" add column "b" row(x integer, y array(varchar))',
    )
    assert read("alter table t change column a b timestamp").trino == (
        'alter table "awsdatacatalog"."lake"."t" rename column "a" to "b"',
        'alter table "awsdatacatalog"."lake"."t" alter column "b" set data type timestamp(6)',
    )


def test_what_steers_optimize_and_vacuum_is_kept_for_glue() -> None:
    created = read(
        "create table t with (table_type='ICEBERG', is_external=false, location='s3://b/t', "
        "vacuum_max_snapshot_age_seconds=60) as select 1 as a"
    )
    assert created.properties == {"vacuum_max_snapshot_age_seconds": "60"}
    assert "vacuum" not in created.trino[0]
    assert "expire_snapshots(retention_threshold => '60s')" in vacuum(TableName("lake", "t"), created.properties)[0]
    assert "remove_orphan_files(retention_threshold => '432000s')" in vacuum(TableName("lake", "t"), {})[1]


REFUSED = {
    "call system.x()": "not supported: 'call system.x()'",
    "create or replace table t as select 1": "not supported: 'create or replace table",
    "create materialized view v as select 1": "not supported",
    "create function f() returns int return 1": "not supported",
    "create role r": "not supported",
    "comment on table t is 'x'": "not supported",
    "set session a = 1": "not supported",
    "grant select on t to u": "not supported",
    "truncate table t": "not supported",
    "analyze t": "not supported",
    "refresh materialized view v": "not supported",
    "start transaction": "not supported",
    "use lake": "not supported",
    "show catalogs": "not supported",
    "show functions": "not supported",
    "show create table t": "not supported",
    "msck repair table t": "not supported",
    "prepare p from select 1": "not supported",
    "alter table t execute optimize": "not supported",
    "alter table t set properties format_version = 2": "not supported",
    "alter table t add column a int": "not supported",
    "alter table t replace columns (a int)": "not supported",
    "alter view v as select 1": "not supported",
    "explain analyze insert into t select 1": "not supported",
    "insert overwrite t select 1": "not supported",
    "describe output q": "mismatched input 'q'",
    "with function f() returns int return 1 select f()": "neither WITH FUNCTION",
    "select 1; select 2": "Only one sql statement is allowed",
    "select 'a": "never ends",
    "": "empty",
    "-- nothing": "empty",
    'drop table "t"': "mismatched input '\"t\"'",
    'alter table "t" rename to u': "mismatched input",
    'optimize "t" rewrite data using bin_pack': "mismatched input",
    'vacuum "t"': "mismatched input",
    "create view `v` as select 1": "mismatched input",
    "vacuum other.lake.t": "Catalog 'other' does not exist",
    "create table t (a int) location 's3://b/t' tblproperties ('format'='parquet')": "'table_type' = 'ICEBERG'",
    "create table t (a varchar) location 's3://b/t' tblproperties ('table_type'='iceberg')": "expecting a type",
    "create table t (a timestamp(6)) location 's3://b/t' tblproperties ('table_type'='iceberg')": "expecting a type",
    "create table t (a int) location 's3://b/t' tblproperties ('table_type'='iceberg', 'x'='y')": "property key: x",
    "create table t (a int) partitioned by (bucket(a, 2)) location 's3://b/t' "
    "tblproperties ('table_type'='iceberg')": "expecting bucket(number, column)",
    "create table t with (table_type='iceberg', is_external=false) as select 1": "location must be specified",
    "create table t with (table_type='iceberg', location='s3://b/t') as select 1": "is_external = false",
    "create table t with (table_type='iceberg', is_external=false, location='t') as select 1": "begins with s3://",
    "create table t with (table_type='delta') as select 1": "table_type 'delta'",
    "create table t with (sorted_by=ARRAY['a']) as select 1": "property key: sorted_by",
    "create external table t (a string) stored as parquet location 's3://b/t'": "expecting 'ROW FORMAT SERDE'",
    "create external table t (a string) row format serde 'x.Y' location 's3://b/t'": "no rule for external tables",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_athena_or_no_rule_knows_is_refused(sql: str) -> None:
    with pytest.raises(Refused) as caught:
        read(sql)
    assert REFUSED[sql] in str(caught.value)


def test_statements_have_at_most_262144_bytes() -> None:
    longest = "select '" + "x" * (LONGEST_STATEMENT_BYTES - 9) + "'"
    check_length(longest)
    for longer in (longest + " ", longest.replace("x", "é")):
        with pytest.raises(Refused, match="less than or equal to 262144"):
            check_length(longer)


def test_functions_that_athena_does_not_document_are_refused() -> None:
    check_functions("select 'any_value(1)', any_value from t -- any_value(x)")
    with pytest.raises(Refused, match=r"^FUNCTION_NOT_FOUND: line 2:3: Function 'any_value' not registered"):
        check_functions("select\n  ANY_VALUE (a) from t")
    with pytest.raises(Refused, match=r"line 1:8: Function 'any_value'"):
        check_functions('select "any_value"(a) from t')


@pytest.mark.parametrize("number", ["1_000", "0xFF", "0b1", "1.5_0"])
def test_numbers_that_athena_does_not_read_are_refused(number: str) -> None:
    check_numbers(f"select 1000, 1.5e-3, t1_000, '{number}' -- {number}")
    with pytest.raises(Refused, match=r"^SYNTAX_ERROR: line 2:1: identifiers must not start with a digit"):
        check_numbers(f"select\n{number}")


@pytest.mark.parametrize("within", ["{}", "array({})", "row(a integer, b {})", 'map(varchar, row("a b" {}, c date))'])
def test_an_iceberg_table_takes_timestamps_of_six_digits_without_zone(within: str) -> None:
    check_iceberg_types([("a", within.format("timestamp(6)"))])
    with pytest.raises(Refused, match=r"Timestamp precision \(3\) not supported for Iceberg.*timestamp\(6\).*`b`"):
        check_iceberg_types([("a", "timestamp(6)"), ("b", within.format("timestamp(3)"))])
    with pytest.raises(Refused, match=r"^NOT_SUPPORTED: .*with time zone"):
        check_iceberg_types([("a", within.format("timestamp(6) with time zone"))])


@pytest.mark.parametrize("type_", ["tinyint", "smallint", "char(3)", "time(6)"])
def test_an_iceberg_table_takes_no_types_that_iceberg_has_not(type_: str) -> None:
    check_iceberg_types([("a", "varchar(3)"), ("b", "row(time bigint, char varchar)")])
    for kind in (type_, f"array({type_})", f"row(a {type_}, b integer)"):
        with pytest.raises(Refused, match=r"^NOT_SUPPORTED: Type not supported for Iceberg: [a-z]+ .column `a`"):
            check_iceberg_types([("a", kind)])


def test_comments_and_quotations_are_no_words() -> None:
    assert [token.text for token in tokens("a--b\n/* c */'d''--' \"e\"\"f\" `g` 1.5e-3||x")] == [
        "a", "'d''--'", '"e""f"', "`g`", "1.5e-3", "|", "|", "x",
    ]  # fmt: skip


def signature(kind: str, *arguments: object) -> dict[str, object]:
    return {"rawType": kind, "arguments": [{"kind": "TYPE", "value": value} for value in arguments]}


INTEGER, VARCHAR = signature("integer"), signature("varchar")


def named(name: str, of: object) -> dict[str, object]:
    return {"fieldName": {"name": name}, "typeSignature": of}


@pytest.mark.parametrize(
    ("value", "of", "text"),
    [
        (None, VARCHAR, None),
        ("", VARCHAR, ""),
        (True, signature("boolean"), "true"),
        (0.1 + 0.2, signature("double"), "0.30000000000000004"),
        (1e20, signature("double"), "1.0E20"),
        (-1.5e-7, signature("double"), "-1.5E-7"),
        (12345678.9, signature("double"), "1.23456789E7"),
        (100, signature("double"), "100.0"),
        ("NaN", signature("double"), "NaN"),
        ("-Infinity", signature("real"), "-Infinity"),
        ("9999-12-31 23:59:59.999999", signature("timestamp"), "9999-12-31 23:59:59.999999"),
        ("12345678901234567890.123", signature("decimal"), "12345678901234567890.123"),
        ("Cgs=", signature("varbinary"), "0a 0b"),
        ([1, None], signature("array", INTEGER), "[1, null]"),
        ({"10": "b", "9": None}, signature("map", INTEGER, VARCHAR), "{9=null, 10=b}"),
        ({"k": "1", "j": "2"}, signature("map", VARCHAR, VARCHAR), "{j=2, k=1}"),
        ([1, "x"], signature("row", named("a", INTEGER), named("b", VARCHAR)), "{a=1, b=x}"),
        ([[1, 2]], signature("array", signature("array", INTEGER)), "[[1, 2]]"),
    ],
)
def test_a_value_reads_as_in_athena(value: object, of: dict[str, object], text: str | None) -> None:
    assert as_text(value, of) == text


@pytest.mark.parametrize(
    ("trino", "athena", "precision", "scale"),
    [
        ("decimal(38,6)", "decimal", 38, 6),
        ("varchar(3)", "varchar", 3, 0),
        ("varchar", "varchar", 2_147_483_647, 0),
        ("timestamp(6)", "timestamp", 3, 0),
        ("timestamp(3) with time zone", "timestamp with time zone", 3, 0),
        ("real", "float", 17, 0),
        ("array(decimal(3,2))", "array", 0, 0),
        ("row(a integer, b varchar)", "row", 0, 0),
    ],
)
def test_a_column_is_described_as_in_athena(trino: str, athena: str, precision: int, scale: int) -> None:
    described = Column("c", trino, {}).described()
    assert (described["Type"], described["Precision"], described["Scale"]) == (athena, precision, scale)


def test_the_result_file_quotes_every_value_and_leaves_null_empty() -> None:
    assert csv([["a", "b", "c"], ['x"y', "", None]]) == '"a","b","c"\n"x""y","",\n'


@pytest.mark.parametrize(
    ("ddl", "trino"),
    [
        ("decimal(38, 6)", "decimal(38,6)"),
        ("MAP<string, struct<a:int, b:decimal(3,2)>>", "map(varchar, row(a integer, b decimal(3,2)))"),
    ],
)
def test_types_of_athenas_ddl_have_names_in_trino(ddl: str, trino: str) -> None:
    assert trino_type(ddl) == trino


def view(**parameters: str) -> dict[str, object]:
    definition = {
        "columns": [{"name": "a", "type": "timestamp(6)"}, {"name": "b", "type": "map(varchar, row(x real))"}]
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    return {
        "TableType": "VIRTUAL_VIEW",
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "Parameters": {"presto_view": "true", **parameters},
    }


def test_glue_lists_the_columns_of_a_view() -> None:
    described = with_columns(view())["StorageDescriptor"]
    assert described["Columns"] == [
        {"Name": "a", "Type": "timestamp"},
        {"Name": "b", "Type": "map<string,struct<x:float>>"},
    ]
    assert hive_type("decimal(38,6)") == "decimal(38,6)"


def test_trino_finds_its_mark_on_a_view_that_has_a_comment_of_its_own() -> None:
    table: dict[str, object] = {"TableType": "EXTERNAL_TABLE", "Parameters": {"comment": "a table"}}
    answer = with_trinos_comment({"TableList": [view(comment="all trades"), table]})
    assert [found["Parameters"]["comment"] for found in answer["TableList"]] == ["Presto View", "a table"]


def test_numbers_of_map_keys_are_compared_as_numbers() -> None:
    keys = {str(Decimal(number)): number for number in (100, 9, -1)}
    assert as_text(keys, signature("map", signature("decimal"), INTEGER)) == "{-1=-1, 9=9, 100=100}"
