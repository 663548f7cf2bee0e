"""The live board over real sockets, with quotes of simulated exchanges."""

import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from lakehouse.errors import Misconfigured
from schemahub.runs.context import RunContext
from schemahub.settings import Settings
from tests.support.command_line import iceberg_table
from tests.support.live_lake import wait_until
from tests.support.live_site import LiveSite, live_site
from tests.support.web_server import running
from web.app import create_app
from web.command import serve

pytestmark = pytest.mark.long
TOKEN = "a-token-of-this-test"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    folder = tmp_path_factory.mktemp("live")
    with live_site(folder / "lake", clock_offsets=("coinbase=2",)) as found:
        yield found
    assert list(folder.iterdir()) == []  # nothing was landed, and no lake was made


def header(frame: bytes | str) -> dict:
    assert isinstance(frame, bytes)
    length = int.from_bytes(frame[:4], "little")
    return json.loads(frame[4 : 4 + length])


def follow(socket: ClientConnection, count: int) -> list[dict]:
    """The headers of the next frames, each of which is acknowledged."""
    found = []
    for _ in range(count):
        found.append(header(socket.recv(10)))
        socket.send(str(found[-1]["n"]))
    return found


def test_a_client_gets_the_whole_board_and_then_what_changes(live: LiveSite) -> None:
    with connect(live.socket_address, proxy=None) as socket:
        board = json.loads(socket.recv(10))
        frames = follow(socket, 60)
    rows = len(board["rows"])
    assert len(board["symbols"]) == 13
    assert rows == 39
    assert [venue["title"] for venue in board["venues"]] == ["Binance", "Coinbase", "Kraken"]
    counts = [frame["columns"][0][2] for frame in frames]
    assert counts[0] == rows
    assert 0 < sum(counts[1:]) < rows * len(counts[1:])
    numbers = [frame["n"] for frame in frames]
    assert numbers == sorted(set(numbers))
    assert any("feeds" in frame and "readings" in frame for frame in frames)


def test_a_client_that_takes_nothing_in_gets_a_few_frames_and_then_the_newest(live: LiveSite) -> None:
    with connect(live.socket_address, proxy=None) as socket:
        json.loads(socket.recv(10))
        time.sleep(2)
        waiting = []
        while True:
            try:
                waiting.append(header(socket.recv(0.3))["n"])
            except TimeoutError:
                break
        assert len(waiting) == 5
        socket.send(str(waiting[-1]))
        after = header(socket.recv(5))
        # one frame has all that changed in two seconds
        assert after["n"] - waiting[-1] > 20
        assert after["columns"][0][2] > 30


def test_all_clients_see_the_same(live: LiveSite) -> None:
    with ExitStack() as opened:
        sockets = [opened.enter_context(connect(live.socket_address, proxy=None)) for _ in range(3)]
        for socket in sockets:
            socket.recv(10)
        heard: list[dict[int, bytes]] = [{} for _ in sockets]
        for _ in range(60):
            for socket, frames in zip(sockets, heard, strict=True):
                frame = socket.recv(10)
                assert isinstance(frame, bytes)
                frames[header(frame)["n"]] = frame
                socket.send(str(header(frame)["n"]))
        both = heard[0].keys() & heard[1].keys() & heard[2].keys()
        assert len(both) > 10
        same = [number for number in both if heard[0][number] == heard[1][number] == heard[2][number]]
        assert len(same) > len(both) / 2  # those that follow the same frame


@pytest.mark.parametrize("said", ["hello", "-1", "1" * 30, b"\0\1"], ids=["a word", "negative", "long", "bytes"])
def test_a_client_that_says_something_else_is_sent_away(live: LiveSite, said: str | bytes) -> None:
    with connect(live.socket_address, proxy=None) as socket:
        socket.recv(10)
        socket.send(said)
        with pytest.raises(ConnectionClosed):  # noqa: PT012 # frames may be on their way
            for _ in range(100):
                socket.recv(5)
    assert live.site.get("/api/live").status_code == 200


