from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lakehouse.local import LocalLake
from tests.support import landing_program
from tests.support.landings import NOON, land_up_to
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app
from web.events import LEAST_SIGMA, large_moves
from web.pages.overview import ago

SECOND = 1_000_000


def test_a_lake_that_is_empty_says_how_to_fill_it(tmp_path: Path) -> None:
    with running(create_app(context_of(tmp_path / "lake"))) as site:
        assert "schemahub run pipeline trades_unified" in site.get("/").text
        found = site.get("/api/lake").json()
    assert (found["streams"], found["raw_rows"], found["unified_rows"]) == ([], 0, 0)


def test_what_was_landed_and_is_pending_is_shown(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    land_up_to(lake, 10)
    with running(create_app(context_of(lake.folder))) as site:
        found = site.get("/api/lake").json()
        page = site.get("/").text
    markets = len(landing_program.MARKETS)
    assert found["raw_rows"] == 10 * markets
    assert {each["rows"] for each in found["streams"]} == {10}
    assert {each["pending_loads"] for each in found["streams"]} == {1}
    assert found["loads"][0]["rows"] == 10 * markets
    assert found["loads"][0]["landed_at"].startswith(f"{NOON:%Y-%m-%dT%H:%M:%S}")
    assert found["loads"][0]["is_pending"]
    assert any("no file in config/mappings/ reads it" in remark for remark in found["remarks"])
    assert found["remarks"][0].split(":")[0] in page
    assert landing_program.RAW.source in page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (-3.0, "0 s"), (8.4, "8 s"), (119, "119 s"), (600, "10 min"), (18_000, "5 h"), (3e5, "3 days")],
)
def test_how_long_ago_is_told_in_one_unit(seconds: float | None, text: str) -> None:
    assert ago(seconds) == text


def ask(site: httpx.Client, status: int = 200, **parameters: Any) -> Any:
    answer = site.get("/api/candles", params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_without_the_mart_candles_say_what_builds_it(site: httpx.Client) -> None:
    sentence = ask(site, 404)["error"]
    assert sentence == "the lake has no `trades_1m_versions` yet; `schemahub run unify trades_unified` builds it"


def test_a_span_of_candles_ends_after_it_begins(site: httpx.Client) -> None:
    assert "expected an instant after `from`" in ask(site, 422, **{"from": NOON_US, "to": NOON_US})["error"]


def test_the_page_of_a_symbol_that_is_missing_names_others(site: httpx.Client) -> None:
    answer = site.get("/symbols/<b>DOGE", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "it has BTC-USD" in answer.text
    assert "<b>DOGE" not in answer.text


def test_a_symbol_is_found_however_its_letters_are_written(site: httpx.Client) -> None:
    assert site.get("/symbols/btc-usd").status_code == 200


def test_the_seconds_in_which_an_event_was_made_are_its_start_and_its_end() -> None:
    seconds = np.arange(3600) + 1_000_000
    prices = 40_000 + np.sin(np.arange(3600))
    prices[1800:] += 400
    (event,) = large_moves(seconds, prices)
    assert (event.rank, event.start_us, event.end_us) == (1, 1_001_800 * SECOND, 1_001_801 * SECOND)
    assert event.move_bps == pytest.approx(99.5, abs=1)
    assert event.sigmas > LEAST_SIGMA


def test_events_are_ranked_by_size_and_those_of_one_move_are_one() -> None:
    prices = np.full(7200, 40_000.0)
    prices[1000:] *= 1.002
    prices[3000:] *= 0.995
    prices[3004:] *= 0.999
    prices[6000:] *= 1.003
    found = large_moves(np.arange(7200), prices)
    assert [(event.rank, round(event.move_bps)) for event in found] == [(1, -60), (2, 30), (3, 20)]


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_a_price_that_does_not_move_has_no_events(count: int) -> None:
    assert large_moves(np.arange(count), np.full(count, 40_000.0)) == []


def test_a_lake_that_grows_shows_its_newest_rows(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    add_trades(lake, [Traded("COINBASE", "BTC-USD", 1, 40_000.0)])
    with running(create_app(context_of(lake.folder))) as site:
        assert site.get("/api/lake").json()["unified_rows"] == 1
        add_trades(lake, [Traded("COINBASE", "BTC-USD", 2, 40_000.0, trade_id="2")])
        assert site.get("/api/lake").json()["unified_rows"] == 2
        (symbol,) = site.get("/api/symbols").json()["symbols"]
        assert symbol["trades"] == 2
