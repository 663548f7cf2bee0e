import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

import simulator.exchanges
from simulator.exchanges.oddities import parse_oddity

START = datetime(2024, 12, 31, 21, tzinfo=UTC)
DURATION = timedelta(hours=6)
NEW_YEAR_NS = 1_735_689_600 * 10**9
DAILY = "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-{}.zip"
MONTHLY = "/data/spot/monthly/trades/BTCUSDT/BTCUSDT-trades-{}.zip"
FIRST_DAY = DAILY.format("2024-12-31")
FULL_HISTORY = "/time-and-sales/Kraken_Trading_History.zip"
QUARTER = "/time-and-sales/Kraken_Trading_History_{}.zip"
OPTIONS = {"trades": 6_000, "seed": 7, "start": START, "duration": DURATION}


@pytest.fixture(scope="module")
def market():
    return simulator.exchanges.draw_market(**OPTIONS)


@pytest.fixture(scope="module")
def running():
    """A market of six hours around New Year 2025, when Binance's files changed to microseconds."""
    with simulator.exchanges.running(**OPTIONS) as running:
        yield running


@pytest.fixture
def fetch(running, client):
    """Download a file of an exchange that has no oddity unless the test switches one on."""
    running.set_oddities()

    def fetch(path, exchange="binance"):
        return client.get(running.urls[exchange] + path)

    return fetch


def lines(response):
    """The lines of the only file in a ZIP."""
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        (name,) = archive.namelist()
        return archive.read(name).decode().splitlines()


def ids(response):
    return [int(line.split(",")[0]) for line in lines(response)]


@pytest.mark.parametrize(
    ("path", "is_before", "unit_ns"),
    [
        (FIRST_DAY, True, 10**6),
        (MONTHLY.format("2024-12"), True, 10**6),
        (DAILY.format("2025-01-01"), False, 10**3),
        (MONTHLY.format("2025-01"), False, 10**3),
    ],
)
def test_a_file_has_the_trades_of_its_period(fetch, market, path, is_before, unit_ns):
    trades = [t for t in market.trades_of("binance", "BTC-USDT") if (t.time_ns < NEW_YEAR_NS) == is_before]
    assert trades
    rows = [line.split(",") for line in lines(fetch(path))]
    assert [(int(r[0]), float(r[1]), float(r[2]), int(r[4]), r[5], r[6]) for r in rows] == [
        (t.id, float(t.price), float(t.quantity), t.time_ns // unit_ns, str(t.taker_side == "SELL"), "True")
        for t in trades
    ]


def test_a_file_has_the_texts_of_rest(fetch, running, client):
    row = lines(fetch(FIRST_DAY))[0].split(",")
    rest = client.get(
        running.urls["binance"] + "/api/v3/historicalTrades",
        params={"symbol": "BTCUSDT", "fromId": row[0], "limit": 1},
    ).json()[0]
    assert row[:4] == [str(rest["id"]), rest["price"], rest["qty"], rest["quoteQty"]]
    assert int(row[4]) == rest["time"]


def test_the_zip_names_its_csv_and_has_a_checksum(fetch):
    response = fetch(FIRST_DAY)
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["BTCUSDT-trades-2024-12-31.csv"]
    digest = hashlib.sha256(response.content).hexdigest()
    assert fetch(FIRST_DAY + ".CHECKSUM").text == f"{digest}  BTCUSDT-trades-2024-12-31.zip\n"


def test_the_bytes_are_the_same_in_every_run(fetch, client):
    with simulator.exchanges.running(**OPTIONS) as again:
        assert client.get(again.urls["binance"] + FIRST_DAY).content == fetch(FIRST_DAY).content
        assert client.get(again.urls["kraken"] + FULL_HISTORY).content == fetch(FULL_HISTORY, "kraken").content


def test_only_periods_that_have_passed_have_files(client):
    with simulator.exchanges.running(**OPTIONS, speed=0.001) as running:

        def statuses():
            paths = [FIRST_DAY, FIRST_DAY + ".CHECKSUM", DAILY.format("2025-01-01"), MONTHLY.format("2024-12")]
            urls = [running.urls["binance"] + path for path in paths]
            urls += [running.urls["kraken"] + QUARTER.format(quarter) for quarter in ("Q4_2024", "Q1_2025")]
            return [client.get(url).status_code for url in urls]

        running.show(0.49)
        assert statuses() == [404] * 6
        running.show(0.51)
        assert statuses() == [200, 200, 404, 200, 200, 404]


def test_a_market_that_is_shown_in_part_has_the_files_of_the_days_before(running, fetch):
    running.show(0.3)
    assert fetch(FIRST_DAY).status_code == 404
    running.show(0.9)
    assert fetch(FIRST_DAY).status_code == 200
    assert fetch(DAILY.format("2025-01-01")).status_code == 404
    running.show(1)


@pytest.mark.parametrize(
    "path",
    [
        DAILY.format("2024-12-30"),
        DAILY.format("2024-13-01"),
        DAILY.format("2024-12"),
        MONTHLY.format("2024-12-31"),
        "/data/spot/daily/trades/NOPE/NOPE-trades-2024-12-31.zip",
        "/data/spot/daily/trades/BTCUSDT/ETHUSDT-trades-2024-12-31.zip",
        "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-12-31.csv",
    ],
)
def test_other_files_are_not_found(fetch, path):
    response = fetch(path)
    assert response.status_code == 404
    assert "<Code>NoSuchKey</Code>" in response.text


def test_bulk_files_cost_no_weight(client):
    with simulator.exchanges.running(**{**OPTIONS, "enforce_limits": True}) as limited:
        url = limited.urls["binance"]
        responses = [client.get(url + FIRST_DAY) for _ in range(20)]
        response = client.get(url + "/api/v3/exchangeInfo")
    assert int(response.headers["X-MBX-USED-WEIGHT-1M"]) == 20
    assert not any("X-MBX-USED-WEIGHT-1M" in each.headers for each in responses)


def test_a_header_has_the_columns_names(fetch, running):
    plain = lines(fetch(FIRST_DAY))
    running.set_oddities("header")
    assert lines(fetch(FIRST_DAY)) == ["id,price,qty,quote_qty,time,is_buyer_maker,is_best_match", *plain]


def test_shuffled_rows_are_all_there(fetch, running):
    plain = lines(fetch(FIRST_DAY))
    running.set_oddities("shuffled")
    shuffled = lines(fetch(FIRST_DAY))
    assert shuffled != plain
    assert sorted(shuffled) == sorted(plain)


def test_a_hole_is_inside_the_file(fetch, running):
    plain = ids(fetch(FIRST_DAY))
    running.set_oddities("hole=25")
    holed = ids(fetch(FIRST_DAY))
    missing = sorted(set(plain) - set(holed))
    assert missing == list(range(missing[0], missing[0] + 25))
    assert (holed[0], holed[-1]) == (plain[0], plain[-1])


def test_a_truncated_file_ends_at_its_time(fetch, running):
    plain = lines(fetch(FIRST_DAY))
    running.set_oddities("truncated=22:30")
    end_ms = NEW_YEAR_NS // 10**6 - 90 * 60 * 1000
    assert lines(fetch(FIRST_DAY)) == [line for line in plain if int(line.split(",")[4]) < end_ms] != plain


def test_a_wrong_checksum_is_that_of_another_file(fetch, running):
    running.set_oddities("wrong_checksum")
    digest, name = fetch(FIRST_DAY + ".CHECKSUM").text.split()
    assert name == "BTCUSDT-trades-2024-12-31.zip"
    assert len(digest) == 64
    assert digest != hashlib.sha256(fetch(FIRST_DAY).content).hexdigest()


def test_a_file_is_issued_again_once_it_and_its_checksum_were_downloaded(fetch, running):
    complete = fetch(FIRST_DAY).content
    running.set_oddities("reissued")
    first = fetch(FIRST_DAY)
    again = fetch(FIRST_DAY)
    checksum = fetch(FIRST_DAY + ".CHECKSUM").text.split()[0]
    assert first.content == again.content != complete
    assert checksum == hashlib.sha256(first.content).hexdigest()
    assert fetch(FIRST_DAY + ".CHECKSUM").text.split()[0] == hashlib.sha256(complete).hexdigest() != checksum
    assert fetch(FIRST_DAY).content == complete


def test_an_oddity_keeps_to_the_files_that_it_names(fetch, running):
    other = DAILY.format("2025-01-01")
    plain = [fetch(path).content for path in (FIRST_DAY, other)]
    running.set_oddities("header@2025-01-01", "hole@ETHUSDT")
    odd = [fetch(path).content for path in (FIRST_DAY, other)]
    assert [one == two for one, two in zip(plain, odd, strict=True)] == [True, False]


def test_oddities_given_at_start_are_on_and_faults_strike_files_too(client):
    with simulator.exchanges.running(**OPTIONS, oddities=["header"], faults=["503:1@binance"]) as running:
        responses = [client.get(running.urls["binance"] + FIRST_DAY) for _ in range(2)]
    assert responses[0].status_code == 503
    assert lines(responses[1])[0].startswith("id,")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected NAME"),
        ("strange", "unknown oddity `strange`; use one of: header, shuffled"),
        ("header=3", "takes no value"),
        ("hole=many", "expected a number above 0 after `=`, found 'many'"),
        ("hole=0", "expected a number above 0"),
        ("truncated=noon", "expected a time of day after `=`, found 'noon'"),
    ],
)
def test_the_error_of_a_bad_oddity_says_what_was_expected(running, text, message):
    with pytest.raises(ValueError, match=message.replace("(", "\\(")):
        parse_oddity(text)
    with pytest.raises(ValueError, match="oddity"):
        running.set_oddities(text)


