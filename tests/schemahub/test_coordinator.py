"""The runs of one lake, called as the command line calls them."""

import io
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from lakehouse.errors import Misconfigured
from lakehouse.pending import read_landed
from schemahub.runs.coordinator import Coordinator, Outcome, utc_now
from schemahub.settings import load_settings
from schemahub.show import progress as terminal
from schemahub.show.status import status
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table, landed_ids, leftovers, served


@pytest.fixture
def coordinator(exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Coordinator:
    for name, url in exchanges.environment.items():
        monkeypatch.setenv(name, url)
    return Coordinator(load_settings(lake=str(tmp_path / "lake"), symbols="BTC-USDT", since="2026-01-05"))


def ingest(coordinator: Coordinator, plan: dict[str, list[str]]) -> list[Outcome]:
    return list(coordinator.ingest(plan, progress=lambda _: lambda *_: None))


def test_a_plan_has_the_venues_names_of_the_symbols_that_each_lists(coordinator: Coordinator) -> None:
    wanted = Coordinator(coordinator.settings.model_copy(update={"symbols": ("BTC-USD", "ETH-USDT")}))
    assert wanted.plan(["binance", "coinbase", "kraken"]) == {
        "binance": ["ETHUSDT"],
        "coinbase": ["BTC-USD", "ETH-USDT"],
        "kraken": ["XBTUSD", "ETHUSDT"],
    }


def test_a_product_that_is_no_longer_listed_is_named_and_not_asked_for(
    coordinator: Coordinator, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    products = [replace(each, is_listed=each.symbol != "XBTUSDT") for each in coordinator.registry.products]
    vars(coordinator)["registry"] = replace(coordinator.registry, products=tuple(products))
    shown = Console(file=io.StringIO(), width=120)
    assert terminal.ingest(coordinator, ["binance", "kraken"], shown) == []
    assert isinstance(shown.file, io.StringIO)
    assert "  kraken      - no longer lists XBTUSDT\n" in shown.file.getvalue()
    assert landed_ids(tmp_path / "lake", "binance")
    assert not landed_ids(tmp_path / "lake", "kraken")


def test_a_symbol_that_fails_keeps_neither_the_others_of_its_exchange_nor_other_exchanges_from_landing(
    coordinator: Coordinator, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    plan = {"binance": ["NOSUCH", "BTCUSDT", "NONESUCH"], "coinbase": ["NO-SUCH"], "kraken": ["XBTUSDT"]}
    outcomes = ingest(coordinator, plan)
    assert [len(outcome.problems) for outcome in outcomes] == [1, 1, 0]
    assert outcomes[0].problems[0].startswith("NONESUCH, NOSUCH of binance: binance: HTTP 400")
    assert [set(outcome.ingested.failures) for outcome in outcomes] == [{"NOSUCH", "NONESUCH"}, {"NO-SUCH"}, set()]
    for product in served(exchanges, "BTC-USDT"):
        landed = sorted(landed_ids(tmp_path / "lake", product.exchange).elements())
        assert landed == ([] if product.exchange == "coinbase" else product.ids)
    assert leftovers(tmp_path / "lake") == []


def test_a_symbol_whose_answers_break_off_midway_keeps_what_came_before(
    coordinator: Coordinator, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    (binance,) = (product for product in served(exchanges, "BTC-USDT") if product.exchange == "binance")
    exchanges.set_faults("slow=0.2:1000@binance")  # else all is fetched before the third page is landed
    landing = iter(coordinator.ingest({"binance": [binance.symbol]}, progress=lambda _: break_off_after_three_pages))
    pages = 0

    def break_off_after_three_pages(symbol: str, rows: int) -> None:
        nonlocal pages
        pages += 1
        if pages == 3:
            exchanges.set_faults("html:1000@binance")

    (outcome,) = landing
    assert outcome.ingested.row_count < binance.trades
    assert list(outcome.ingested.failures) == [binance.symbol]
    landed = sorted(landed_ids(tmp_path / "lake", "binance").elements())
    assert landed == binance.ids[: len(landed)]
    assert len(landed) == outcome.ingested.row_count >= 3_000
    exchanges.clear_faults()
    ingest(coordinator, {"binance": [binance.symbol]})
    assert sorted(landed_ids(tmp_path / "lake", "binance").elements()) == binance.ids


def test_a_mistake_in_one_exchange_is_one_line_and_stops_no_other(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr("schemahub.runs.coordinator.ingest", broken)
    lost, lost_too = ingest(coordinator, {"binance": ["BTCUSDT"], "kraken": ["XBTUSDT"]})
    assert lost_too.problems
    assert lost.problems == [
        "binance: ZeroDivisionError: oh no; a mistake of SchemaHub's, SCHEMAHUB_DEBUG=1 shows where"
    ]


def test_a_ban_ends_its_exchange_alone_and_is_known_to_the_next_run(
    coordinator: Coordinator, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    plan = {"binance": ["BTCUSDT", "ETHUSDT"], "kraken": ["XBTUSDT"]}
    exchanges.set_faults("418=720:1000@binance")
    banned, landed = ingest(coordinator, plan)
    assert landed.problems == []
    assert landed.ingested.row_count > 0
    (problem,) = banned.problems
    assert problem.startswith("BTCUSDT, ETHUSDT of binance: binance: HTTP 418, -1003 ")
    exchanges.clear_faults()
    exchanges.set_faults("slow=0:1000@binance")
    assert ingest(coordinator, plan)[0].problems == [problem]
    assert exchanges.faults()[0]["seen"] == 0
    shutil.rmtree(tmp_path / "lake" / ".schemahub" / "bans")
    assert ingest(coordinator, plan)[0].problems == []


def test_a_clock_that_is_minutes_off_lands_nothing_unless_the_settings_allow_it(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemahub.runs.coordinator.utc_now", lambda: utc_now() - timedelta(minutes=10))
    (refused,) = ingest(coordinator, {"kraken": ["XBTUSDT"]})
    assert refused.ingested.row_count == 0
    assert re.search(r"kraken: the clock of this machine is 0:(09|10):\d\d behind theirs", refused.problems[0])
    lenient = Coordinator(coordinator.settings.model_copy(update={"clock_tolerance": timedelta(hours=1)}))
    (landed,) = ingest(lenient, {"kraken": ["XBTUSDT"]})
    assert (landed.problems, landed.ingested.row_count > 0) == ([], True)
    assert len(landed.warnings) == 1


def test_a_password_in_an_address_reaches_neither_the_table_nor_a_message(
    coordinator: Coordinator, exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMAHUB_BINANCE_URL", exchanges.urls["binance"].replace("http://", "http://me:secret@"))
    monkeypatch.setenv("SCHEMAHUB_KRAKEN_URL", "http://me:secret@127.0.0.1:9")
    exchanges.set_faults("html:1@binance")
    landed, failed = ingest(coordinator, {"binance": ["BTCUSDT", "ETHUSDT"], "kraken": ["XBTUSDT"]})
    assert landed.ingested.row_count > 0
    assert len(landed.problems) == len(failed.problems) == 1
    assert "secret" not in "".join(landed.problems + failed.problems)
    sources = iceberg_table(tmp_path / "lake", "raw_binance_trades").scan(selected_fields=("_source",)).to_arrow()
    assert set(sources["_source"].to_pylist()) == {exchanges.urls["binance"]}
    files = [path for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    assert [path for path in files if b"secret" in path.read_bytes()] == []


def test_a_simulated_lake_refuses_the_real_exchanges(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "SIMULATED.txt").touch()
    monkeypatch.delenv("SCHEMAHUB_KRAKEN_URL")
    with pytest.raises(Misconfigured, match=r"holds simulated trades .* kraken would be asked for real ones"):
        ingest(coordinator, {"binance": ["BTCUSDT"], "kraken": ["XBTUSDT"]})
    (outcome,) = ingest(coordinator, {"binance": ["BTCUSDT"]})
    assert outcome.problems == []


def test_the_status_of_a_lake_that_was_never_used_is_empty_and_makes_no_table(coordinator: Coordinator) -> None:
    assert status(read_landed(coordinator.lake, coordinator.registry.targets_by_raw_table), now=utc_now()) == []
    assert not Path(coordinator.settings.lake).exists()
