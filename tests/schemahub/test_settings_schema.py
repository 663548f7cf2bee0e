"""The grammar of the settings file, as an editor has it, is that of the settings."""

from datetime import UTC, datetime

import jsonschema
import pytest

from macros_gen.config_schemas import schema_of
from macros_gen.settings_file import SettingsFile
from schemahub.settings import Settings, load_settings, parse_since

SCHEMA = jsonschema.Draft7Validator(schema_of(SettingsFile))
WRITTEN = {"lake": "./lake", "symbols": ["BTC-USD"], "since": "1h"}


def test_the_file_has_the_keys_of_the_settings() -> None:
    assert SettingsFile.model_fields.keys() == Settings.model_fields.keys()
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert {name for name, field in SettingsFile.model_fields.items() if field.is_required()} == required


def test_the_default_tolerance_is_that_of_the_settings() -> None:
    shown = load_settings(clock_tolerance=str(SettingsFile.model_fields["clock_tolerance"].default))
    assert shown.clock_tolerance == Settings.model_fields["clock_tolerance"].default


@pytest.mark.parametrize("since", ["90m", "6h", "2d", "2026-01-05", "2026-01-05T12:00:00Z"])
def test_an_editor_takes_a_since_that_a_run_takes(since: str) -> None:
    parse_since(since, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert list(SCHEMA.iter_errors(WRITTEN | {"since": since})) == []


@pytest.mark.parametrize(
    "wrong", [{"since": "yesterday"}, {"clock_tolerance": "5"}, {"symbols": []}, {"lake": ""}, {"sinse": "1h"}], ids=str
)
def test_an_editor_refuses_what_a_run_would_refuse(wrong: dict[str, object]) -> None:
    assert list(SCHEMA.iter_errors(WRITTEN)) == []
    assert list(SCHEMA.iter_errors(WRITTEN | wrong)) != []
