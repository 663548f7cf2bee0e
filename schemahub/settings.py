"""Settings: a flag wins over a `SCHEMAHUB_*` environment variable, and that over `config/schemahub.yaml`."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from lakehouse.errors import Misconfigured
from lakehouse.printable import without_password
from loaders.connector import Connector
from registry.read_config import problem_lines
from registry.yaml_file import BadYaml, read_yaml

from .variables import PREFIX, variable_problems

PROJECT = Path(__file__).resolve().parents[1]
"""The folder that holds config/, dbt_project/ and profiles/."""

_FILE = "config/schemahub.yaml"

_AGO = re.compile(r"(?P<amount>[0-9]+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Settings(BaseSettings):
    """What a run needs to know besides the mapping registry."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    lake: Annotated[str, Field(min_length=1)]
    """A folder, or s3://bucket/prefix."""
    symbols: Annotated[tuple[str, ...], NoDecode, Field(min_length=1)]
    """Products as BASE-QUOTE, in capitals or not; each exchange loads those that it lists."""
    since: str
    """Where a product that was never loaded begins: a time, or how long ago."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """By how much this machine's clock may differ from an exchange's: 30s, 5m."""

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
        return init_settings, env_settings, InitSettingsSource(settings_cls, _settings_file())


def _settings_file() -> dict[str, Any]:
    """What `config/schemahub.yaml` says; a date there is text, as elsewhere in config/."""
    try:
        content = read_yaml(PROJECT / _FILE)
    except BadYaml as error:
        raise Misconfigured(f"{_FILE}{error}") from error
    if not isinstance(content, dict):
        raise Misconfigured(f"{_FILE}: must hold settings as keys and values; use: {', '.join(Settings.model_fields)}")
    return content


def load_settings(**flags: str | None) -> Settings:
    """The settings, with the `flags` that were given; raises Misconfigured with every problem in one line."""
    given: Mapping[str, Any] = {name: value for name, value in flags.items() if value is not None}
    problems = list(variable_problems(Settings.model_fields, os.environ))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += problem_lines(error, Settings)
    if problems:
        raise Misconfigured(f"settings (flags, SCHEMAHUB_* or {_FILE}): {'; '.join(problems)}")
    return settings


def lake_of(lake: str | None, s3_bucket: str | None, s3_prefix: str | None) -> str | None:
    """The lake that flags name: `--lake`, or `--s3-bucket` and perhaps `--s3-prefix`; None where none is given."""
    if s3_bucket is None and s3_prefix is None:
        return lake
    if lake is not None:
        raise Misconfigured("--lake and --s3-bucket both name a lake; give one of them")
    if not s3_bucket:
        raise Misconfigured("--s3-prefix needs --s3-bucket, which names the bucket that it is in")
    return f"s3://{s3_bucket}/{(s3_prefix or '').strip('/')}".rstrip("/")


def base_url(connector: Connector, environment: Mapping[str, str] = os.environ) -> str:
    """Where an exchange is asked: `SCHEMAHUB_<NAME>_URL` where set, else the venue's own address."""
    variable = f"{PREFIX}{connector.name.upper()}_URL"
    url = environment.get(variable) or connector.base_url
    if not _is_address(url):
        raise Misconfigured(
            f"{variable} is {without_password(url)!r}; expected an address that begins with http:// or https://"
        )
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port, or an IPv6 address, that is none
        return False


def parse_since(text: str, *, now: datetime) -> datetime:
    """A moment in UTC from `2026-01-05`, `2026-01-05T00:00:00Z`, or how long before `now`: `90m`, `2d`."""
    try:
        moment = _moment(text, now)
    except (ValueError, OverflowError):
        raise Misconfigured(
            f"since is {text!r}; expected a time such as 2026-01-05T00:00:00Z, or how long ago, such as 90m, 6h or 2d"
        ) from None
    if moment > now:
        raise Misconfigured(f"since is {text!r}, which is in the future")
    if moment < _EARLIEST:
        raise Misconfigured(f"since is {text!r}, which is before {_EARLIEST.year}")
    return moment


def _moment(text: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["amount"])})
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
