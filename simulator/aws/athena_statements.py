"""A statement of Athena -> what Trino is asked, and how Athena tells of it; pure.

SELECT, INSERT, MERGE, UPDATE, DELETE and the queries inside of other statements go on as they came. Rewritten is what
Athena spells otherwise: table properties (`athena_ctas`), DDL, OPTIMIZE, VACUUM, SHOW (`athena_ddl`). What no rule
knows is refused; nothing is silently accepted.

Sources: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html and `unsupported-ddl` of the same guide,
November 2026; for types and subtypes what https://github.com/aoyagikouhei/athena-local measured of Athena.
"""

from simulator.aws.athena_ctas import create_table_as
from simulator.aws.athena_ddl import DDL_RULES, create_iceberg_table
from simulator.aws.athena_statement import Statement, read_table, unsupported
from simulator.aws.sql_tokens import Reader, Refused, statement_reader

_QUERIES = ("select", "with", "values", "table", "(")
_CHANGES = ("insert into", "merge into", "update", "delete from")


def read_statement(sql: str, *, database: str, results: str) -> Statement:
    """What a statement asks for.

    Args:
        sql: one statement; a semicolon at its end is ignored.
        database: whose tables are meant by names without one.
        results: address at which Athena puts the files of a Hive CTAS that names no location.

    Raises:
        Refused: where Athena, or the local Athena, does not know the statement.
    """
    reader = statement_reader(sql)
    if reader.at_end():
        raise Refused("Query string is empty")
    whole = reader.statement_text()
    if query := reader.accept_any(*_QUERIES):
        return _query(reader, query, whole)
    if change := reader.accept_any(*_CHANGES):
        return Statement("DML", change.split()[0].upper(), (whole,), "count")
    if reader.accept("explain"):
        return _explain(reader, whole)
    if reader.accept("create table"):
        return _create_table(reader, database, results)
    if rule := reader.accept_any(*DDL_RULES):
        return DDL_RULES[rule](reader, database)
    raise unsupported(reader)


def _query(reader: Reader, first: str, whole: str) -> Statement:
    if first == "with" and reader.accept_any("function", "session"):  # they came with Trino 431 and 476
        raise Refused("mismatched input: Athena has neither WITH FUNCTION nor WITH SESSION")
    return Statement("DML", "SELECT", (whole,), "rows")


def _explain(reader: Reader, whole: str) -> Statement:
    analyzes = reader.accept("analyze")
    if not analyzes and reader.next_is("("):
        reader.parts()
    if not reader.accept_any(*_QUERIES, *(() if analyzes else _CHANGES)):
        raise unsupported(reader)
    return Statement("DML", "EXPLAIN", (whole,), "lines")


def _create_table(reader: Reader, database: str, results: str) -> Statement:
    if_not_exists = "if not exists " if reader.accept("if not exists") else ""
    table = read_table(reader, database, "double", "backtick")
    if reader.next_is("("):
        return create_iceberg_table(reader, table, if_not_exists)
    return create_table_as(reader, table, if_not_exists, results=results)
