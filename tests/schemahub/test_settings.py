import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured
from loaders.connectors import load_connector, load_stream
from schemahub import settings
from schemahub.settings import (
    FOR_DBT,
    PROJECT,
    Settings,
    base_url,
    known_variables,
    load_settings,
    parse_duration,
    parse_since,
    stream_url,
)
from schemahub.variables import OPTIONS, PREFIX, variable

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_the_config_file_is_the_default() -> None:
    settings = load_settings()
    assert (settings.lake, settings.since) == ("./lake", "1h")
    assert settings.symbols == ("BTC-USD", "ETH-USD", "BTC-USDT", "ETH-USDT")


def test_the_environment_overrides_the_config_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_LAKE", "elsewhere")
    monkeypatch.setenv("SCHEMAHUB_SYMBOLS", "SOL-USD")
    settings = load_settings()
    assert (settings.lake, settings.symbols, settings.since) == ("elsewhere", ("SOL-USD",), "1h")


def test_a_flag_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_LAKE", "elsewhere")
    monkeypatch.setenv("SCHEMAHUB_SINCE", "2d")
    settings = load_settings(lake="here", since=None)
    assert (settings.lake, settings.since) == ("here", "2d")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAKE", "SYMBOLS", "SINCE"):
        monkeypatch.setenv(f"SCHEMAHUB_{name}", "")
    assert load_settings().lake == "./lake"


