"""The rules for names of columns and tables."""

import re

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,127}\Z")

# Words that Athena or DuckDB refuses as an unquoted column name; source columns are quoted, target columns are not.
# https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html, read 2026-11-20
_RESERVED = frozenset(
    """
    all alter analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check
    collate collation column concurrently constraint create cross cube current_date current_time current_timestamp
    current_user deallocate default deferrable delete desc describe distinct do drop else end escape except execute
    exists extract false fetch first for foreign freeze from full glob group grouping having ilike in initially inner
    insert intersect into is isnull join lambda last lateral leading left like limit localtime localtimestamp natural
    normalize not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional
    prepare primary qualify recursive references returning right rollup select semi show similar skip some summarize
    symmetric table tablesample then to trailing true uescape union unique unnest unpack unpivot using values variadic
    verbose when where window with
    """.split()  # noqa: SIM905  a list of them would take 132 lines
)


def identifier_problem(name: str) -> str | None:
    """Why `name` can't be an unquoted column or table name, or None."""
    if not _IDENTIFIER.match(name):
        return f"{name!r} is not a valid name; use lower-case letters, digits and underscores, and no digit first"
    if name in _RESERVED:
        return f"`{name}` is a reserved word of SQL; choose another name"
    return None


def source_name_problem(name: str) -> str | None:
    """The same as `identifier_problem` for names that are quoted, for which reserved words are allowed."""
    return None if name in _RESERVED else identifier_problem(name)
