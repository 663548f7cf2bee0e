"""Settings: a flag overrides a `SCHEMAHUB_*` environment variable, which overrides `config/schemahub.yaml`.

No other module reads a `SCHEMAHUB_*` variable, except for the options of commands (`variables.OPTIONS`). Other
processes, such as dbt, are given what they need: see `Settings.dbt_environment`.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from lakehouse.errors import Misconfigured
from lakehouse.printable import without_password
from loaders.connectors import connector_names, names_with_archives
from registry.read_config import problem_lines
from registry.yaml_file import BadYaml, read_yaml

from .variables import (
    OPTIONS,
    PREFIX,
    bulk_url_variable,
    stream_url_variable,
    unknown_variables,
    url_variable,
    variable,
)

if TYPE_CHECKING:
    from loaders.bulk import BulkFiles
    from loaders.connector import Connector
    from loaders.stream import StreamConnector

PROJECT = Path(__file__).resolve().parents[1]
"""The folder that holds config/, dbt_project/ and profiles/."""

FOR_DBT = (
    "workgroup",
    "s3_staging_dir",
    "s3_data_dir",
    "threads",
    "memory_limit",
    "catalog_log",
    "athena_retries",
    "athena_poll_seconds",
)
"""The settings that profiles.yml reads in addition to the lake."""

_FILE = "config/schemahub.yaml"

_ADDRESSES = {
    "urls": (url_variable, connector_names),
    "stream_urls": (stream_url_variable, connector_names),
    "bulk_urls": (bulk_url_variable, names_with_archives),
}
"""The settings with an address for each exchange: how the variable of one exchange is called, and which have one."""

_AGO = re.compile(r"(?P<amount>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def _written_as(pattern: str, expected: str) -> BeforeValidator:
    """Accept only values that match `pattern`, because dbt would fail on others later."""

    def check(value: Any) -> Any:
        if value is None or re.fullmatch(pattern, str(value)):
            return value
        raise ValueError(f"expected {expected}, found {str(value)[:40]!r}")

    return BeforeValidator(check)


_AddressInS3 = Annotated[str, _written_as(r"s3://.+", "an address that begins with s3://")]


class Settings(BaseSettings):
    """What a run needs to know in addition to the registry."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    lake: Annotated[str, Field(min_length=1)]
    """Where the tables are: a folder, or s3://bucket/prefix."""
    symbols: Annotated[tuple[str, ...], NoDecode, Field(min_length=1)]
    """The products to load, as BASE-QUOTE in upper or lower case. Each exchange loads those that it lists."""
    since: str
    """When the first load of a product begins: a time, or how long ago."""
    urls: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)
    """The base URLs of exchanges' APIs, by connector name. Exchanges without one use their own address."""
    stream_urls: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)
    """The addresses of exchanges' WebSockets, as `urls`."""
    bulk_urls: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)
    """The base URLs of exchanges' bulk files, as `urls`. If only the API of an exchange has another address, none are
    used: the new address may be of another market."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """How far this machine's clock may be from an exchange's before nothing is landed: 30s, 5m."""
    live_every: Annotated[
        float, _written_as(r"(?!0+(\.0*)?$)[0-9]{1,5}(\.[0-9]{1,6})?", "a number of seconds above 0")
    ] = 10.0
    """The number of seconds between two loads of an exchange in `live`."""
    debug: bool = False
    """Whether an unexpected error is reported with its traceback."""
    workgroup: Annotated[str, Field(min_length=1)] = "schemahub"
    """The Athena workgroup that dbt's statements run in."""
    s3_staging_dir: _AddressInS3 | None = None
    """Where Athena writes results, unless the workgroup sets it; by default `.athena/` in the lake."""
    s3_data_dir: _AddressInS3 | None = None
    """Where dbt puts tables on Athena; the lake by default."""
    dbt_target_path: str | None = None
    """The folder for dbt's compiled SQL and docs; by default a folder of the lake."""
    threads: Annotated[int, _written_as(r"[1-9][0-9]{0,2}", "a whole number of at least 1")] = 2
    """The number of models that dbt builds at the same time."""
    memory_limit: Annotated[str, _written_as(r"(?i:[0-9]+(\.[0-9]+)? ?[KMGT]i?B)", "a size such as 4GB")] = "4GB"
    """The memory that DuckDB may use."""
    catalog_log: str | None = None
    """The log file of the catalog through which dbt and DuckDB write; by default nothing is logged."""
    athena_retries: Annotated[int, _written_as(r"[0-9]{1,3}", "a whole number of at least 0")] = 3
    """How often boto3 repeats a failed request to Athena."""
    athena_poll_seconds: Annotated[
        float, _written_as(r"(?!0+(\.0*)?$)[0-9]{1,5}(\.[0-9]{1,6})?", "a number of seconds above 0")
    ] = 1.0
    """The number of seconds between two checks of whether an Athena statement has ended."""

    @property
    def dbt_environment(self) -> dict[str, str]:
        """What profiles.yml reads in addition to the lake, as environment variables."""
        values = {variable(name): getattr(self, name) for name in FOR_DBT}
        return {name: str(value) for name, value in values.items() if value is not None}

    @field_validator("clock_tolerance", mode="before")
    @classmethod
    def _duration(cls, value: Any) -> Any:
        if isinstance(value, timedelta):  # the default
            return value
        match = _AGO.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"expected a number of seconds or minutes such as 30s or 5m, found {str(value)[:40]!r}")
        try:
            return timedelta(**{_UNITS[match["unit"]]: int(match["amount"])})
        except OverflowError:
            return timedelta.max

    @field_validator("symbols", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("symbols", mode="after")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, _url_variables()),
            InitSettingsSource(settings_cls, _settings_file()),
        )