def test_symbols_are_separated_by_commas_and_duplicates_are_dropped() -> None:
    assert load_settings(symbols=" kBONK-usd, ETH-USD,,ETH-USD ").symbols == ("kBONK-usd", "ETH-USD")


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of another project, which a test writes."""
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "schemahub.yaml"


PLAIN = {"lake": "./lake", "since": "1h", "symbols": "[BTC-USD]"}


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("since", "2026-01-05", "2026-01-05"),
        ("since", "2026-01-05T06:07:08Z", "2026-01-05T06:07:08Z"),
        ("since", "2026-01-05 06:07", "2026-01-05 06:07"),
        ("lake", "NO", "NO"),
        ("lake", "on", "on"),
        ("lake", "0x1F", "0x1F"),
        ("lake", "!!str 2026", "2026"),
        ("symbols", "BTC-USD, eth-usd", ("BTC-USD", "eth-usd")),
        ("symbols", "[NO-USD, 1E5-USD, 'ETH-USD']", ("NO-USD", "1E5-USD", "ETH-USD")),
    ],
)
def test_a_setting_in_the_file_is_read_as_it_is_written(
    settings_file: Path, key: str, written: str, read: object
) -> None:
    settings_file.write_text("".join(f"{name}: {value}\n" for name, value in {**PLAIN, key: written}.items()))
    assert getattr(load_settings(), key) == read


WRITTEN = "".join(f"{name}: {value}\n" for name, value in PLAIN.items())
FILE_MISTAKES = {
    "number": (WRITTEN.replace("./lake", "2026"), "lake: expected text, found 2026; put it in quotes"),
    "flag": (WRITTEN.replace("./lake", "true"), "lake: expected text, found true; put it in quotes"),
    "null": (WRITTEN.replace("./lake", "~"), "lake: expected text, found null; put it in quotes"),
    "list": (WRITTEN.replace("1h", "[1h]"), "since: expected text, found ['1h']"),
    "number among symbols": (WRITTEN.replace("BTC-USD", "7"), "symbols.0: expected text, found 7; put it in quotes"),
    "map of symbols": (WRITTEN.replace("[BTC-USD]", "{a: b}"), "symbols: Input should be a valid tuple, found {"),
    "key twice": (WRITTEN + "lake: other\n", "config/schemahub.yaml:4:1: key `lake` is given twice, in lines 1 and 4"),
    "key too few": ("lake: ./lake\nsince: 1h\n", "key `symbols` is missing"),
    "key too many": (WRITTEN + "simbols: []\n", "unknown key `simbols`; did you mean `symbols`? use one of: lake, "),
    "broken": ("lake: [", "config/schemahub.yaml:1:8: "),
    "list of settings": ("- lake", "config/schemahub.yaml: must hold settings as keys and values; use: lake, "),
    "empty": ("", "config/schemahub.yaml: must hold settings as keys and values"),
    "deep": (f"lake: {'[' * 5_000}", "config/schemahub.yaml:1:56: is nested more than 50 deep"),
    "odd tag": (WRITTEN.replace("./lake", "!!int x"), "config/schemahub.yaml:1:7: tag `!!int` doesn't fit"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILE_MISTAKES)
def test_a_mistake_in_the_settings_file_is_reported_in_one_line(settings_file: Path, name: str) -> None:
    text, problem = FILE_MISTAKES[name]
    settings_file.write_text(text)
    with pytest.raises(Misconfigured, match=re.escape(problem)) as caught:
        load_settings()
    assert str(caught.value).isprintable()


def test_a_missing_settings_file_is_reported_in_one_line(settings_file: Path) -> None:
    with pytest.raises(Misconfigured, match=r"^config/schemahub.yaml: can't be read: No such file"):
        load_settings()


def test_all_mistakes_in_file_flags_and_variables_are_reported_together(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text("lake: 7\nsince: true\nsymbols: [BTC-USD]\n")
    monkeypatch.setenv("SCHEMAHUB_SYMBOL", "ETH-USD")
    with pytest.raises(Misconfigured) as caught:
        load_settings(symbols="")
    message = str(caught.value)
    assert all(each in message for each in ("SCHEMAHUB_SYMBOLS?", "lake: expected", "since: expected", "symbols: "))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("SCHEMAHUB_SYMBOL", "is not a setting; did you mean SCHEMAHUB_SYMBOLS?"),
        ("SCHEMAHUB_WORK_GROUP", "is not a setting; did you mean SCHEMAHUB_WORKGROUP?"),
        ("SCHEMAHUB_KRAKN_URL", "is not a setting; did you mean SCHEMAHUB_KRAKEN_URL?"),
        ("SCHEMAHUB_URLS", "is not a setting; README.md lists all settings"),
        ("SCHEMAHUB_NONSENSE", "is not a setting; README.md lists all settings"),
        (f"SCHEMAHUB_{'X' * 5_000}", "is not a setting; README.md lists all settings"),
    ],
)
def test_a_variable_that_nobody_would_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str, problem: str) -> None:
    monkeypatch.setenv(name, "mine")
    with pytest.raises(Misconfigured, match=re.escape(f"{name[:110]} {problem}")) as caught:
        load_settings()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("threads", "many", "expected a whole number of at least 1, found 'many'"),
        ("threads", "0", "expected a whole number of at least 1, found '0'"),
        ("athena_retries", "-1", "expected a whole number of at least 0, found '-1'"),
        ("athena_poll_seconds", "0.0", "expected a number of seconds above 0, found '0.0'"),
        ("memory_limit", "4", "expected a size such as 4GB, found '4'"),
        ("s3_data_dir", "/data", "expected an address that begins with s3://, found '/data'"),
        ("debug", "maybe", "Input should be a valid boolean"),
    ],
)
def test_a_value_on_which_dbt_would_fail_is_named(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable(field), value)
    with pytest.raises(Misconfigured, match=re.escape(f"{field}: {problem}")):
        load_settings()


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("threads", "8", 8),
        ("athena_retries", "0", 0),
        ("athena_poll_seconds", "0.05", 0.05),
        ("memory_limit", "1.5 GiB", "1.5 GiB"),
        ("s3_staging_dir", "s3://bucket/results/", "s3://bucket/results/"),
        ("catalog_log", "requests.log", "requests.log"),
        ("debug", "1", True),
        ("debug", "0", False),
        ("debug", "", False),
    ],
)
def test_a_value_is_taken_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, field: str, written: str, read: object
) -> None:
    monkeypatch.setenv(variable(field), written)
    assert getattr(load_settings(), field) == read


def test_every_setting_may_be_in_the_file(settings_file: Path) -> None:
    addresses = "urls: {kraken: 'http://x'}\nstream_urls: {kraken: 'ws://x'}\n"
    settings_file.write_text(WRITTEN + "threads: 8\nathena_poll_seconds: 0.5\nlive_every: 2.5\n" + addresses)
    read = load_settings()
    assert (read.threads, read.athena_poll_seconds, read.live_every) == (8, 0.5, 2.5)
    assert (read.urls, read.stream_urls) == ({"kraken": "http://x"}, {"kraken": "ws://x"})


def test_a_variable_overrides_only_the_address_of_its_own_exchange_in_the_file(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = "urls: {kraken: 'http://a', binance: 'http://b'}\nstream_urls: {kraken: 'ws://a', binance: 'ws://b'}\n"
    settings_file.write_text(WRITTEN + addresses)
    monkeypatch.setenv("SCHEMAHUB_KRAKEN_URL", "http://c")
    monkeypatch.setenv("SCHEMAHUB_BINANCE_STREAM_URL", "ws://c")
    assert load_settings().urls == {"kraken": "http://c", "binance": "http://b"}
    assert load_settings().stream_urls == {"kraken": "ws://a", "binance": "ws://c"}


def readme_rows() -> dict[str, str]:
    """The rows of the table of settings in the README, by the variables that they name."""
    rows = [line for line in (PROJECT / "README.md").read_text().splitlines() if line.startswith("|")]
    return {name: row for row in rows for name in re.findall(r"`(SCHEMAHUB_[A-Z0-9_<>]+)`", row)}


def test_the_readme_has_one_table_of_all_settings_and_of_no_others() -> None:
    fields = {variable(name) for name in Settings.model_fields if not name.endswith("urls")}
    options = {variable(name) for name in OPTIONS}
    addresses = {f"SCHEMAHUB_<EXCHANGE>_{what}" for what in ("URL", "STREAM_URL", "BULK_URL")}
    assert readme_rows().keys() == fields | options | addresses


def test_the_readme_has_the_default_of_every_setting() -> None:
    usual = {**Settings.model_construct().model_dump(), **load_settings().model_dump()}
    shown = {
        "clock_tolerance": "5m",
        "symbols": ", ".join(usual["symbols"]),
        "debug": "0",
        "athena_poll_seconds": "1",
        "live_every": "10",
    }
    for name, default in usual.items():
        if not name.endswith("urls") and default is not None:
            assert f"| {shown.get(name, default)} |" in readme_rows()[variable(name)].replace("`", ""), name


def test_no_other_module_reads_a_variable_and_the_profile_reads_only_what_it_is_given() -> None:
    reading = re.compile(r"""environ[^\n]*["']SCHEMAHUB_""")
    packages = ("advisor", "lakehouse", "loaders", "macros_gen", "profiles", "schemahub")
    modules = (path for package in packages for path in (PROJECT / package).rglob("*.py"))
    assert [path for path in modules if reading.search(path.read_text())] == []
    profile = (PROJECT / "profiles" / "profiles.yml").read_text()
    read = set(re.findall(rf"env_var\(\s*'({PREFIX}[A-Z0-9_]+)'", profile))
    assert read == {variable(name) for name in (*FOR_DBT, "lake")}
    assert read < known_variables()


