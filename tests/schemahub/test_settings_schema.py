"""The schema of the settings file, which editors use, matches the settings."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from lakehouse.errors import Misconfigured
from macros_gen.config_schemas import schema_of
from macros_gen.settings_file import SettingsFile
from schemahub.settings import Settings, load_settings, parse_since

SCHEMA = jsonschema.Draft7Validator(schema_of(SettingsFile))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WRITTEN: dict[str, Any] = {"lake": "./lake", "symbols": ["BTC-USD"], "since": "1h"}


def test_the_file_has_the_keys_of_the_settings() -> None:
    assert SettingsFile.model_fields.keys() == Settings.model_fields.keys()
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert {name for name, field in SettingsFile.model_fields.items() if field.is_required()} == required


def test_the_defaults_are_those_of_the_settings() -> None:
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in SettingsFile.model_fields.items()
        if not field.is_required()
    }
    read = load_settings(clock_tolerance=defaults.pop("clock_tolerance"))
    assert read.clock_tolerance == Settings.model_fields["clock_tolerance"].default
    assert defaults == {name: Settings.model_fields[name].get_default(call_default_factory=True) for name in defaults}


@pytest.mark.parametrize("since", ["90m", "6h", "2d", "2026-01-05", "2026-01-05T12:00:00Z"])
def test_an_editor_accepts_a_since_that_a_run_accepts(since: str) -> None:
    parse_since(since, now=NOW)
    assert list(SCHEMA.iter_errors(WRITTEN | {"since": since})) == []


WRONG: list[dict[str, Any]] = [
    {"since": "yesterday"},
    {"clock_tolerance": "5"},
    {"symbols": []},
    {"lake": ""},
    {"sinse": "1h"},
    {"threads": 0},
    {"memory_limit": "much"},
    {"s3_data_dir": "./data"},
    {"athena_poll_seconds": 0},
    {"athena_retries": -1},
    {"live_every": 0},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_an_editor_refuses_what_a_run_refuses(wrong: dict[str, Any]) -> None:
    assert list(SCHEMA.iter_errors(WRITTEN)) == []
    assert list(SCHEMA.iter_errors(WRITTEN | wrong)) != []
    with pytest.raises((ValidationError, Misconfigured)):
        parse_since(Settings(**(WRITTEN | wrong)).since, now=NOW)
