import time

import httpx
import pytest

import simulator.exchanges
from simulator.exchanges.faults import Faults, parse_fault

EXCHANGES = ("binance", "coinbase", "kraken")


@pytest.fixture(scope="module")
def running_faulty():
    with simulator.exchanges.running(trades=2_000, enforce_limits=False) as running:
        yield running


@pytest.fixture
def faulty(running_faulty):
    yield running_faulty
    running_faulty.clear_faults()


@pytest.fixture
def page(faulty, client):
    """Request one page of trades: `page("kraken")`."""
    paths = {
        "binance": "/api/v3/historicalTrades?symbol=BTCUSDT&limit=100&fromId={}",
        "coinbase": "/products/BTC-USD/trades?limit=100&after={}",
        "kraken": "/0/public/Trades?pair=XBTUSD&count=100&since={}",
    }

    def page(exchange: str, position: int | None = None) -> httpx.Response:
        if position is None:
            position = 10**9 if exchange == "coinbase" else 0
        return client.get(faulty.urls[exchange] + paths[exchange].format(position))

    return page


def test_a_fault_given_at_start_strikes(client):
    with simulator.exchanges.running(trades=100, faults=["503:1"]) as running:
        assert [client.get(running.urls["binance"] + "/api/v3/time").status_code for _ in range(2)] == [503, 200]
        assert running.faults() == [{"fault": "503", "exchange": None, "seen": 2, "struck": 1}]


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("status", ["418", "429"])
def test_a_refusal_says_when_to_try_again(faulty, page, exchange, status):
    faulty.set_faults(f"{status}=3:1")
    response = page(exchange)
    assert (response.status_code, response.headers["Retry-After"]) == (int(status), "3")
    assert page(exchange).status_code == 200


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("status", ["500", "503"])
def test_a_server_error_has_its_status(faulty, page, exchange, status):
    faulty.set_faults(f"{status}:1/2")
    assert [page(exchange).status_code for _ in range(4)] == [200, int(status), 200, int(status)]


def test_slow_responses_are_late(faulty, page):
    faulty.set_faults("slow=0.3:1")
    started = time.monotonic()
    assert page("kraken").status_code == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_cut_connection_ends_before_the_promised_length(faulty, page, exchange):
    faulty.set_faults("cut:1")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        page(exchange)
    assert page(exchange).json()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_truncated_body_is_good_http_and_bad_json(faulty, page, exchange):
    whole = page(exchange).content
    faulty.set_faults("truncated:1")
    response = page(exchange)
    assert (response.status_code, response.content) == (200, whole[: len(whole) // 2])
    with pytest.raises(ValueError):  # noqa: PT011 # any error of the parser
        response.json()


def test_a_duplicate_page_is_the_previous_one_of_the_product(faulty, page):
    first_id = faulty.market()["coinbase"]["BTC-USD"]["first_id"]
    newest = page("coinbase", first_id + 200)
    faulty.set_faults("duplicate_page:1")
    # The same page again would not be noticed.
    assert page("coinbase", first_id + 200).content == newest.content
    again = page("coinbase", first_id + 100)
    assert (again.content, again.headers["CB-AFTER"]) == (newest.content, newest.headers["CB-AFTER"])
    assert page("coinbase", first_id + 100).content != newest.content


@pytest.mark.parametrize("message", ["EGeneral:Too many requests", "EService:Busy"])
def test_krakens_errors_come_inside_http_200(faulty, page, message):
    faulty.set_faults(f"kraken_200={message}:1")
    assert [page(exchange).status_code for exchange in EXCHANGES] == [200, 200, 200]
    faulty.set_faults(f"kraken_200={message}:1")
    assert page("kraken").json() == {"error": [message]}


def test_a_fault_keeps_to_its_exchange(faulty, page):
    faulty.set_faults("500:5@coinbase")
    assert [page(exchange).status_code for exchange in EXCHANGES] == [200, 500, 200]


def test_faults_can_be_switched_off(faulty, page):
    faulty.set_faults("500:5")
    assert page("binance").status_code == 500
    faulty.clear_faults()
    assert page("binance").status_code == 200
    assert faulty.faults() == []


def test_a_bad_fault_leaves_the_active_ones_unchanged(faulty):
    faulty.set_faults("500:5")
    with pytest.raises(ValueError, match="unknown fault `nope`"):
        faulty.set_faults("nope:1")
    assert [fault["fault"] for fault in faulty.faults()] == ["500"]


def test_a_fault_waits_until_the_one_before_it_is_spent():
    faults = Faults([parse_fault(text, EXCHANGES) for text in ("slow:1", "429:2", "500:1")])
    struck = [[f.name for f in faults.strike("kraken", can_duplicate=False)] for _ in range(4)]
    assert struck == [["slow", "429"], ["429"], ["500"], []]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("429", "expected NAME"),
        ("429:0", "expected NAME"),
        ("429:1/0", "expected NAME"),
        ("429:often", "expected NAME"),
        ("flood:1", "unknown fault `flood`; use one of: 429, 418"),
        ("429:1@mtgox", "unknown exchange `mtgox`; use one of: binance, "),
        ("kraken_200:1@binance", "unknown exchange `binance`; use one of: kraken"),
        ("slow=long:1", "expected a number of seconds after `=`, found 'long'"),
        ("short=few:1", "expected a number of trades after `=`, found 'few'"),
        ("cut=3:1", "takes no value"),
    ],
)
def test_the_error_of_a_bad_fault_says_what_was_expected(text, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 # the message is compared below
        parse_fault(text, EXCHANGES)
    assert repr(text) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_short_page_has_no_more_trades_than_the_fault_says(faulty, page, exchange):
    whole = page(exchange).json()
    faulty.set_faults("short=3:1/2")
    assert page(exchange).json() == whole
    short = page(exchange).json()
    rows = next(iter(short["result"].values())) if exchange == "kraken" else short
    assert len(rows) == 3


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_an_html_page_comes_with_200(faulty, page, exchange):
    faulty.set_faults("html:1")
    answer = page(exchange)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