def test_the_profile_has_the_defaults_of_the_settings_for_those_who_run_dbt_by_hand() -> None:
    profile = (PROJECT / "profiles" / "profiles.yml").read_text()
    defaults = dict(re.findall(rf"env_var\('{PREFIX}([A-Z0-9_]+)', '([^']*)'\)", profile))
    ours = load_settings()
    assert defaults.pop("LAKE") == ours.lake.removeprefix("./")
    assert defaults.pop("CATALOG_LOG") == ""
    assert defaults.keys() == {"WORKGROUP", "THREADS", "MEMORY_LIMIT", "ATHENA_RETRIES", "ATHENA_POLL_SECONDS"}
    assert {name: type(getattr(ours, name.lower()))(text) for name, text in defaults.items()} == {
        name: getattr(ours, name.lower()) for name in defaults
    }


@pytest.mark.parametrize("flags", [{"lake": ""}, {"symbols": ""}, {"symbols": " , "}])
def test_an_empty_flag_is_a_mistake(flags: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match=f"{next(iter(flags))}: .* at least 1"):
        load_settings(**flags)


def test_the_clock_may_be_off_by_minutes_unless_another_duration_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().clock_tolerance == timedelta(minutes=5)
    monkeypatch.setenv("SCHEMAHUB_CLOCK_TOLERANCE", "30s")
    assert load_settings().clock_tolerance == timedelta(seconds=30)
    monkeypatch.setenv("SCHEMAHUB_CLOCK_TOLERANCE", f"{10**20}w")
    assert load_settings().clock_tolerance > timedelta(days=10_000)


@pytest.mark.parametrize("value", ["5", "-5m", "five minutes", "5m5s", "inf", "9" * 5_000 + "m"])
def test_an_invalid_duration_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
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
def test_an_exchanges_own_address_is_used_unless_a_variable_names_another(value: str | None, url: str) -> None:
    urls = {} if value is None else {"kraken": value}
    assert base_url(load_connector("kraken"), urls) == url


@pytest.mark.parametrize("value", ["api.kraken.com", "ftp://api.kraken.com", "http://", "http://[", "http://a:99999"])
def test_an_invalid_address_is_refused(value: str) -> None:
    with pytest.raises(Misconfigured, match=r"SCHEMAHUB_KRAKEN_URL is .*expected an address that begins with http"):
        base_url(load_connector("kraken"), {"kraken": value})


@pytest.mark.parametrize(
    ("value", "url"),
    {
        None: "wss://ws.kraken.com",
        "": "wss://ws.kraken.com",
        "ws://127.0.0.1:8000/kraken/": "ws://127.0.0.1:8000/kraken",
        "wss://user:secret@mirror.example": "wss://user:secret@mirror.example",
    }.items(),
)
def test_an_exchanges_own_stream_is_used_unless_a_variable_names_another(value: str | None, url: str) -> None:
    stream = load_stream("kraken")
    assert stream is not None
    assert stream_url(stream, {} if value is None else {"kraken": value}) == url


@pytest.mark.parametrize("value", ["ws.kraken.com", "https://user:secret@ws.kraken.com", "ws://", "ws://a:99999"])
def test_an_invalid_address_of_a_stream_is_refused_and_no_password_shown(value: str) -> None:
    stream = load_stream("kraken")
    assert stream is not None
    with pytest.raises(
        Misconfigured, match=r"_KRAKEN_STREAM_URL is .*address that begins with ws:// or wss://"
    ) as caught:
        stream_url(stream, {"kraken": value})
    assert "secret" not in str(caught.value)


def test_a_duration_is_a_number_with_a_unit() -> None:
    assert parse_duration("60s", "--for") == timedelta(minutes=1)
    assert parse_duration("9" * 20 + "w", "--for") == timedelta.max
    assert parse_duration("9" * 5_000 + "s", "--for") == timedelta.max
    with pytest.raises(Misconfigured, match=r"--for is '60'; expected how long, such as 60s"):
        parse_duration("60", "--for")
