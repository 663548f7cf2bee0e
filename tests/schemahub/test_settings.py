import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured
from loaders.connectors import load_connector
from schemahub import settings
from schemahub.settings import PROJECT, Settings, base_url, load_settings, parse_since
from schemahub.variables import FORMS

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


def test_symbols_are_a_list_with_commas_as_they_are_spelled_and_each_once() -> None:
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
def test_a_setting_of_the_file_is_read_as_it_is_written(
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
    "odd tag": (WRITTEN.replace("./lake", "!!int x"), "config/schemahub.yaml:1:7: tag `!!int` on what is none"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILE_MISTAKES)
def test_a_mistake_in_the_settings_file_is_one_line(settings_file: Path, name: str) -> None:
    text, problem = FILE_MISTAKES[name]
    settings_file.write_text(text)
    with pytest.raises(Misconfigured, match=re.escape(problem)) as caught:
        load_settings()
    assert str(caught.value).isprintable()


def test_a_settings_file_that_is_missing_is_one_line(settings_file: Path) -> None:
    with pytest.raises(Misconfigured, match=r"^config/schemahub.yaml: can't be read: No such file"):
        load_settings()


def test_all_mistakes_of_file_flags_and_variables_are_told_at_once(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text("lake: 7\nsince: true\nsymbols: [BTC-USD]\n")
    monkeypatch.setenv("SCHEMAHUB_SYMBOL", "ETH-USD")
    with pytest.raises(Misconfigured) as caught:
        load_settings(symbols="")
    told = str(caught.value)
    assert all(each in told for each in ("SCHEMAHUB_SYMBOLS?", "lake: expected", "since: expected", "symbols: "))


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SCHEMAHUB_SYMBOL", "ETH-USD", "is no setting; did you mean SCHEMAHUB_SYMBOLS?"),
        ("SCHEMAHUB_WORKGROUP", "mine", "is no setting; did you mean SCHEMAHUB_WORK_GROUP?"),
        ("SCHEMAHUB_KRAKN_URL", "http://x", "is no setting; did you mean SCHEMAHUB_KRAKEN_URL?"),
        ("SCHEMAHUB_THREADS", "many", "is 'many'; expected a whole number from 1 on"),
        ("SCHEMAHUB_THREADS", "0", "is '0'; expected a whole number from 1 on"),
        ("SCHEMAHUB_ATHENA_RETRIES", "-1", "is '-1'; expected a whole number from 0 on"),
        ("SCHEMAHUB_ATHENA_POLL_SECONDS", "0.0", "is '0.0'; expected a number of seconds above 0"),
        ("SCHEMAHUB_MEMORY_LIMIT", "4", "is '4'; expected a size such as 4GB"),
        ("SCHEMAHUB_S3_DATA_DIR", "/data", "is '/data'; expected an address that begins with s3://"),
    ],
)
def test_a_variable_that_nobody_would_read_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured, match=re.escape(f"{variable} {problem}")):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    {
        "SCHEMAHUB_THREADS": "8",
        "SCHEMAHUB_ATHENA_RETRIES": "0",
        "SCHEMAHUB_ATHENA_POLL_SECONDS": "0.05",
        "SCHEMAHUB_MEMORY_LIMIT": "1.5 GiB",
        "SCHEMAHUB_S3_STAGING_DIR": "s3://bucket/results/",
        "SCHEMAHUB_CATALOG_LOG": "requests.log",
        "SCHEMAHUB_KRAKEN_URL": "http://127.0.0.1:8000/kraken",
        "SCHEMAHUB_DBT_ROLE": "another tool's",
        "SCHEMAHUB_WORKGROUP": "",
    }.items(),
)
def test_a_variable_of_ours_or_of_others_is_let_be(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    load_settings()


def test_every_variable_is_known_and_documented() -> None:
    read = {
        name
        for path in (*PROJECT.glob("profiles/*.*"), *PROJECT.glob("schemahub/*.py"))
        for name in re.findall(r"SCHEMAHUB_([A-Z0-9_]+[A-Z0-9])", path.read_text())
    }
    known = {*FORMS, *(name.upper() for name in Settings.model_fields)}
    assert read - known <= {"BINANCE_URL", "KRAKEN_URL", "COINBASE_URL"}
    readme = (PROJECT / "README.md").read_text()
    assert [name for name in known if f"`SCHEMAHUB_{name}`" not in readme] == []


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
