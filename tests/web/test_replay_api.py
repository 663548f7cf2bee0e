import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from lakehouse.local import LocalLake
from tests.support.found_events import Found, add_events
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

SECOND = 1_000_000
HOSTILE = [
    "'; drop table trades; --",
    "BTC-USD' or '1'='1",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\x00",
    "%00",
    "{{7*7}}",
    "‮BTC",
    "a" * 5000,
    "",
]


def ask(site: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = site.get(path, params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(site: httpx.Client, path: str, status: int, **parameters: Any) -> str:
    answer = site.get(path, params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == status, answer.text
    sentence: str = answer.json()["error"]
    return sentence


def span(start_s: float, seconds: float) -> dict[str, int]:
    return {"from": int(NOON_US + start_s * SECOND), "to": int(NOON_US + (start_s + seconds) * SECOND)}


def test_symbols_name_their_venues_and_who_stands_in(site: httpx.Client) -> None:
    found = {each["symbol"]: each for each in ask(site, "/api/symbols")["symbols"]}
    venues = found["BTC-USD"]["venues"]
    assert [(venue["name"], venue["symbol"], venue["is_stand_in"]) for venue in venues] == [
        ("Binance", "BTCUSDT", True),
        ("Coinbase", "BTC-USD", False),
    ]
    assert found["BTC-USD"]["trades"] == 12_000


def test_a_span_has_exactly_its_trades_in_time_order(site: httpx.Client) -> None:
    ticks = ask(site, "/api/ticks", form="json", **span(10, 4))
    assert len(ticks["offset_us"]) == 4 * 40
    assert ticks["offset_us"] == sorted(ticks["offset_us"])
    assert ticks["offset_us"][0] == 0  # the start belongs to it
    assert max(ticks["offset_us"]) < 4 * SECOND  # and the end does not


def test_packed_arrow_and_json_are_the_same_ticks(site: httpx.Client) -> None:
    of = {"symbol": "BTC-USD", **span(20, 4)}
    plain = site.get("/api/ticks", params={**of, "form": "json"}).json()
    packed = site.get("/api/ticks", params=of).content
    arrow = pa.ipc.open_stream(site.get("/api/ticks", params={**of, "form": "arrow"}).content).read_all()
    (length,) = struct.unpack_from("<I", packed)
    count = len(plain["price"])
    assert struct.unpack_from(f"<{count}i", packed, 4 + length) == tuple(plain["offset_us"])
    assert arrow.to_pydict() == {name: plain[name] for name in arrow.column_names}
    assert len(packed) < 4 + length + 18 * count


def test_a_quantity_that_no_float_holds_is_shown_as_the_largest(tmp_path: Path) -> None:
    add_trades(LocalLake(tmp_path / "lake"), [Traded("COINBASE", "BTC-USD", 0, 1.0, quantity=1e300)])
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        assert ask(site, "/api/ticks", form="json", **span(0, 1))["quantity"] == [pytest.approx(3.4e38, rel=0.01)]
        assert ask(site, "/api/moves", **span(0, 1))["moves"] == []


def test_trades_of_one_instant_stay_in_the_order_of_their_ids(tmp_path: Path) -> None:
    ids = ["10", "9", "100", "2"]
    trades = [Traded("COINBASE", "BTC-USD", 7, float(key), trade_id=key) for key in ids]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        assert ask(site, "/api/ticks", form="json", **span(0, 1))["price"] == [2, 9, 10, 100]


def test_a_side_that_the_exchange_does_not_say_is_neither_bought_nor_sold(tmp_path: Path) -> None:
    sides = {"SELL": 0, "BUY": 64, "UNKNOWN": 128}
    trades = [Traded("COINBASE", "BTC-USD", us, 1.0, side, trade_id=str(us)) for us, side in enumerate(sides)]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        assert ask(site, "/api/ticks", form="json", **span(0, 1))["venue_side"] == list(sides.values())


def test_what_names_a_snapshot_may_be_kept_and_what_does_not_may_not(site: httpx.Client) -> None:
    snapshot = ask(site, "/api/symbols")["snapshot"]
    pinned = site.get("/api/ticks", params={"symbol": "BTC-USD", "snapshot": snapshot, **span(0, 4)})
    assert "immutable" in pinned.headers["cache-control"]
    assert "cache-control" not in site.get("/api/ticks", params={"symbol": "BTC-USD", **span(0, 4)}).headers


def test_the_leader_is_found_with_the_followers_delays(site: httpx.Client) -> None:
    found = ask(site, "/api/moves", **span(10, 50))
    delays = [move["delays_ms"]["COINBASE"] for move in found["moves"] if "COINBASE" in move["delays_ms"]]
    assert found["leader"] == "BINANCE"
    assert len(delays) > 40
    assert sorted(delays)[len(delays) // 2] == pytest.approx(60, abs=4)


def test_the_basis_of_another_dollar_is_told(site: httpx.Client) -> None:
    (found,) = ask(site, "/api/basis", at=NOON_US + 300 * SECOND)
    assert (found["exchange"], found["quote"]) == ("BINANCE", "USDT")
    assert found["bps"] == pytest.approx(4.0, abs=0.01)


def test_a_basis_is_not_told_on_few_seconds(site: httpx.Client) -> None:
    (found,) = ask(site, "/api/basis", at=NOON_US + 5 * SECOND)
    assert found["bps"] is None
    assert found["seconds"] == 5


def test_bars_tell_how_far_apart_venues_are_with_and_without_the_basis(site: httpx.Client) -> None:
    raw = ask(site, "/api/bars", form="json", **span(290, 10))
    without = ask(site, "/api/bars", form="json", basis_at=NOON_US + 300 * SECOND, **span(290, 10))
    assert len(raw["apart_bps"]) == 100
    assert sum(raw["trades"]) == 400
    calm = [k for k in range(100) if raw["trades"][k] and k % 10 not in (0, 1)]
    assert {round(raw["apart_bps"][k], 1) for k in calm if raw["apart_bps"][k]} == {4.0}
    assert max(without["apart_bps"][k] for k in calm) < 0.01


def test_a_day_has_the_trades_of_each_minute(site: httpx.Client) -> None:
    day = ask(site, "/api/day", form="json", at=NOON_US)
    assert day["minute"] == [720, 721, 722, 723, 724]
    assert sum(day["trades"]) == 12_000
    assert all(value > 50 for value in day["volatility_bps"])


def test_a_move_that_stands_out_is_an_event(tmp_path: Path) -> None:
    prices = [40_000 + (second % 3) for second in range(3600)]
    prices[1800:1806] = [40_050, 40_100, 40_200, 40_300, 40_400, 40_500]
    prices[1806:] = [40_500 + (second % 3) for second in range(1794)]
    trades = [Traded("BINANCE", "BTCUSDT", k * SECOND, price, trade_id=str(k)) for k, price in enumerate(prices)]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        (event,) = site.get("/api/events", params={"symbol": "BTC-USDT", "at": NOON_US}).json()
    assert event["rank"] == 1
    assert abs(event["end_us"] - (NOON_US + 1805 * SECOND)) <= 10 * SECOND
    assert event["move_bps"] == pytest.approx(124, abs=3)


def test_hours_without_trades_are_empty_and_no_error(site: httpx.Client) -> None:
    later = span(7200, 4)
    assert ask(site, "/api/ticks", form="json", **later)["price"] == []
    assert ask(site, "/api/moves", **later) == {"leader": None, "moves": []}
    assert set(ask(site, "/api/bars", form="json", **later)["trades"]) == {0}
    other_day = NOON_US + 3 * 86_400 * SECOND
    assert ask(site, "/api/day", form="json", at=other_day)["minute"] == []
    assert ask(site, "/api/events", at=other_day) == []


def test_a_symbol_that_is_missing_is_named_with_those_that_are_there(site: httpx.Client) -> None:
    assert refused(site, "/api/day", 404, symbol="DOGE-USD", at=NOON_US) == (
        "the lake has no trades of 'DOGE-USD'; it has BTC-USD, BTC-USDT"
    )


@pytest.mark.parametrize("symbol", ["zzzusd", "ZzzUsd"])
def test_a_symbol_with_small_letters_can_be_asked_for(tmp_path: Path, symbol: str) -> None:
    lake = LocalLake(tmp_path / "lake")
    add_trades(lake, [Traded("BITSTAMP", "zzzusd", 0, 5.0)])
    add_events(lake, [Found(NOON_US, 10.0, symbol="zzzusd")])
    with running(create_app(context_of(lake.folder))) as site:
        assert ask(site, "/api/ticks", symbol=symbol, form="json", **span(0, 1))["price"] == [5.0]
        assert len(ask(site, "/api/lead-lag", symbol=symbol, at=NOON_US)) == 1


@pytest.mark.parametrize("folder", ["empty", "unified"])
def test_a_lake_without_trades_says_what_to_do(tmp_path: Path, folder: str) -> None:
    if folder == "unified":
        add_trades(LocalLake(tmp_path / folder), [])
    with running(create_app(context_of(tmp_path / folder))) as site:
        assert "schemahub run pipeline trades_unified" in refused(site, "/api/symbols", 404)
        assert site.get("/api/snapshots").status_code == 200
        assert site.get("/replay").status_code == 200


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"from": 5, "to": 5}, "`to`: expected an instant after `from`, by at most 60 s"),
        ({"from": 0, "to": 61 * SECOND}, "found 1970-01-01T00:00:00.000000Z to 1970-01-01T00:01:01.000000Z"),
        ({"from": -1, "to": 5}, "`from`: input should be greater than or equal to 0, found '-1'"),
        ({"from": "now", "to": 5}, "`from`: input should be a valid integer"),
        ({"from": 0, "to": 10**30}, "`to`: input should be less than or equal to"),
        ({"from": 0}, "`to`: field required"),
        ({"from": 0, "to": 5, "snapshot": "1; drop"}, "`snapshot`: string should match pattern"),
        ({"from": 0, "to": 5, "form": "xml"}, "`form`: input should be 'packed', 'arrow' or 'json'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_a_sentence(
    site: httpx.Client, parameters: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(site, "/api/ticks", 422, **parameters)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["symbol", "snapshot", "exchange", "at"])
def test_what_a_parameter_holds_never_reaches_a_statement_or_a_path(site: httpx.Client, name: str, value: str) -> None:
    asked = {"symbol": "BTC-USD", "exchange": "COINBASE", "at": str(NOON_US), name: value}
    answer = site.get("/api/tick", params=asked)
    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json()["error"]) < 500
    assert ask(site, "/api/symbols")["symbols"]


def test_a_page_is_shown_with_what_its_address_holds_left_to_its_script(site: httpx.Client) -> None:
    page = site.get("/replay", params={"symbol": "<script>alert(1)</script>", "at": "'\"><img src=x>"})
    assert page.status_code == 200
    assert "alert(1)" not in page.text
    assert "<img" not in page.text


def test_a_trade_whose_raw_row_is_not_there_is_shown_with_a_remark(site: httpx.Client) -> None:
    found = ask(site, "/api/tick", exchange="COINBASE", at=NOON_US + 60_000)
    assert found["unified"]["trade_id"] == "000000000"
    assert found["unified"]["price"] == 40_000
    assert found["raw"] is None
    assert found["remark"] == "the lake has no table raw_coinbase_trades"


def test_which_of_several_trades_at_an_instant_is_told_by_a_number(tmp_path: Path) -> None:
    trades = [Traded("COINBASE", "BTC-USD", 7, float(key), trade_id=key) for key in ("3", "20", "1")]
    add_trades(LocalLake(tmp_path / "lake"), trades)
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        of = {"exchange": "COINBASE", "at": NOON_US + 7}
        ids = [ask(site, "/api/tick", nth=nth, **of)["unified"]["trade_id"] for nth in range(3)]
        assert ids == ["1", "3", "20"]
        assert "no trade number 3" in refused(site, "/api/tick", 404, nth=3, **of)


def test_times_are_those_of_the_lake_to_the_microsecond(tmp_path: Path) -> None:
    add_trades(LocalLake(tmp_path / "lake"), [Traded("COINBASE", "BTC-USD", 123_457, 5.0)])
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        found = ask(site, "/api/tick", exchange="COINBASE", at=NOON_US + 123_457)["unified"]
    assert found["trade_ts"] == "2026-01-05T12:00:00.123457Z"
    assert datetime.fromisoformat(found["ingest_ts"]).day == 6