def archive(response):
    with zipfile.ZipFile(io.BytesIO(response.content)) as zipped:
        return {name: zipped.read(name).decode().splitlines() for name in zipped.namelist()}


def test_time_and_sales_have_a_file_for_each_pair_without_ids_and_sides(fetch, market):
    files = archive(fetch(FULL_HISTORY, "kraken"))
    assert list(files) == ["ETHUSD.csv", "ETHUSDT.csv", "XBTUSD.csv", "XBTUSDT.csv"]
    rows = [line.split(",") for line in files["XBTUSD.csv"]]
    assert [(row[0], float(row[1]), row[2]) for row in rows] == [
        (str(t.time_ns // 10**9), float(t.price), t.quantity) for t in market.trades_of("kraken", "BTC-USD")
    ]


def test_the_quarters_make_up_the_full_history(fetch):
    full = archive(fetch(FULL_HISTORY, "kraken"))
    last, next_ = (archive(fetch(QUARTER.format(quarter), "kraken")) for quarter in ("Q4_2024", "Q1_2025"))
    assert {name: last[name] + next_[name] for name in full} == full
    assert all(last.values())
    assert all(next_.values())


@pytest.mark.parametrize("name", ["Q3_2024", "Q5_2024", "Q1_2999"])
def test_other_quarters_are_not_found(fetch, name):
    assert fetch(QUARTER.format(name), "kraken").status_code == 404


def test_time_and_sales_can_be_odd_too(fetch, running):
    running.set_oddities("header@Q4_2024")
    files = archive(fetch(QUARTER.format("Q4_2024"), "kraken"))
    assert {rows[0] for rows in files.values()} == {"unixtime,price,volume"}
