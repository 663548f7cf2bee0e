"""The runs of one lake, called as the command line calls them."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import loaders.landing.ingest as landing
from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.ledger import LedgerRow
from lakehouse.pending import read_landed
from loaders.connectors import connector_names
from loaders.landing import dlt_job
from loaders.landing.flushes import FlushEvery
from schemahub.cli import run
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.ingest import Outcome, ingest_symbols, mapped_exchanges, symbols_of, unmapped_exchanges
from schemahub.settings import load_settings
from schemahub.show.progress import unmapped_lines
from schemahub.show.status import status
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table, landed_ids, leftovers, served


@pytest.fixture
def context(exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    for name, url in exchanges.environment.items():
        monkeypatch.setenv(name, url)
    return RunContext(load_settings(lake=str(tmp_path / "lake"), symbols="BTC-USDT", since="2026-01-05"))


def ingest(context: RunContext, symbols: dict[str, list[str]]) -> list[Outcome]:
    return list(ingest_symbols(context, symbols, progress=lambda _: lambda *_: None))


def with_settings(context: RunContext, **changes: object) -> RunContext:
    return replace(context, settings=context.settings.model_copy(update=changes))


def test_the_symbols_that_each_exchange_lists_are_requested_by_its_own_names(context: RunContext) -> None:
    wanted = with_settings(context, symbols=("BTC-USD", "ETH-USDT"))
    assert symbols_of(wanted, ["binance", "coinbase", "kraken"]) == {
        "binance": ["ETHUSDT"],
        "coinbase": ["BTC-USD", "ETH-USDT"],
        "kraken": ["XBTUSD", "ETHUSDT"],
    }


def test_a_product_that_is_no_longer_listed_is_named_and_not_requested(
    context: RunContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    products = [replace(each, is_listed=each.symbol != "XBTUSDT") for each in context.registry.products]
    vars(context)["registry"] = replace(context.registry, products=tuple(products))
    assert run.show_ingest(context, ["binance", "kraken"]) == []
    assert "  kraken      - no longer lists XBTUSDT\n" in capsys.readouterr().out
    assert landed_ids(tmp_path / "lake", "binance")
    assert not landed_ids(tmp_path / "lake", "kraken")


def test_an_exchange_without_a_mapping_is_left_out_with_a_line(context: RunContext) -> None:
    mappings = [each for each in context.registry.mappings if each.source != "raw_kraken_trades"]
    vars(context)["registry"] = replace(context.registry, mappings=tuple(mappings))
    assert mapped_exchanges(context) == [name for name in connector_names() if name != "kraken"]
    assert list(unmapped_lines(unmapped_exchanges(context))) == [
        "  kraken      - is left out, because no file in config/mappings/ maps its raw table"
    ]


def test_a_registry_without_a_mapping_of_any_exchange_is_an_error_that_names_the_connectors(
    context: RunContext,
) -> None:
    vars(context)["registry"] = replace(context.registry, mappings=())
    with pytest.raises(Misconfigured, match=r"has a mapping: .* the connectors are binance, .*coinbase"):
        mapped_exchanges(context)


def test_a_symbol_that_fails_stops_neither_the_others_of_its_exchange_nor_other_exchanges(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    plan = {"binance": ["NOSUCH", "BTCUSDT", "NONESUCH"], "coinbase": ["NO-SUCH"], "kraken": ["XBTUSDT"]}
    outcomes = ingest(context, plan)
    assert [len(outcome.problems) for outcome in outcomes] == [1, 1, 0]
    assert outcomes[0].problems[0].startswith("NONESUCH, NOSUCH of binance: binance: HTTP 400")
    assert [set(outcome.ingested.failures) for outcome in outcomes] == [{"NOSUCH", "NONESUCH"}, {"NO-SUCH"}, set()]
    for product in served(exchanges, "BTC-USDT"):
        landed = sorted(landed_ids(tmp_path / "lake", product.exchange).elements())
        assert landed == ([] if product.exchange == "coinbase" else product.ids)
    assert leftovers(tmp_path / "lake") == []


def test_a_symbol_whose_responses_break_off_midway_keeps_what_came_before(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    (binance,) = (product for product in served(exchanges, "BTC-USDT") if product.exchange == "binance")
    exchanges.set_faults("slow=0.2:1000@binance")  # otherwise everything is fetched before the third page is landed
    wanted = {"binance": [binance.symbol]}
    outcomes = ingest_symbols(context, wanted, progress=lambda _: break_off_after_three_pages)
    pages = 0

    def break_off_after_three_pages(symbol: str, rows: int) -> None:
        nonlocal pages
        pages += 1
        if pages == 3:
            exchanges.set_faults("html:1000@binance")

    (outcome,) = outcomes
    assert outcome.ingested.row_count < binance.trades
    assert list(outcome.ingested.failures) == [binance.symbol]
    landed = sorted(landed_ids(tmp_path / "lake", "binance").elements())
    assert landed == binance.ids[: len(landed)]
    assert len(landed) == outcome.ingested.row_count >= 3_000
    exchanges.clear_faults()
    ingest(context, {"binance": [binance.symbol]})
    assert sorted(landed_ids(tmp_path / "lake", "binance").elements()) == binance.ids


def test_what_was_committed_before_a_failure_is_counted(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0

    def third_fails(*given: Any, land: Callable[..., list[LedgerRow]]) -> list[LedgerRow]:
        nonlocal commits
        commits += 1
        if commits == 3:
            raise LakeUnavailable("the disk is full")
        return land(*given)

    monkeypatch.setattr(dlt_job, "land", partial(third_fails, land=dlt_job.land))
    monkeypatch.setattr("schemahub.runs.ingest.ingest", partial(landing.ingest, flush_every=FlushEvery(1_000)))
    (outcome,) = ingest(context, {"binance": ["BTCUSDT"]})
    assert outcome.problems == ["the disk is full"]
    landed = landed_ids(tmp_path / "lake", "binance")
    assert outcome.ingested.row_count == landed.total() >= 2_000


def test_a_mistake_in_one_exchange_is_one_line_and_stops_no_other(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr("schemahub.runs.ingest.ingest", broken)
    lost, lost_too = ingest(context, {"binance": ["BTCUSDT"], "kraken": ["XBTUSDT"]})
    assert lost_too.problems
    assert lost.problems == [
        "binance: ZeroDivisionError: oh no; this is a bug in SchemaHub; SCHEMAHUB_DEBUG=1 shows where"
    ]


@pytest.mark.parametrize("debug", [False, True])
def test_the_traceback_of_a_mistake_is_shown_on_request(
    context: RunContext, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("schemahub.runs.ingest.ingest", broken)
    problem, *where = run.show_ingest(with_settings(context, debug=debug), ["binance"])
    assert "ZeroDivisionError" in problem
    assert any("in broken" in line for line in where) == debug


def test_a_ban_ends_only_its_exchange_and_is_known_to_the_next_run(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    plan = {"binance": ["BTCUSDT", "ETHUSDT"], "kraken": ["XBTUSDT"]}
    exchanges.set_faults("418=720:1000@binance")
    banned, landed = ingest(context, plan)
    assert landed.problems == []
    assert landed.ingested.row_count > 0
    (problem,) = banned.problems
    assert problem.startswith("BTCUSDT, ETHUSDT of binance: binance: HTTP 418, -1003 ")
    exchanges.clear_faults()
    exchanges.set_faults("slow=0:1000@binance")
    assert ingest(context, plan)[0].problems == [problem]
    assert exchanges.faults()[0]["seen"] == 0
    shutil.rmtree(tmp_path / "lake" / ".schemahub" / "bans")
    assert ingest(context, plan)[0].problems == []


def test_a_clock_that_is_minutes_off_lands_nothing_unless_the_settings_allow_it(
    context: RunContext,
) -> None:
    late = replace(context, now=lambda: utc_now() - timedelta(minutes=10))
    (refused,) = ingest(late, {"kraken": ["XBTUSDT"]})
    assert refused.ingested.row_count == 0
    assert re.search(r"kraken: this machine's clock is 0:(09|10):\d\d behind the exchange's", refused.problems[0])
    lenient = with_settings(late, clock_tolerance=timedelta(hours=1))
    (landed,) = ingest(lenient, {"kraken": ["XBTUSDT"]})
    assert (landed.problems, landed.ingested.row_count > 0) == ([], True)
    assert len(landed.warnings) == 1


def test_a_password_in_an_address_reaches_neither_the_table_nor_a_message(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    binance = exchanges.urls["binance"].replace("http://", "http://me:secret@")
    guarded = with_settings(context, urls={"binance": binance, "kraken": "http://me:secret@127.0.0.1:9"})
    exchanges.set_faults("html:1@binance")
    landed, failed = ingest(guarded, {"binance": ["BTCUSDT", "ETHUSDT"], "kraken": ["XBTUSDT"]})
    assert landed.ingested.row_count > 0
    assert len(landed.problems) == len(failed.problems) == 1
    assert "secret" not in "".join(landed.problems + failed.problems)
    sources = iceberg_table(tmp_path / "lake", "raw_binance_trades").scan(selected_fields=("_source",)).to_arrow()
    assert set(sources["_source"].to_pylist()) == {exchanges.urls["binance"]}
    files = [path for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    assert [path for path in files if b"secret" in path.read_bytes()] == []


def test_a_simulated_lake_refuses_the_real_exchanges(
    context: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "SIMULATED.txt").touch()
    mixed = with_settings(context, urls={"binance": exchanges.urls["binance"]})
    with pytest.raises(Misconfigured, match=r"holds simulated trades .* kraken would add real ones"):
        ingest(mixed, {"binance": ["BTCUSDT"], "kraken": ["XBTUSDT"]})
    (outcome,) = ingest(mixed, {"binance": ["BTCUSDT"]})
    assert outcome.problems == []


def test_the_status_of_a_lake_that_was_never_used_is_empty_and_creates_no_table(context: RunContext) -> None:
    assert status(read_landed(context.lake, context.registry.targets_by_raw_table), now=utc_now()) == []
    assert not Path(context.settings.lake).exists()
