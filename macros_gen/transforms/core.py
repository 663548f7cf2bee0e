"""The SQL of `registry.transforms.core`.

Digits finer than a microsecond are cut, not rounded. On Athena `from_iso8601_timestamp` and `from_unixtime` lose
microseconds, but their `_nanos` variants don't: https://trino.io/docs/current/functions/datetime.html, read 2026-11-20.
"""

from collections.abc import Mapping
from string import ascii_lowercase, ascii_uppercase

from .engines import EngineSql, matches, same, spelled, trimmed

_PLAIN_NUMBER = r" *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+) *"
_NUMBER = r" *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)? *"
_WHOLE_NUMBER = " *[-+]?[0-9]+ *"
_ISO8601 = (
    r" *[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[-+](0[0-9]|1[0-3])(:?[0-5][0-9])?|[-+]14(:?00)?)? *"
)
"""The patterns of the spellings that both engines read alike. Each engine also accepts others that the other engine
doesn't, such as 1_000, 1.5d and 04:05Z.
"""


def _number(engine: str, finite: str) -> str:
    return f"""\
case
    when
        {matches(engine, _NUMBER)}
        and {finite}(try_cast({{}} as double))
        then try_cast({{}} as double)
end"""


def _whole_number(engine: str) -> str:
    return f"""\
case
    when {matches(engine, _WHOLE_NUMBER, "{}")}
        then try_cast(trim({{}}) as bigint)
end"""


def _epoch(*, fraction_digits: int, microseconds: str) -> EngineSql:
    """Return SQL that converts Unix time, a number with at most 18 - `fraction_digits` digits before the point.

    `microseconds` is SQL that scales the number `{}` to microseconds.
    """
    finer = rf"\.[0-9]{{{fraction_digits}}})[0-9]+" if fraction_digits else r")\.[0-9]*"

    def in_microseconds(engine: str, first: str) -> str:
        text = trimmed(engine)
        # An exponent is written out first, but not through double, which would be off by a microsecond. decimal(18) is
        # exact, faster to parse than wider decimals, and reaches beyond the year 9999. A cast would round the digits
        # that don't fit, so they are cut off before it.
        cut = f"""\
try_cast(regexp_replace(
    case
        when {matches(engine, _PLAIN_NUMBER)}
            then {text}
        when {matches(engine, _NUMBER)}
            then cast(try_cast({text} as decimal(38, 12)) as varchar)
    end,
    '^([-+]?[0-9]*{finer}$', '{first}'
) as decimal(18, {fraction_digits}))"""
        return microseconds.replace("{}", cut)

    return EngineSql(
        duckdb=f"make_timestamp(cast({in_microseconds('duckdb', chr(92) + '1')} as bigint))",
        athena=f"cast(from_unixtime_nanos(cast({in_microseconds('athena', '$1')} as decimal(38, 0)) * 1000)"
        " at time zone 'UTC' as timestamp(6))",
    )


_FROM_NS = EngineSql(
    duckdb=r"""
make_timestamp(
    try_cast(regexp_extract(cast({} as varchar), '^ *([-+]?[0-9]{1,19}) *$', 1) as bigint) // 1000
)""".strip(),
    athena=r"""
cast(from_unixtime_nanos(
    (try_cast(regexp_extract(cast({} as varchar), '\A *([-+]?[0-9]{1,19}) *\z', 1) as bigint) / 1000) * 1000
) at time zone 'UTC' as timestamp(6))""".strip(),
)

_ISO = EngineSql(
    duckdb=f"""\
case
    when {matches("duckdb", _ISO8601, "{}")}
        then try_cast({{}} as timestamptz) at time zone 'UTC'
end""",
    # +02 and +0200 become +02:00
    athena=rf"""
case
    when {matches("athena", _ISO8601, "{}")}
        then try(cast(from_iso8601_timestamp_nanos(
            regexp_replace(
                regexp_replace(
                    regexp_replace(replace(trim({{}}), ' ', 'T'), '(\.[0-9]{{6}})[0-9]+', '$1'),
                    '([-+][0-9]{{2}})$', '$1:00'
                ),
                '([-+][0-9]{{2}})([0-9]{{2}})$', '$1:$2'
            )
        ) at time zone 'UTC' as timestamp(6)))
end""".strip(),
)


SQL: Mapping[str, EngineSql] = {
    "to_string": same("cast({} as varchar)"),
    "to_double": EngineSql(duckdb=_number("duckdb", "isfinite"), athena=_number("athena", "is_finite")),
    "to_bigint": EngineSql(duckdb=_whole_number("duckdb"), athena=_whole_number("athena")),
    "to_boolean": spelled("""\
case
    when <word> in ('true', 't', '1')
        then true
    when <word> in ('false', 'f', '0')
        then false
end"""),
    "from_s": _epoch(fraction_digits=6, microseconds="cast({} as decimal(38, 6)) * 1000000"),
    "from_ms": _epoch(fraction_digits=3, microseconds="cast({} as decimal(38, 3)) * 1000"),
    "from_us": _epoch(fraction_digits=0, microseconds="{}"),
    "from_ns": _FROM_NS,
    "iso8601": _ISO,
    "upper": same(f"translate({{}}, '{ascii_lowercase}', '{ascii_uppercase}')"),
    "lower": same(f"translate({{}}, '{ascii_uppercase}', '{ascii_lowercase}')"),
}
