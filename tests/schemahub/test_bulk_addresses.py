"""Where a run finds an exchange's archives, and when it uses none."""

import os

import pytest

from lakehouse.errors import Misconfigured
from loaders.connectors import load_bulk
from schemahub.settings import bulk_url, load_settings
from schemahub.variables import PREFIX


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("api", "archives", "url"),
    [
        (None, None, "https://data.binance.vision"),
        ("http://x", None, None),
        (None, "http://y/", "http://y"),
        ("http://x", "http://y", "http://y"),
    ],
)
def test_another_api_has_no_archives_unless_their_address_is_set_too(
    monkeypatch: pytest.MonkeyPatch, api: str | None, archives: str | None, url: str | None
) -> None:
    for name, value in (("SCHEMAHUB_BINANCE_URL", api), ("SCHEMAHUB_BINANCE_BULK_URL", archives)):
        monkeypatch.setenv(name, value or "")
    bulk = load_bulk("binance")
    assert bulk is not None
    assert bulk_url("binance", bulk, load_settings()) == url


def test_only_an_exchange_with_archives_has_an_address_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_KRAKEN_BULK_URL", "http://x")
    with pytest.raises(Misconfigured, match="SCHEMAHUB_KRAKEN_BULK_URL is not a setting"):
        load_settings()
