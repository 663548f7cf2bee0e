"""The catalogue of transforms: what each means, the types it takes and gives, and its SQL on each engine.

`{}` in the SQL is the value. Every transform takes text, so a column whose type no mapping declares goes through
text. On a column that already has the type a transform gives, and that it doesn't take, it is the identity. None of
them fails on a bad value: it gives null (or UNKNOWN), and a target that requires the column refuses the row.

Digits finer than a microsecond are cut, not rounded. Athena: https://trino.io/docs/current/functions/datetime.html,
read 2026-11-20; `from_iso8601_timestamp` and `from_unixtime` lose microseconds, their `_nanos` kin don't.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

ENGINES = ("duckdb", "athena")


_PLAIN_NUMBER = r" *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+) *"
_NUMBER = r" *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)? *"
_WHOLE_NUMBER = " *[-+]?[0-9]+ *"
_ISO8601 = (
    r" *[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[-+](0[0-9]|1[0-3])(:?[0-5][0-9])?|[-+]14(:?00)?)? *"
)
"""Each engine takes spellings that the other doesn't, such as 1_000, 1.5d and 04:05Z; both read these alike."""

_SMALL, _CAPITAL = ascii_lowercase, ascii_uppercase
_LETTERS = "A to Z; other letters stay as they are, because engines differ in them. Null stays null."


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


def _trimmed(engine: str) -> str:
    """The value as text without blanks around it; plain trim() takes more away, and each engine something else."""
    return {"duckdb": "trim(cast({} as varchar), ' ')", "athena": "trim(both ' ' from cast({} as varchar))"}[engine]


def _matches(engine: str, pattern: str, value: str = "cast({} as varchar)") -> str:
    return {
        "duckdb": f"regexp_full_match({value}, '{pattern}')",
        "athena": rf"regexp_like({value}, '\A{pattern}\z')",  # $ would let a line end pass
    }[engine]


def _epoch(unit: str, *, fraction_digits: int, microseconds: str) -> Transform:
    finer = rf"\.[0-9]{{{fraction_digits}}})[0-9]+" if fraction_digits else r")\.[0-9]*"

    def in_microseconds(engine: str, first: str) -> str:
        text = _trimmed(engine)
        # an exponent is written out first; not through double, which would be a microsecond off
        digits = (
            f"case when {_matches(engine, _PLAIN_NUMBER)} then {text}"
            f" when {_matches(engine, _NUMBER)} then cast(try_cast({text} as decimal(38, 12)) as varchar) end"
        )
        # decimal(18) is exact and, unlike wider ones, fast to parse; it goes beyond the year 9999. A cast would round
        # the digits that don't fit, so they are cut first
        cut = f"regexp_replace({digits}, '^([-+]?[0-9]*{finer}$', '{first}')"
        return microseconds.replace("{}", f"try_cast({cut} as decimal(18, {fraction_digits}))")

    return Transform(
        description=f"Unix time in {unit} to UTC.",
        takes=("string", "long"),
        gives="timestamp",
        edge_cases=f"Null where it isn't a number or has more than {18 - fraction_digits} digits before the point."
        " Before 1970 is negative.",
        duckdb=f"make_timestamp(cast({in_microseconds('duckdb', chr(92) + '1')} as bigint))",
        athena=f"cast(from_unixtime_nanos(cast({in_microseconds('athena', '$1')} as decimal(38, 0)) * 1000)"
        " at time zone 'UTC' as timestamp(6))",
    )


def _side(description: str, *, buy: tuple[str, ...], sell: tuple[str, ...], edge_cases: str) -> Transform:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(f"'{word}'" for word in words)

    takes = ("string", "boolean") if "true" in buy + sell else ("string",)
    return _spelled(
        description,
        takes,
        "string",
        edge_cases,
        f"case when <word> in ({listed(buy)}) then 'BUY'"
        f" when <word> in ({listed(sell)}) then 'SELL' else 'UNKNOWN' end",
    )


def _spelled(description: str, takes: tuple[str, ...], gives: str, edge_cases: str, sql: str) -> Transform:
    """What goes by a `<word>`: the value as text, in small letters, without blanks around it."""
    duckdb, athena = (sql.replace("<word>", f"lower({_trimmed(engine)})") for engine in ENGINES)
    return Transform(description, takes, gives, edge_cases, duckdb, athena)


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
        duckdb=f"case when {_matches('duckdb', _NUMBER)} and isfinite(try_cast({{}} as double))"
        " then try_cast({} as double) end",
        athena=f"case when {_matches('athena', _NUMBER)} and is_finite(try_cast({{}} as double))"
        " then try_cast({} as double) end",
    ),
    "to_bigint": Transform(
        "Text of a whole number as a 64-bit integer.",
        ("string",),
        "long",
        "Null where it isn't a whole number in plain digits (1.5, 1e3), or exceeds 64 bits.",
        duckdb=f"case when {_matches('duckdb', _WHOLE_NUMBER, '{}')} then try_cast(trim({{}}) as bigint) end",
        athena=f"case when {_matches('athena', _WHOLE_NUMBER, '{}')} then try_cast(trim({{}}) as bigint) end",
    ),
    "to_boolean": _spelled(
        "true/false, t/f or 1/0 as a boolean.",
        ("string", "long"),
        "boolean",
        "Any case; null where it is anything else.",
        "case when <word> in ('true', 't', '1') then true when <word> in ('false', 'f', '0') then false end",
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
        r" '\A *([-+]?[0-9]{1,19}) *\z', 1) as bigint) / 1000) * 1000) at time zone 'UTC' as timestamp(6))",
    ),
    "from_iso8601": Transform(
        "ISO 8601 text to UTC.",
        ("string",),
        "timestamp",
        "Date, time to the second or finer, and perhaps an offset of up to 14 hours; without one it is UTC. A blank may"
        " stand for the T. Null where it isn't a time.",
        duckdb=f"case when {_matches('duckdb', _ISO8601, '{}')}"
        " then try_cast({} as timestamptz) at time zone 'UTC' end",
        athena=f"case when {_matches('athena', _ISO8601, '{}')} then try(cast(from_iso8601_timestamp_nanos("
        # +02 and +0200 as +02:00
        r"regexp_replace(regexp_replace(regexp_replace(replace(trim({}), ' ', 'T'), '(\.[0-9]{6})[0-9]+', '$1'),"
        " '([-+][0-9]{2})$', '$1:00'), '([-+][0-9]{2})([0-9]{2})$', '$1:$2'))"
        " at time zone 'UTC' as timestamp(6))) end",
    ),
    "upper": _same("Text in capitals.", ("string",), "string", _LETTERS, f"translate({{}}, '{_SMALL}', '{_CAPITAL}')"),
    "lower": _same(
        "Text in small letters.", ("string",), "string", _LETTERS, f"translate({{}}, '{_CAPITAL}', '{_SMALL}')"
    ),
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
