"""The grammar of `config/schemahub.yaml`, from which its JSON Schema is made.

The generator doesn't read the settings. `schemahub.settings` does, and converts the texts to times and durations.
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
    """The products to load from each exchange, as BASE-QUOTE: a list, or one text with commas."""
    since: str = Field(pattern=rf"^({_AGO}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*)$")
    """Where the first load of a symbol begins: 2026-01-05, 2026-01-05T12:00:00Z, 90m, 6h or 2d."""
    urls: dict[str, Annotated[str, Field(pattern="^https?://")]] = Field(default_factory=dict)
    """Base URLs of exchanges' APIs, by the name of the connector; all other exchanges use their usual address."""
    stream_urls: dict[str, Annotated[str, Field(pattern="^wss?://")]] = Field(default_factory=dict)
    """Addresses of exchanges' WebSockets, as `urls`."""
    bulk_urls: dict[str, Annotated[str, Field(pattern="^https?://")]] = Field(default_factory=dict)
    """Base URLs of exchanges' archives, as `urls`. If only `urls` names an exchange, its archives are not used."""
    clock_tolerance: str = Field(default="5m", pattern=rf"^{_AGO}$")
    """How far this machine's clock may differ from an exchange's; beyond that nothing is landed: 30s, 5m."""
    live_every: float = Field(default=10.0, gt=0, le=99999)
    """Seconds between two loads of an exchange in `schemahub live`."""
    debug: bool = False
    """Whether the traceback of an unexpected error is shown."""
    workgroup: _NotEmpty = "schemahub"
    """The Athena workgroup that dbt's statements run in."""
    s3_staging_dir: _AddressInS3 | None = None
    """Where Athena writes results, unless the workgroup sets it; by default `.athena/` in the lake."""
    s3_data_dir: _AddressInS3 | None = None
    """Where dbt puts tables on AWS; by default in the lake."""
    dbt_target_path: str | None = None
    """Where dbt puts compiled SQL and its docs; by default a folder in the lake."""
    threads: int = Field(default=2, ge=1, le=999)
    """Number of models that dbt builds at the same time."""
    memory_limit: str = Field(default="4GB", pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGTkmgt]i?[Bb]$")
    """The most memory that DuckDB may use."""
    catalog_log: str | None = None
    """The log file of the catalog that serves DuckDB; by default nothing is logged."""
    athena_retries: int = Field(default=3, ge=0, le=999)
    """How many times a failed request to Athena is repeated."""
    athena_poll_seconds: float = Field(default=1.0, gt=0, le=99999)
    """Seconds between two checks of whether an Athena statement has ended."""