def _url_variables() -> dict[str, Any]:
    """The addresses of exchanges in `SCHEMAHUB_<EXCHANGE>_URL`, and `_STREAM_URL` and `_BULK_URL`, by setting."""
    found = {
        field: {name: url for name in names() if (url := os.environ.get(variable_of(name)))}
        for field, (variable_of, names) in _ADDRESSES.items()
    }
    return {field: urls for field, urls in found.items() if urls}


def _settings_file() -> dict[str, Any]:
    """The content of `config/schemahub.yaml`; dates are text, as in all of config/."""
    try:
        content = read_yaml(PROJECT / _FILE)
    except BadYaml as error:
        raise Misconfigured(f"{_FILE}{error}") from error
    if not isinstance(content, dict):
        raise Misconfigured(f"{_FILE}: must hold settings as keys and values; use: {', '.join(Settings.model_fields)}")
    return content


def load_settings(**flags: str | None) -> Settings:
    """The settings, including the given `flags`; raises Misconfigured with all problems in one line."""
    given: Mapping[str, Any] = {name: value for name, value in flags.items() if value is not None}
    problems = list(unknown_variables(known_variables(), os.environ))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += problem_lines(error, Settings)
    if problems:
        raise Misconfigured(f"settings (flags, SCHEMAHUB_* or {_FILE}): {'; '.join(problems)}")
    return settings


def known_variables() -> set[str]:
    """The names of all variables that are settings."""
    fields = {variable(name) for name in Settings.model_fields if name not in _ADDRESSES}
    return (
        fields
        | {variable_of(name) for variable_of, names in _ADDRESSES.values() for name in names()}
        | {variable(name) for name in OPTIONS}
    )


def lake_of(lake: str | None, s3_bucket: str | None, s3_prefix: str | None) -> str | None:
    """The lake that flags name: `--lake`, or `--s3-bucket` and optionally `--s3-prefix`; None without them."""
    if s3_bucket is None and s3_prefix is None:
        return lake
    if lake is not None:
        raise Misconfigured("--lake and --s3-bucket both name a lake; give one of them")
    if not s3_bucket:
        raise Misconfigured("--s3-prefix needs --s3-bucket, which names the bucket that it is in")
    return f"s3://{s3_bucket}/{(s3_prefix or '').strip('/')}".rstrip("/")


def base_url(connector: "Connector", urls: Mapping[str, str]) -> str:
    """The base URL of an exchange's API: the one in `urls` of the settings, or the exchange's own."""
    url = urls.get(connector.name) or connector.base_url
    return _checked(url, url_variable(connector.name), ("http", "https"))


def stream_url(stream: "StreamConnector", stream_urls: Mapping[str, str]) -> str:
    """The address of an exchange's WebSocket, without its path: the one in `stream_urls`, or the exchange's own."""
    url = stream_urls.get(stream.name) or stream.url
    return _checked(url, stream_url_variable(stream.name), ("ws", "wss"))


def bulk_url(exchange: str, bulk: "BulkFiles", settings: Settings) -> str | None:
    """The base URL of an exchange's bulk files; None if the API has another address than the exchange's own.

    The address in `bulk_urls` of the settings applies in any case.
    """
    url = settings.bulk_urls.get(exchange) or (None if settings.urls.get(exchange) else bulk.url)
    return None if url is None else _checked(url, bulk_url_variable(exchange), ("http", "https"))


def _checked(url: str, name: str, schemes: tuple[str, str]) -> str:
    if not _is_address(url, schemes):
        raise Misconfigured(
            f"{name} is {without_password(url)!r}; expected an address that begins with "
            f"{' or '.join(f'{scheme}://' for scheme in schemes)}"
        )
    return url.rstrip("/")


def _is_address(url: str, schemes: tuple[str, str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port or the IPv6 address is invalid
        return False


def parse_duration(text: str, what: str) -> timedelta:
    """A duration such as 30s or 5m; `what` names it in the error, a Misconfigured."""
    match = _AGO.fullmatch(text)
    if match is None:
        raise Misconfigured(f"{what} is {text[:40]!r}; expected how long, such as 60s, 5m or 2h")
    try:
        return timedelta(**{_UNITS[match["unit"]]: int(match["amount"])})
    except (OverflowError, ValueError):  # Python reads no number of more than 4,300 digits
        return timedelta.max


def parse_since(text: str, *, now: datetime, name: str = "since") -> datetime:
    """A moment in UTC from `2026-01-05`, `2026-01-05T00:00:00Z`, or a duration before `now`: `90m`, `2d`."""
    try:
        moment = _moment(text, now)
    except (ValueError, OverflowError):
        raise Misconfigured(
            f"{name} is {text!r}; expected a time such as 2026-01-05T00:00:00Z, or how long ago, such as 90m, 6h or 2d"
        ) from None
    if moment > now:
        raise Misconfigured(f"{name} is {text!r}, which is in the future")
    if moment < _EARLIEST:
        raise Misconfigured(f"{name} is {text!r}, which is before {_EARLIEST.year}")
    return moment


def _moment(text: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["amount"])})
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
