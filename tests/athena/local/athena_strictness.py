"""Refusals where Athena is stricter than the Trino that stands in for it; pure.

What Trino 476 refuses by itself is not repeated here: a location that is not empty, a timestamp(6) in a Hive table, and
more than 100 open partitions (settings of `trino_process`).

Known, and not caught: a bare 1.5 is a double on Athena and a decimal on Trino. Both agree on 1.5e0 and decimal '1.5'.
"""

from collections.abc import Iterable
from itertools import pairwise

from tests.athena.local.sql_tokens import Refused, tokens

LONGEST_STATEMENT_BYTES = 262_144
"""https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""

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
"""Functions that Trino has since a release after 400, with that release.

Athena engine version 3 came in October 2022, when Trino was at 400. Athena's guide says that its functions are Trino's
(`functions-env3`) and names those that it added (`engine-versions-reference-0003`), without a release. These are in
Trino's release notes (https://trino.io/docs/current/release.html) and not in Athena's guide, so nothing says that
Athena has them. They are what `SHOW FUNCTIONS` of 476 has beyond Trino's list of 2022, looked up in the notes.
"""


def check_length(sql: str) -> None:
    """Refuse a statement of more bytes than Athena takes."""
    if len(sql.encode()) > LONGEST_STATEMENT_BYTES:
        raise Refused(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST_STATEMENT_BYTES}"
        )


def check_functions(sql: str) -> None:
    """Refuse functions that Athena does not document."""
    found = tokens(sql)
    for token, following in pairwise(found):
        if token.word in LATER_FUNCTIONS and following.text == "(":
            line, column = _position(sql, token.start)
            raise Refused(
                f"FUNCTION_NOT_FOUND: line {line}:{column}: Function '{token.word}' not registered; Trino has it since "
                f"release {LATER_FUNCTIONS[token.word]}, and Athena does not document it"
            )


def check_iceberg_types(columns: Iterable[tuple[str, str]]) -> None:
    """Refuse the columns, as name and Trino's type, that Athena's CTAS does not write to an Iceberg table."""
    for name, kind in columns:
        if "timestamp" in kind and "with time zone" in kind:
            raise Refused(f"NOT_SUPPORTED: Unsupported Hive type: {kind} (column `{name}`); cast it to timestamp(6)")
        if kind.startswith("timestamp(") and kind != "timestamp(6)":
            digits = kind.removeprefix("timestamp(").removesuffix(")")
            raise Refused(
                f"NOT_SUPPORTED: Timestamp precision ({digits}) not supported for Iceberg. "
                f'Use "timestamp(6)" instead. (column `{name}`)'
            )


def _position(sql: str, at: int) -> tuple[int, int]:
    before = sql[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
