from datetime import UTC, datetime, timedelta

import pytest

from loaders.connectors import load_connector
from loaders.exceptions import Misconfigured
from schemahub.settings import base_url, load_settings, parse_since

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAKE", "SYMBOLS", "SINCE", "CLOCK_TOLERANCE"):
        monkeypatch.delenv(f"SCHEMAHUB_{name}", raising=False)


def test_the_config_file_is_the_default() -> None:
    settings = load_settings()
    assert (settings.lake, settings.since) == ("./lake", "1h")
    assert settings.symbols == ("BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT")


def test_the_environment_wins_over_the_config_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_LAKE", "elsewhere")
    monkeypatch.setenv("SCHEMAHUB_SYMBOLS", "SOL-USD")
    settings = load_settings()
    assert (settings.lake, settings.symbols, settings.since) == ("elsewhere", ("SOL-USD",), "1h")


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_LAKE", "elsewhere")
    monkeypatch.setenv("SCHEMAHUB_SINCE", "2d")
    settings = load_settings(lake="here", since=None)
    assert (settings.lake, settings.since) == ("here", "2d")


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAKE", "SYMBOLS", "SINCE"):
        monkeypatch.setenv(f"SCHEMAHUB_{name}", "")
    assert load_settings().lake == "./lake"


def test_symbols_are_a_list_with_commas_in_capitals_and_each_once() -> None:
    assert load_settings(symbols=" btc-usd, ETH-USD,,BTC-USD ").symbols == ("BTC-USD", "ETH-USD")


@pytest.mark.parametrize("flags", [{"lake": ""}, {"symbols": ""}, {"symbols": " , "}])
def test_an_empty_flag_is_a_mistake(flags: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match=f"{next(iter(flags))}: .* at least 1"):
        load_settings(**flags)


def test_the_clock_may_be_off_by_minutes_unless_another_span_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().clock_tolerance == timedelta(minutes=5)
    monkeypatch.setenv("SCHEMAHUB_CLOCK_TOLERANCE", "30s")
    assert load_settings().clock_tolerance == timedelta(seconds=30)
    monkeypatch.setenv("SCHEMAHUB_CLOCK_TOLERANCE", f"{10**20}w")
    assert load_settings().clock_tolerance > timedelta(days=10_000)


@pytest.mark.parametrize("value", ["5", "-5m", "five minutes", "5m5s", "inf", "9" * 5_000 + "m"])
def test_a_span_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SCHEMAHUB_CLOCK_TOLERANCE", value)
    with pytest.raises(Misconfigured, match="clock_tolerance: ") as caught:
        load_settings()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "moment"),
    {
        "2026-01-05": datetime(2026, 1, 5),
        "2026-01-05T06:07:08Z": datetime(2026, 1, 5, 6, 7, 8),
        "2026-01-05 06:07": datetime(2026, 1, 5, 6, 7),
        "2026-01-05T06:07:08.123456": datetime(2026, 1, 5, 6, 7, 8, 123456),
        "2026-01-05T06:00:00+02:00": datetime(2026, 1, 5, 4),
        "20260105": datetime(2026, 1, 5),
        "1970-01-01": datetime(1970, 1, 1),
        "2026-03-01T12:30:00Z": NOW,
        "0s": NOW,
        "30s": datetime(2026, 3, 1, 12, 29, 30),
        "90m": datetime(2026, 3, 1, 11),
        "6h": datetime(2026, 3, 1, 6, 30),
        "2d": datetime(2026, 2, 27, 12, 30),
        "1w": datetime(2026, 2, 22, 12, 30),
    }.items(),
)
def test_since_is_a_moment_in_utc_or_how_long_ago(text: str, moment: datetime) -> None:
    assert parse_since(text, now=NOW) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "1",
        "1y",
        "-1h",
        "1.5h",
        "1 h",
        "²d",
        "99999999999d",
        "9999999d",
        "yesterday",
        "2026-13-01",
        "05.01.2026",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_since_in_no_known_form_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"since is .*expected a time such as .*90m, 6h or 2d"):
        parse_since(text, now=NOW)


@pytest.mark.parametrize(("text", "why"), [("2026-03-01T12:30:01Z", "future"), ("1969-12-31", "before 1970")])
def test_since_out_of_range_is_refused(text: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        parse_since(text, now=NOW)


@pytest.mark.parametrize(
    ("value", "url"),
    {
        None: "https://api.kraken.com",
        "": "https://api.kraken.com",
        "http://127.0.0.1:8000/kraken": "http://127.0.0.1:8000/kraken",
        "https://mirror.example/": "https://mirror.example",
        "http://[::1]:8000": "http://[::1]:8000",
    }.items(),
)
def test_an_exchange_is_asked_at_its_own_address_unless_a_variable_names_another(value: str | None, url: str) -> None:
    environment = {} if value is None else {"SCHEMAHUB_KRAKEN_URL": value}
    assert base_url(load_connector("kraken"), environment) == url


@pytest.mark.parametrize("value", ["api.kraken.com", "ftp://api.kraken.com", "http://", "http://[", "http://a:99999"])
def test_an_address_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Misconfigured, match=r"SCHEMAHUB_KRAKEN_URL is .*expected an address that begins with http"):
        base_url(load_connector("kraken"), {"SCHEMAHUB_KRAKEN_URL": value})
