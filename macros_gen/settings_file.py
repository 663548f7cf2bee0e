"""The grammar of `config/schemahub.yaml`: the settings as they are written there, for its JSON Schema.

The generator doesn't read the settings. `schemahub.settings` does, and turns the texts into times and durations.
"""

from typing import Annotated

from pydantic import Field

from registry.declarations import Declaration

_AGO = r"[0-9]+[smhdw]"

_NotEmpty = Annotated[str, Field(min_length=1)]


class SettingsFile(Declaration):
    lake: _NotEmpty
    """Where the tables are: a folder, or s3://bucket/prefix."""
    symbols: _NotEmpty | Annotated[list[str], Field(min_length=1)]
    """What each exchange loads, as BASE-QUOTE: a list, or one text with commas."""
    since: str = Field(pattern=rf"^({_AGO}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*)$")
    """Where a symbol that was never loaded begins: 2026-01-05, 2026-01-05T12:00:00Z, 90m, 6h or 2d."""
    clock_tolerance: str = Field(default="5m", pattern=rf"^{_AGO}$")
    """How far this machine's clock may be from an exchange's before nothing is landed: 30s, 5m."""
