"""SQL in the dialect of each engine, in which `{}` stands for the value."""

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
    """Return `sql` with each `<word>` replaced by the value as text, in lower case, without spaces around it."""
    duckdb, athena = (sql.replace("<word>", f"lower({trimmed(engine)})") for engine in ENGINES)
    return EngineSql(duckdb, athena)


def trimmed(engine: str) -> str:
    """Return SQL for the value as text without spaces around it.

    A plain trim() also removes other characters, and which ones depends on the engine.
    """
    return {"duckdb": "trim(cast({} as varchar), ' ')", "athena": "trim(both ' ' from cast({} as varchar))"}[engine]


def matches(engine: str, pattern: str, value: str = "cast({} as varchar)") -> str:
    return {
        "duckdb": f"regexp_full_match({value}, '{pattern}')",
        "athena": rf"regexp_like({value}, '\A{pattern}\z')",  # $ would accept a line end after the value
    }[engine]