def test_a_client_that_says_too_much_is_sent_away(live: LiveSite) -> None:
    with connect(live.socket_address, proxy=None) as socket:
        socket.recv(10)
        with pytest.raises(ConnectionClosed):  # noqa: PT012 # frames may be on their way
            socket.send("1" * 2_000_000)
            for _ in range(100):
                socket.recv(5)


def test_a_page_of_another_website_gets_no_quotes(live: LiveSite) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(live.socket_address, proxy=None, additional_headers={"Origin": "https://example.com"})
    assert refused.value.response.status_code == 403


def test_the_json_twin_has_what_the_page_shows(live: LiveSite) -> None:
    quotes = live.site.get("/api/live").json()
    assert quotes["threshold_bps"] == 10
    assert quotes["source"] == "exchanges"
    bitcoin = quotes["symbols"][0]
    assert bitcoin["symbol"] == "BTC-USD"
    assert {venue["product"] for venue in bitcoin["venues"]} == {"BTCUSDT", "BTC-USD", "XBTUSD"}
    for symbol in quotes["symbols"]:
        for venue in symbol["venues"]:
            assert 0 < venue["bid"] < venue["ask"]
            assert venue["last"] is None or abs(venue["last"] / venue["bid"] - 1) < 0.05
            assert venue["age_ms"] < 20_000
        assert 0 <= symbol["apart_bps"] < 500
    wait_until(lambda: 2 < live.site.get("/api/live").json()["basis_bps"].get("USDT", 0) < 7)


def test_a_clock_that_is_off_is_shown_and_does_not_make_quotes_stale(live: LiveSite) -> None:
    wait_until(lambda: _feeds(live)["Coinbase"]["clock_ms"] < -1_500)
    feeds = _feeds(live)
    assert feeds["Kraken"]["clock_ms"] == 0
    assert feeds["Binance"]["delay_ms"] is None  # its quotes have no times
    quotes = live.site.get("/api/live").json()
    coinbase = [venue for each in quotes["symbols"] for venue in each["venues"] if venue["venue"] == "Coinbase"]
    assert not all(venue["is_stale"] for venue in coinbase)
    assert min(venue["age_ms"] for venue in coinbase) < 1_000


def _feeds(live: LiveSite) -> dict[str, dict]:
    return {feed["venue"]: feed for feed in live.site.get("/api/live/feeds").json()}


def test_a_venue_that_freezes_is_stale_with_its_cause_and_one_alert(live: LiveSite) -> None:
    before = {alert["number"] for alert in live.site.get("/api/live/alerts").json()}
    live.market.set_faults("freeze:1/1@kraken")
    wait_until(lambda: (_feeds(live)["Kraken"]["silent_ms"] or 0) > 5_000)
    quotes = live.site.get("/api/live").json()
    kraken = [venue for each in quotes["symbols"] for venue in each["venues"] if venue["venue"] == "Kraken"]
    assert all(venue["is_stale"] for venue in kraken)
    found = [alert for alert in live.site.get("/api/live/alerts").json() if alert["number"] not in before]
    of_kraken = [alert for alert in found if alert["venue"] == "Kraken"]
    assert [alert["cause"] for alert in of_kraken] == ["stale"]
    assert of_kraken[0]["ended_ms"] is None
    assert [each for each in found if each["symbol"] and each["cause"] == "stale"] == []
    live.market.clear_faults()
    wait_until(lambda: _feeds(live)["Kraken"]["silent_ms"] < 1_000)  # the listener has connected again
    wait_until(lambda: _feeds(live)["Kraken"]["reconnects"] >= 1)  # which it reports once a second
    wait_until(lambda: all(alert["ended_ms"] for alert in _alerts_of(live, "Kraken")))


def _alerts_of(live: LiveSite, venue: str) -> list[dict]:
    return [alert for alert in live.site.get("/api/live/alerts").json() if alert["venue"] == venue]


