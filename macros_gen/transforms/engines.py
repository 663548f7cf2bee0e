"""SQL as each engine spells it. `{}` is the value."""

from dataclasses import dataclass

ENGINES = ("duckdb", "athena")


@dataclass(frozen=True)
class EngineSql:
    duckdb: str
    athena: str

    def on(self, engine: str, value: str) -> str:
        return {"duckdb": self.duckdb, "athena": self.athena}[engine].replace("{}", value)


def same(sql: str) -> EngineSql:
    return EngineSql(duckdb=sql, athena=sql)


def spelled(sql: str) -> EngineSql:
    """SQL with a `<word>` in it: the value as text, in small letters, without blanks around it."""
    duckdb, athena = (sql.replace("<word>", f"lower({trimmed(engine)})") for engine in ENGINES)
    return EngineSql(duckdb, athena)


def trimmed(engine: str) -> str:
    """The value as text without blanks around it; plain trim() takes more away, and each engine something else."""
    return {"duckdb": "trim(cast({} as varchar), ' ')", "athena": "trim(both ' ' from cast({} as varchar))"}[engine]


def matches(engine: str, pattern: str, value: str = "cast({} as varchar)") -> str:
    return {
        "duckdb": f"regexp_full_match({value}, '{pattern}')",
        "athena": rf"regexp_like({value}, '\A{pattern}\z')",  # $ would let a line end pass
    }[engine]
