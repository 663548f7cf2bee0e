"""The transforms, run by DuckDB. No input may make a transform fail."""

from datetime import datetime

import duckdb
import pytest

from macros_gen.transforms import SQL
from registry.column_types import TYPES as COLUMN_TYPES
from registry.transforms import BY_TYPE, CATALOGUE

LAST = datetime(9999, 12, 31, 23, 59, 59, 999999)
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789012)

CASES = [
    ("to_string", 42, "42"),
    ("to_string", -9223372036854775808, "-9223372036854775808"),
    ("to_string", True, "true"),
    ("to_double", "97250.10", 97250.1),
    ("to_double", "1e-8", 1e-8),
    ("to_double", "-0.5", -0.5),
    ("to_double", 3, 3.0),
    ("to_double", "", None),
    ("to_double", "NaN", None),
    ("to_double", "1e400", None),
    ("to_double", "inf", None),
    ("to_double", "12,5", None),
    ("to_double", "1_000", None),
    ("to_double", "1.5d", None),
    ("to_double", " 7. ", 7.0),
    ("to_double", "\t7", None),
    ("to_bigint", " 17 ", 17),
    ("to_bigint", "9223372036854775807", 9223372036854775807),
    ("to_bigint", "9223372036854775808", None),
    ("to_bigint", "1.5", None),
    ("to_bigint", "1e3", None),
    ("to_bigint", "42\n", None),
    ("to_bigint", "", None),
    ("to_boolean", "True", True),
    ("to_boolean", "0", False),
    ("to_boolean", 1, True),
    ("to_boolean", "yes", None),
    ("to_boolean", "", None),
    ("from_s", "1770091506.789012", MOMENT),
    ("from_s", "1770091506.7890129", MOMENT),
    ("from_s", 1770091506, MOMENT.replace(microsecond=0)),
    ("from_s", "1.770091506e9", MOMENT.replace(microsecond=0)),
    ("from_s", "1.7700915067890129e9", MOMENT),
    ("from_s", "5e-15", datetime(1970, 1, 1)),
    ("from_s", "1_000", None),
    ("from_s", "-1", datetime(1969, 12, 31, 23, 59, 59)),
    ("from_s", "253402300799.999999", LAST),
    ("from_s", "99999999999999999999", None),
    ("from_s", "", None),
    ("from_ms", "1770091506789", MOMENT.replace(microsecond=789000)),
    ("from_ms", 1770091506789, MOMENT.replace(microsecond=789000)),
    ("from_ms", "1770091506789.0129", MOMENT),
    ("from_ms", -1, datetime(1969, 12, 31, 23, 59, 59, 999000)),
    ("from_ms", 253402300799999, LAST.replace(microsecond=999000)),
    ("from_ms", 9223372036854775807, None),
    ("from_ms", "soon", None),
    ("from_us", "1770091506789012", MOMENT),
    ("from_us", 1770091506789012, MOMENT),
    ("from_us", "1770091506789012.9", MOMENT),
    ("from_us", 253402300799999999, LAST),
    ("from_us", 9223372036854775807, None),
    ("from_us", "", None),
    ("from_ns", "1770091506789012999", MOMENT),
    ("from_ns", 1770091506789012999, MOMENT),
    ("from_ns", -1000, datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ("from_ns", "9223372036854775808", None),
    ("from_ns", "1.7e18", None),
    ("iso8601", "2026-02-03T04:05:06.789012Z", MOMENT),
    ("iso8601", "2026-02-03T04:05:06.789012999Z", MOMENT),
    ("iso8601", "2026-02-03 04:05:06.789012", MOMENT),
    ("iso8601", "2026-02-03T06:05:06.789012+02:00", MOMENT),
    ("iso8601", "2026-02-02T23:05:06.789012-05:00", MOMENT),
    ("iso8601", "2026-02-03T04:05:06Z", MOMENT.replace(microsecond=0)),
    ("iso8601", "9999-12-31T23:59:59.999999Z", LAST),
    ("iso8601", "0001-01-01T00:00:00.000000Z", datetime(1, 1, 1)),
    ("iso8601", "2026-02-03T06:05:06.789012+02", MOMENT),
    ("iso8601", "2026-02-03T06:05:06.789012+0200", MOMENT),
    ("iso8601", "2026-02-03T04:05:06.789012+15:30", None),
    ("iso8601", "2026-02-03", None),
    ("iso8601", "2026-02-03T24:00:00Z", None),
    ("iso8601", "2026-02-30T00:00:00Z", None),
    ("iso8601", "infinity", None),
    ("iso8601", "epoch", None),
    ("iso8601", "1770091506789", None),
    ("iso8601", "", None),
    ("upper", "buy", "BUY"),
    ("upper", "stra\u00dfe", "STRA\u00dfE"),
    ("lower", "BUY", "buy"),
    ("side_from_buyer_is_maker", True, "SELL"),
    ("side_from_buyer_is_maker", False, "BUY"),
    ("side_from_buyer_is_maker", "True", "SELL"),
    ("side_from_buyer_is_maker", "maybe", "UNKNOWN"),
    ("side_from_maker_side", "sell", "BUY"),
    ("side_from_maker_side", "BUY", "SELL"),
    ("side_from_maker_side", "", "UNKNOWN"),
    ("side_from_taker_side", "b", "BUY"),
    ("side_from_taker_side", " Sell ", "SELL"),
    ("side_from_taker_side", "\u00a0buy", "UNKNOWN"),
    ("side_from_taker_side", "Bid", "BUY"),
    ("side_from_taker_side", "auction", "UNKNOWN"),
]
TYPES = {"string": "varchar", "long": "bigint", "boolean": "boolean"}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


@pytest.mark.parametrize(("name", "value", "expected"), CASES, ids=lambda value: repr(value))
def test_transform(connection: duckdb.DuckDBPyConnection, name: str, value: object, expected: object) -> None:
    sql = SQL[name].on("duckdb", "value")
    assert connection.execute(f"select {sql} from (select ? as value)", [value]).fetchall() == [(expected,)]


@pytest.mark.parametrize("name", CATALOGUE)
def test_null_gives_null_or_unknown(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    expected = "UNKNOWN" if name.startswith("side_") else None
    for type_ in CATALOGUE[name].takes:
        sql = SQL[name].on("duckdb", f"cast(null as {TYPES[type_]})")
        assert connection.execute(f"select {sql}").fetchall() == [(expected,)]


def test_every_transform_has_cases() -> None:
    assert {name for name, _, _ in CASES} == CATALOGUE.keys()


def test_every_transform_has_sql() -> None:
    assert SQL.keys() == CATALOGUE.keys()


def test_every_type_has_a_transform_that_gives_it() -> None:
    assert {type_: CATALOGUE[name].gives for type_, name in BY_TYPE.items()} == {name: name for name in COLUMN_TYPES}


def test_every_transform_takes_text_except_those_that_make_it() -> None:
    assert {name for name, transform in CATALOGUE.items() if "string" not in transform.takes} == {"to_string"}
