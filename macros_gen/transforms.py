"""The catalogue of transforms: what each means, the types it takes and gives, and its SQL on each engine.

`{}` in the SQL is the value. Every transform takes text, so a column whose type no mapping declares goes through
text. On a column that already has the type a transform gives, and that it doesn't take, it is the identity. None of
them fails on a bad value: it gives null (or UNKNOWN), and a target that requires the column refuses the row.

Digits finer than a microsecond are cut, not rounded. Athena: https://trino.io/docs/current/functions/datetime.html,
read 2026-11-20; `from_iso8601_timestamp` and `from_unixtime` lose microseconds, their `_nanos` kin don't.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ENGINES = ("duckdb", "athena")


@dataclass(frozen=True)
class Transform:
    description: str
    takes: tuple[str, ...]
    gives: str
    edge_cases: str
    duckdb: str
    athena: str

    def fits(self, source_type: str, target_type: str) -> bool:
        return self.gives == target_type and source_type in (*self.takes, self.gives)

    def is_identity_on(self, source_type: str) -> bool:
        return source_type == self.gives and source_type not in self.takes

    def sql(self, engine: str, value: str) -> str:
        return {"duckdb": self.duckdb, "athena": self.athena}[engine].replace("{}", value)


def _epoch(unit: str, *, fraction_digits: int, microseconds: str) -> Transform:
    # decimal(18) is exact and, unlike wider ones, fast to parse; it reaches the year 9999. A cast would round the
    # digits that don't fit, so they are cut first; text with an exponent is left to the cast.
    finer = rf"\.[0-9]{{{fraction_digits}}})[0-9]+" if fraction_digits else r")\.[0-9]*"
    number = (
        "try_cast(regexp_replace(trim(cast({} as varchar)), "
        rf"'^([-+]?[0-9]*{finer}$', '<first>') as decimal(18, {fraction_digits}))"
    )
    in_microseconds = microseconds.replace("{}", number)
    return Transform(
        description=f"Unix time in {unit} to UTC.",
        takes=("string", "long"),
        gives="timestamp",
        edge_cases=f"Null where it isn't a number or has more than {18 - fraction_digits} digits before the point."
        " Before 1970 is negative.",
        duckdb=f"make_timestamp(cast({in_microseconds} as bigint))".replace("<first>", r"\1"),
        athena=(
            f"cast(from_unixtime_nanos(cast({in_microseconds} as decimal(38, 0)) * 1000)"
            " at time zone 'UTC' as timestamp(6))"
        ).replace("<first>", "$1"),
    )


def _side(description: str, *, buy: tuple[str, ...], sell: tuple[str, ...], edge_cases: str) -> Transform:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(f"'{word}'" for word in words)

    sql = (
        f"case when lower(trim(cast({{}} as varchar))) in ({listed(buy)}) then 'BUY'"
        f" when lower(trim(cast({{}} as varchar))) in ({listed(sell)}) then 'SELL' else 'UNKNOWN' end"
    )
    takes = ("string", "boolean") if "true" in buy + sell else ("string",)
    return Transform(description, takes, "string", edge_cases, sql, sql)


def _same(description: str, takes: tuple[str, ...], gives: str, edge_cases: str, sql: str) -> Transform:
    return Transform(description, takes, gives, edge_cases, duckdb=sql, athena=sql)


_BUYS, _SELLS = ("buy", "b", "bid", "bought"), ("sell", "s", "ask", "sold")
_WORDS = f"Any case. {', '.join(_BUYS)} and {', '.join(_SELLS)}; anything else, and null, is UNKNOWN."

CATALOGUE: Mapping[str, Transform] = {
    "to_string": _same(
        "A whole number or a boolean as text.",
        ("long", "boolean"),
        "string",
        "Booleans are true and false. A double has no one text on both engines, so it isn't taken.",
        "cast({} as varchar)",
    ),
    "to_double": Transform(
        "A number as a double.",
        ("string", "long"),
        "double",
        "Null where it isn't a number, and for NaN and infinities, also those that overflow. 1e-8 is taken.",
        duckdb="case when isfinite(try_cast({} as double)) then try_cast({} as double) end",
        athena="case when is_finite(try_cast({} as double)) then try_cast({} as double) end",
    ),
    "to_bigint": Transform(
        "Text of a whole number as a 64-bit integer.",
        ("string",),
        "long",
        "Null where it isn't a whole number in plain digits (1.5, 1e3), or exceeds 64 bits.",
        duckdb="case when regexp_full_match({}, ' *[-+]?[0-9]+ *') then try_cast(trim({}) as bigint) end",
        athena="case when regexp_like({}, '^ *[-+]?[0-9]+ *$') then try_cast(trim({}) as bigint) end",
    ),
    "to_boolean": _same(
        "true/false, t/f or 1/0 as a boolean.",
        ("string", "long"),
        "boolean",
        "Any case; null where it is anything else.",
        "case when lower(trim(cast({} as varchar))) in ('true', 't', '1') then true"
        " when lower(trim(cast({} as varchar))) in ('false', 'f', '0') then false end",
    ),
    "from_s": _epoch("seconds", fraction_digits=6, microseconds="cast({} as decimal(38, 6)) * 1000000"),
    "from_ms": _epoch("milliseconds", fraction_digits=3, microseconds="cast({} as decimal(38, 3)) * 1000"),
    "from_us": _epoch("microseconds", fraction_digits=0, microseconds="{}"),
    "from_ns": Transform(
        "Unix time in nanoseconds to UTC.",
        ("string", "long"),
        "timestamp",
        "Null where it isn't a whole number in plain digits, or lies after the year 2262. Before 1970 is negative.",
        duckdb="make_timestamp(try_cast(regexp_extract(cast({} as varchar), '^ *([-+]?[0-9]{1,19}) *$', 1)"
        " as bigint) // 1000)",
        athena="cast(from_unixtime_nanos((try_cast(regexp_extract(cast({} as varchar),"
        " '^ *([-+]?[0-9]{1,19}) *$', 1) as bigint) / 1000) * 1000) at time zone 'UTC' as timestamp(6))",
    ),
    "from_iso8601": Transform(
        "ISO 8601 text to UTC.",
        ("string",),
        "timestamp",
        "Any offset; without one it is UTC. A blank may stand for the T. Null where it isn't a time.",
        duckdb="case when {} like '____-__-__%' then try_cast({} as timestamptz) at time zone 'UTC' end",
        athena=(
            "case when {} like '____-__-__%' then try(cast(from_iso8601_timestamp_nanos(regexp_replace("
            r"replace(trim({}), ' ', 'T'), '(\.[0-9]{6})[0-9]+', '$1')) at time zone 'UTC' as timestamp(6))) end"
        ),
    ),
    "upper": _same("Text in capitals.", ("string",), "string", "Null stays null.", "upper({})"),
    "lower": _same("Text in small letters.", ("string",), "string", "Null stays null.", "lower({})"),
    "side_from_buyer_is_maker": _side(
        "The taker's side from a flag that says whether the buyer's order waited in the book.",
        buy=("false", "f", "0"),
        sell=("true", "t", "1"),
        edge_cases="True is SELL: whoever met the buyer's waiting order sold. Null is UNKNOWN.",
    ),
    "side_from_maker_side": _side(
        "The taker's side from the maker's: the opposite.", buy=_SELLS, sell=_BUYS, edge_cases=_WORDS
    ),
    "side_from_taker_side": _side("The taker's side as BUY or SELL.", buy=_BUYS, sell=_SELLS, edge_cases=_WORDS),
}

BY_TYPE: Mapping[str, str] = {
    "string": "to_string",
    "double": "to_double",
    "long": "to_bigint",
    "boolean": "to_boolean",
    "timestamp": "from_iso8601",
}
"""The transform that gives a type where a mapping names none and declares no source type."""


def fitting(source_type: str | None, target_type: str) -> list[str]:
    """Names of the transforms that give `target_type`; of all source types where that is not known."""
    return [
        name
        for name, transform in CATALOGUE.items()
        if (transform.gives == target_type if source_type is None else transform.fits(source_type, target_type))
    ]
