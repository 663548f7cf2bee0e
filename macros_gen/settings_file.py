"""The grammar of `config/schemahub.yaml`: the settings as they are written there, for its JSON Schema.

The generator doesn't read the settings. `schemahub.settings` does, and turns the texts into times and durations.
"""

from typing import Annotated

from pydantic import Field

from registry.declarations import Declaration

_AGO = r"[0-9]+[smhdw]"

_AddressInS3 = Annotated[str, Field(pattern="^s3://.")]
_NotEmpty = Annotated[str, Field(min_length=1)]


class SettingsFile(Declaration):
    lake: _NotEmpty
    """Where the tables are: a folder, or s3://bucket/prefix."""
    symbols: _NotEmpty | Annotated[list[str], Field(min_length=1)]
    """What each exchange loads, as BASE-QUOTE: a list, or one text with commas."""
    since: str = Field(pattern=rf"^({_AGO}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*)$")
    """Where a symbol that was never loaded begins: 2026-01-05, 2026-01-05T12:00:00Z, 90m, 6h or 2d."""
    urls: dict[str, Annotated[str, Field(pattern="^https?://")]] = Field(default_factory=dict)
    """Base URL of an exchange's API, by the name of its connector; others are at their own address."""
    clock_tolerance: str = Field(default="5m", pattern=rf"^{_AGO}$")
    """How far this machine's clock may be from an exchange's before nothing is landed: 30s, 5m."""
    debug: bool = False
    """True shows the traceback of an unexpected error."""
    workgroup: _NotEmpty = "schemahub"
    """The Athena workgroup that dbt's statements run in."""
    s3_staging_dir: _AddressInS3 | None = None
    """Where Athena writes results, unless the workgroup sets it; by default `.athena/` in the lake."""
    s3_data_dir: _AddressInS3 | None = None
    """Where dbt puts tables on AWS; by default the lake."""
    dbt_target_path: str | None = None
    """Where dbt puts compiled SQL and its docs; by default a folder in the lake."""
    threads: int = Field(default=2, ge=1, le=999)
    """Number of models that dbt builds at a time."""
    memory_limit: str = Field(default="4GB", pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGTkmgt]i?[Bb]$")
    """Memory that DuckDB may use."""
    catalog_log: str | None = None
    """Log file of the catalog that serves DuckDB; by default nothing is logged."""
    athena_retries: int = Field(default=3, ge=0, le=999)
    """How often a failed request to Athena is repeated."""
    athena_poll_seconds: float = Field(default=1.0, gt=0, le=99999)
    """Seconds between two checks whether an Athena statement has ended."""
