"""A name that is accepted for a column or a table works in SQL without quotes."""

import duckdb
import pytest

from registry.names import identifier_problem, source_name_problem

USES = {
    "value": 'select {} from (select 1 as "{}")',
    "alias": "select 1 as {}",
    "operand": 'select case when {} is null then 0 when not abs({}) < 3 then 1 end from (select 1 as "{}")',
    "sorted and grouped": 'select {}, count(*) from (select 1 as "{}") group by {} order by {}',
    "column of a table": 'select first.{} from (select 1 as "{}") as first',
    "table": "create or replace temporary view {} as select 1",
}
"""The uses that generated SQL makes of a name, and that a person makes of a table's."""


def refused(connection: duckdb.DuckDBPyConnection, word: str) -> list[str]:
    """Return the uses of `word` that DuckDB can't parse."""
    found = []
    for use, sql in USES.items():
        try:
            connection.execute(sql.replace("{}", word))
        except duckdb.ParserException:
            found.append(use)
    return found


def test_every_word_that_duckdb_refuses_as_a_name_is_refused() -> None:
    with duckdb.connect() as connection:
        words = [word for (word,) in connection.execute("select keyword_name from duckdb_keywords()").fetchall()]
        accepted = [word for word in words if identifier_problem(word) is None]
        assert "key" in accepted, "words that DuckDB doesn't reserve stay allowed"
        assert {word: refused(connection, word) for word in accepted if refused(connection, word)} == {}


@pytest.mark.parametrize("word", ["at", "semi", "window", "uescape"])
def test_a_reserved_word_may_name_a_source_column_which_is_quoted(word: str) -> None:
    assert identifier_problem(word) == f"`{word}` is a reserved word of SQL; choose another name"
    assert source_name_problem(word) is None
