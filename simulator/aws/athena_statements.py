"""Translates a statement of Athena into Trino's, and says how Athena reports it. Pure.

SELECT, INSERT, MERGE, UPDATE, DELETE and the queries inside other statements are passed on unchanged. Only what Athena
spells differently is rewritten: table properties (`athena_ctas`), and DDL, OPTIMIZE, VACUUM and SHOW (`athena_ddl`). A
statement that no rule handles is refused; nothing is silently accepted.

Sources: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html and `unsupported-ddl` of the same guide,
November 2026; types and subtypes are those that https://github.com/aoyagikouhei/athena-local measured on Athena.
"""

from simulator.aws.athena_ctas import create_table_as
from simulator.aws.athena_ddl import DDL_RULES, create_iceberg_table
from simulator.aws.athena_statement import Statement, read_table, unsupported
from simulator.aws.sql_tokens import Reader, Refused, statement_reader

_QUERIES = ("select", "with", "values", "table", "(")
_CHANGES = ("insert into", "merge into", "update", "delete from")


def read_statement(sql: str, *, database: str, results: str) -> Statement:
    """Translate a statement.

    Args:
        sql: One statement; a semicolon at its end is ignored.
        database: The database of tables that are named without one.
        results: The address at which Athena puts the files of a Hive CTAS without a location.

    Raises:
        Refused: Athena, or the local Athena, does not support the statement.
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
    if first == "with" and reader.accept_any("function", "session"):  # Trino added them in 431 and 476
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