def test_alerts_come_as_csv_too(live: LiveSite) -> None:
    wait_until(lambda: live.site.get("/api/live/alerts").json())
    answer = live.site.get("/api/live/alerts.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="alerts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert all(row["began"].endswith("Z") and row["cause"] and float(row["worst_bps"]) >= 0 for row in rows)


@pytest.mark.parametrize("limit", ["0", "1001", "many", "-5", "1e3"])
def test_a_limit_that_makes_no_sense_is_refused_in_a_sentence(live: LiveSite, limit: str) -> None:
    answer = live.site.get("/api/live/alerts", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("`limit`: ")


def test_only_who_knows_the_token_gets_quotes(tmp_path: Path) -> None:
    with live_site(tmp_path / "lake", token=TOKEN) as live:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            with pytest.raises(InvalidStatus) as refused:
                connect(live.socket_address, proxy=None, additional_headers=headers)
            assert refused.value.response.status_code == 401
        with connect(
            live.socket_address, proxy=None, additional_headers={"Authorization": f"Bearer {TOKEN}"}
        ) as socket:
            assert "symbols" in json.loads(socket.recv(10))


def test_feeds_that_cannot_be_opened_are_explained_to_page_and_script(tmp_path: Path) -> None:
    context = RunContext(Settings(lake=str(tmp_path / "lake"), symbols=("NEVER-HEARD",), since="1h"))
    with running(create_app(context)) as site:
        answer = site.get("/api/live")
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("unknown symbol `NEVER-HEARD`")
        address = str(site.base_url).replace("http", "ws", 1).rstrip("/") + "/live/feed"
        with connect(address, proxy=None) as socket:
            assert json.loads(socket.recv(10)) == {"trouble": answer.json()["error"]}


def test_an_exchange_that_cannot_be_reached_is_named_beside_its_feed(tmp_path: Path) -> None:
    nobody = dict.fromkeys(("binance", "coinbase", "kraken"), "ws://127.0.0.1:9")
    context = RunContext(Settings(lake=str(tmp_path / "lake"), symbols=("BTC-USD",), since="1h", stream_urls=nobody))
    with running(create_app(context)) as site:
        wait_until(lambda: [feed["venue"] for feed in site.get("/api/live/feeds").json() if feed["is_over"]])
        feeds = {feed["venue"]: feed for feed in site.get("/api/live/feeds").json()}
        assert feeds["Kraken"]["trouble"].startswith("kraken can't be reached at ws://127.0.0.1:9")
        assert site.get("/api/live").json()["symbols"][0]["venues"] == []


@pytest.mark.slow
def test_with_land_trades_are_landed_before_anybody_asks(tmp_path: Path) -> None:
    with live_site(tmp_path / "lake", land=True) as live:
        wait_until(lambda: all(feed["landed"] > 0 for feed in live.site.get("/api/live/feeds").json()))
        with connect(live.socket_address, proxy=None) as socket:
            assert json.loads(socket.recv(10))["lands"] is True
    for exchange in ("binance", "coinbase", "kraken"):
        assert iceberg_table(tmp_path / "lake", f"raw_{exchange}_trades").scan().count() > 0


def test_made_up_trades_are_never_landed(tmp_path: Path) -> None:
    context = RunContext(Settings(lake=str(tmp_path / "lake"), symbols=("BTC-USD",), since="1h"))
    with pytest.raises(Misconfigured, match="--simulate shows made-up trades, which --land would land"):
        serve(
            context, host="127.0.0.1", port=0, token=None, simulate=True, land=True, threshold=10, fees=20,
            open_browser=False, ready=print,
        )  # fmt: skip


def test_the_simulated_market_needs_no_exchange(tmp_path: Path) -> None:
    context = RunContext(Settings(lake=str(tmp_path / "lake"), symbols=("BTC-USD",), since="1h"))
    with running(create_app(context, simulate=True)) as site:
        wait_until(lambda: all(len(each["venues"]) == 3 for each in site.get("/api/live").json()["symbols"]))
        quotes = site.get("/api/live").json()
        assert quotes["source"] == "simulated market"
        assert len(quotes["symbols"]) == 13
    assert list(tmp_path.iterdir()) == []
