"""Refusals where Athena is stricter than the Trino that stands in for it. Pure.

What Trino 476 refuses by itself is not repeated here: a location that is not empty, a timestamp(6) in a Hive table, and
more than 100 open partitions (settings of `trino_process`).

Two known differences are not caught. A bare 1.5 is a double on Athena and a decimal on Trino; both agree on 1.5e0 and
decimal '1.5'. And later Trinos have syntax with words that may also be names: GROUP BY AUTO, UNION … CORRESPONDING.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from simulator.aws.sql_tokens import Refused, tokens

LONGEST_STATEMENT_BYTES = 262_144
"""The maximum length of a statement: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""

LATER_FUNCTIONS = {
    "quantile_at_value": 411,
    "sinh": 411,
    "array_histogram": 419,
    "any_value": 420,
    "json_table": 435,
    "bitwise_xor_agg": 447,
    "t_cdf": 451,
    "t_pdf": 451,
    "cosine_distance": 452,
    "dot_product": 452,
    "euclidean_distance": 452,
    "timezone": 463,
}
"""Functions that Trino added after release 400, with the release that added each.

Athena engine version 3 was released in October 2022, when Trino was at 400. Athena's guide says that its functions are
Trino's (`functions-env3`) and names those that it added (`engine-versions-reference-0003`), without a release. The
functions here are in Trino's release notes (https://trino.io/docs/current/release.html) but not in Athena's guide, so
nothing says that Athena has them. They are the functions that `SHOW FUNCTIONS` of 476 lists and Trino's list of 2022
does not; the releases are from the notes.
"""


_OTHER_TIMESTAMP = re.compile(r"\btimestamp\((?!6\))(\d+)\)")
_NOT_IN_ICEBERG = re.compile(r"\b(?:tinyint|smallint|char|time)(?=[(),]|$)")
"""Types that Iceberg tables can't have, by
https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html, read 2026-11-26. Such a word
before a space is the name of a row's field."""


def check_length(sql: str) -> None:
    """Refuse a statement that is longer than Athena accepts."""
    if len(sql.encode()) > LONGEST_STATEMENT_BYTES:
        raise Refused(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST_STATEMENT_BYTES}"
        )


def check_functions(sql: str) -> None:
    """Refuse functions that Athena does not document."""
    for token, following in pairwise(tokens(sql)):
        name = token.text[1:-1].lower() if token.kind == "double" else token.word
        if name in LATER_FUNCTIONS and following.text == "(":
            raise Refused(
                f"FUNCTION_NOT_FOUND: {_position(sql, token.start)}: Function '{name}' not registered; "
                f"Trino has had it since release {LATER_FUNCTIONS[name]}, and Athena does not document it"
            )


def check_numbers(sql: str) -> None:
    """Refuse numbers such as 1_000 and 0xFF, which only later Trinos read."""
    for token, following in pairwise(tokens(sql)):
        if token.kind == "number" and following.kind == "word" and following.start == token.end:
            raise Refused(f"SYNTAX_ERROR: {_position(sql, token.start)}: identifiers must not start with a digit")


def check_iceberg_types(columns: Iterable[tuple[str, str]]) -> None:
    """Refuse the columns, as name and Trino's type, that Athena's CTAS does not write to an Iceberg table.

    The types may be inside others: `array(timestamp(3))`.
    """
    for name, kind in columns:
        if "with time zone" in kind:
            raise Refused(f"NOT_SUPPORTED: Unsupported Hive type: {kind} (column `{name}`); cast it to timestamp(6)")
        if found := _OTHER_TIMESTAMP.search(kind):
            raise Refused(
                f"NOT_SUPPORTED: Timestamp precision ({found[1]}) not supported for Iceberg. "
                f'Use "timestamp(6)" instead. (column `{name}`)'
            )
        if found := _NOT_IN_ICEBERG.search(kind):
            raise Refused(f"NOT_SUPPORTED: Type not supported for Iceberg: {found[0]} (column `{name}`)")


def _position(sql: str, at: int) -> str:
    before = sql[:at]
    return f"line {before.count(chr(10)) + 1}:{at - before.rfind(chr(10))}"
