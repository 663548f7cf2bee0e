"""`live` over real sockets: everything shown is landed once, whatever happens to connections, requests and the lake."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import loaders.connectors.binance
import loaders.connectors.coinbase
import loaders.connectors.kraken
import simulator.exchanges
from lakehouse.errors import ConcurrentWriter, Misconfigured
from lakehouse.local import LocalLake
from loaders.landing.ingest import Progress
from loaders.landing.lander import Lander
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.ingest import ingest_symbols, symbols_of
from schemahub.runs.live import run_live
from schemahub.simulated_lake import MARK
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table, landed_ids
from tests.support.live_lake import PATIENCE, Live, listening, settings_for, wait_until

pytestmark = pytest.mark.long

NAMES = ("binance", "coinbase", "kraken")
PACKAGES = (loaders.connectors.binance, loaders.connectors.coinbase, loaders.connectors.kraken)
SHOWN = 0.2


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=12_000, enforce_limits=False, shown=SHOWN) as running:
        yield running


@pytest.fixture
def exchanges(market: RunningSimulator) -> Iterator[RunningSimulator]:
    market.show(SHOWN)
    yield market
    market.clear_faults()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent connection is given up after three seconds, or after four if it goes on to send pings."""
    for package in PACKAGES:
        monkeypatch.setattr(package, "STREAM", replace(package.STREAM, silence_seconds=3.0))
    for name, seconds in (
        ("landing.quiet.PATIENCE", 0.5),
        ("landing.quiet.QUIET", 1.0),
        ("channels.link.SECONDS_BEHIND", 2.0),
    ):
        monkeypatch.setattr(f"loaders.{name}", seconds)


def ingest(exchanges: RunningSimulator, lake: Path, *names: str, **settings: Any) -> None:
    context = RunContext(settings_for(exchanges, lake, **settings))
    for outcome in ingest_symbols(context, symbols_of(context, names), progress=silent):
        assert outcome.problems == []


def silent(_: str) -> Progress:
    return lambda *_: None


def let_happen(live: Live, start: float, end: float, *, steps: int = 10) -> None:
    """Let the market go on in steps, as messages of their own."""
    for step in range(1, steps + 1):
        live.exchanges.show(start + (end - start) * step / steps)
        time.sleep(0.1)


def becomes_complete(live: Live, *, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not live.is_complete(since_first=False) and time.monotonic() < ends:
        time.sleep(0.1)
    return time.monotonic() < ends


def test_everything_shown_is_landed_once_and_in_order(exchanges: RunningSimulator, tmp_path: Path) -> None:
    with listening(exchanges, tmp_path / "lake", *NAMES) as live:
        share = live.show_until_heard(SHOWN)
        let_happen(live, share, 0.4)
    live.assert_complete()
    assert all(state.outcome.problems == [] and state.is_over for state in live.states)
    for name, column in (("binance", "id"), ("coinbase", "trade_id"), ("kraken", "trade_id")):
        rows = iceberg_table(live.lake, f"raw_{name}_trades").scan().to_arrow()
        assert set(rows["_channel"].to_pylist()) == {"stream"}
        stream = {"binance": "symbol", "coinbase": "product_id", "kraken": "pair"}[name]
        assert set(rows["_source"].to_pylist()) == {f"{exchanges.stream_urls[name]}{_path(name)}"}
        for load in set(rows["_dlt_load_id"].to_pylist()):
            of_load = [row for row in rows.to_pylist() if row["_dlt_load_id"] == load]
            order = [(row[stream], int(row[column])) for row in of_load]
            assert order == sorted(order)


def _path(name: str) -> str:
    return {"binance": "/ws", "coinbase": "", "kraken": "/v2"}[name]


@pytest.mark.kills
@pytest.mark.parametrize(
    "faults",
    [
        ("drop:1/6",),
        ("repeat:1/2", "reorder:1/3"),
        ("freeze:1/40x2",),
        ("disconnect:1/25x4",),
        ("garbage:1/10",),
        ("drop:1/11", "repeat:1/7", "reorder:1/5", "disconnect:1/40x2", "garbage:1/13"),
    ],
    ids=lambda faults: " ".join(fault.partition(":")[0] for fault in faults),
)
@pytest.mark.usefixtures("impatient")
def test_whatever_the_stream_does_everything_is_landed_once(
    exchanges: RunningSimulator, tmp_path: Path, faults: tuple[str, ...]
) -> None:
    with listening(exchanges, tmp_path / "lake", *NAMES) as live:
        share = live.show_until_heard(SHOWN)
        exchanges.set_faults(*faults)
        let_happen(live, share, 0.5, steps=25)
        assert any(fault["struck"] for fault in exchanges.faults())
        exchanges.clear_faults()
        # what a frozen or lost connection missed shows with the next trade
        for more in range(1, 9):
            exchanges.show(0.5 + more / 20)
            if becomes_complete(live, seconds=4):
                break
    live.assert_complete()


@pytest.mark.slow
def test_a_start_after_an_ingest_fills_the_hole_over_rest(exchanges: RunningSimulator, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ingest(exchanges, lake, *NAMES)
    exchanges.show(0.4)
    with listening(exchanges, lake, *NAMES) as live:
        share = live.show_until_heard(0.4)
        let_happen(live, share, 0.6)
        wait_until(lambda: live.is_complete(since_first=True))
        wait_until(lambda: live.holes == 0)
        assert all(state.filled for state in live.states)
    live.assert_complete(since_first=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["binance", *(pytest.param(name, marks=pytest.mark.kills) for name in ("coinbase", "kraken"))]
)
@pytest.mark.usefixtures("impatient")
def test_what_a_quiet_symbol_missed_is_filled_without_a_trade_that_shows_it(
    exchanges: RunningSimulator, tmp_path: Path, name: str
) -> None:
    lake = tmp_path / "lake"
    ingest(exchanges, lake, name)
    exchanges.show(0.3)
    with listening(exchanges, lake, name) as live:
        wait_until(lambda: live.is_complete(since_first=True))
        assert name != "binance" or not live.heard  # the others begin with trades that happened before
        exchanges.set_faults(f"disconnect:1@{name}")
        exchanges.show(0.32)
        wait_until(lambda: live.states[0].reconnects == 1)
        wait_until(lambda: live.is_complete(since_first=True))
    live.assert_complete(since_first=True)
    assert live.states[0].outcome.problems == []


@pytest.mark.kills
@pytest.mark.usefixtures("impatient")
def test_a_connection_that_sends_only_pings_is_replaced(exchanges: RunningSimulator, tmp_path: Path) -> None:
    with listening(exchanges, tmp_path / "lake", "binance") as live:
        share = live.show_until_heard(SHOWN)
        exchanges.set_faults("freeze:1@binance")
        exchanges.show(share + 0.02)
        wait_until(lambda: any("it was connected again" in line for line in live.states[0].warnings))
        let_happen(live, share + 0.02, share + 0.1)
        wait_until(lambda: live.is_complete(since_first=False))
    live.assert_complete()
    assert live.states[0].reconnects == 1


@pytest.mark.slow
def test_a_hole_that_an_earlier_run_left_is_filled_too(exchanges: RunningSimulator, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ingest(exchanges, lake, "kraken")
    exchanges.show(0.4)
    with listening(exchanges, lake, "kraken", urls={"kraken": "http://127.0.0.1:9"}) as live:
        share = live.show_until_heard(0.4)
        assert not live.is_complete(since_first=True)
    exchanges.show(share + 0.05)
    with listening(exchanges, lake, "kraken") as live:
        live.show_until_heard(share + 0.05)
        wait_until(lambda: live.is_complete(since_first=True))
    live.assert_complete(since_first=True)


@pytest.mark.slow
def test_a_first_start_begins_with_the_live_trades_or_where_since_says(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    with listening(exchanges, tmp_path / "live", "coinbase") as live:
        live.show_until_heard(SHOWN)
    live.assert_complete()
    assert live.states[0].filled == 0
    since = datetime(2026, 1, 1, tzinfo=UTC)
    with listening(exchanges, tmp_path / "since", *NAMES, since=since) as live:
        live.show_until_heard(SHOWN)
        wait_until(lambda: live.is_complete(since_first=True))
    live.assert_complete(since_first=True)


def test_loads_go_on_while_a_hole_cannot_be_filled(exchanges: RunningSimulator, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ingest(exchanges, lake, "binance")
    exchanges.show(0.4)
    exchanges.set_faults("503:1/1")
    with listening(exchanges, lake, "binance") as live:
        share = live.show_until_heard(0.4)
        wait_until(lambda: live.holes > 0)
        for _ in range(3):
            before = live.landed
            share += 0.02
            exchanges.show(share)
            wait_until(lambda before=before: live.landed > before)
        assert live.holes > 0
        exchanges.clear_faults()
        wait_until(lambda: live.is_complete(since_first=True), 60)
        wait_until(lambda: live.holes == 0)
    live.assert_complete(since_first=True)


def test_an_exchange_that_fails_ends_alone(exchanges: RunningSimulator, tmp_path: Path) -> None:
    addresses = {**exchanges.stream_urls, "kraken": "ws://127.0.0.1:9"}
    with listening(exchanges, tmp_path / "lake", "coinbase", "kraken", stream_urls=addresses) as live:
        wait_until(lambda: live.states and live.states[1].is_over)
        exchanges.show(0.3)
        wait_until(lambda: live.landed > 0)
        assert not live.states[0].is_over
    (said,) = live.states[1].outcome.problems
    assert said.startswith("kraken can't be reached at ws://127.0.0.1:9")
    assert live.states[0].outcome.problems == []


def test_it_ends_when_no_exchange_is_left(exchanges: RunningSimulator, tmp_path: Path) -> None:
    context = RunContext(settings_for(exchanges, tmp_path / "lake", stream_urls={"kraken": "ws://127.0.0.1:9"}))
    began = time.monotonic()
    (state,) = run_live(context, symbols_of(context, ["kraken"]), stop=threading.Event())
    assert time.monotonic() - began < PATIENCE
    assert len(state.outcome.problems) == 1


def test_a_refused_symbol_ends_alone(exchanges: RunningSimulator, tmp_path: Path) -> None:
    with listening(exchanges, tmp_path / "lake", "kraken", symbols=("BTC-USD", "SOL-USD")) as live:
        live.show_until_heard(SHOWN)
        wait_until(lambda: live.states[0].outcome.problems)
    (said,) = live.states[0].outcome.problems
    assert said.startswith("SOLUSD of kraken: kraken SOLUSD: ")
    assert set(landed_ids(live.lake, "kraken")) >= {("XBTUSD", run.low) for run in live.heard["kraken", "XBTUSD"]}


def test_whoever_wants_quotes_is_told_of_them_and_none_is_landed(exchanges: RunningSimulator, tmp_path: Path) -> None:
    with listening(exchanges, tmp_path / "lake", *NAMES) as live:
        live.show_until_heard(SHOWN)
        wait_until(lambda: {name for name, _ in live.quotes} == set(NAMES))
    assert all(0 < quote.bid < quote.ask for _, quote in live.quotes)
    live.assert_complete()


def test_whoever_lands_nothing_is_told_of_the_same_and_needs_no_lake(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    with listening(exchanges, tmp_path / "lake", *NAMES, land=False) as live:
        live.show_until_heard(SHOWN)
        wait_until(lambda: {name for name, _ in live.quotes} == set(NAMES))
        wait_until(lambda: all(state.rate > 0 and state.messages > 0 for state in live.states))
    assert all(state.outcome.problems == [] and state.is_over and state.landed == 0 for state in live.states)
    assert list(tmp_path.iterdir()) == []


def test_an_exchange_that_cannot_be_reached_is_named_also_if_nothing_is_landed(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    with listening(exchanges, tmp_path, "kraken", stream_urls={"kraken": "ws://127.0.0.1:9"}, land=False) as live:
        wait_until(lambda: live.states and live.states[0].is_over)
    (said,) = live.states[0].outcome.problems
    assert said.startswith("kraken can't be reached at ws://127.0.0.1:9")


def test_what_a_repair_keeps_from_being_landed_is_landed_after_it(exchanges: RunningSimulator, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with listening(exchanges, lake, "coinbase") as live:
        with LocalLake(lake).writing("raw_coinbase_trades"):
            live.show_until_heard(SHOWN)
            wait_until(lambda: any("is kept and landed later" in line for line in live.states[0].warnings))
            assert live.landed == 0
        wait_until(lambda: live.landed > 0)
        assert live.states[0].outcome.problems == []
    live.assert_complete()


def test_a_lake_that_cannot_be_used_ends_it_when_it_is_stopped(
    exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Lander, *_: object) -> int:
        raise ConcurrentWriter("it is being repaired")

    monkeypatch.setattr(Lander, "land", refuse)
    with listening(exchanges, tmp_path / "lake", "coinbase") as live:
        live.show_until_heard(SHOWN)
    assert live.states[0].outcome.problems == ["it is being repaired"]


def test_nothing_is_landed_while_the_clock_is_far_off(exchanges: RunningSimulator, tmp_path: Path) -> None:
    with listening(exchanges, tmp_path / "lake", "binance", clock_tolerance="5m", live_every=3) as live:
        let_happen(live, SHOWN, 0.3)
        wait_until(lambda: live.states[0].is_over)
    (said,) = live.states[0].outcome.problems
    assert said.startswith("binance: this machine's clock is ")
    assert "SCHEMAHUB_CLOCK_TOLERANCE" in said
    assert live.landed == 0


@pytest.mark.usefixtures("impatient")
def test_a_wrong_clock_that_only_rest_shows_ends_it(exchanges: RunningSimulator, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ingest(exchanges, lake, "binance")
    context = RunContext(settings_for(exchanges, lake, clock_tolerance="5m"))
    late = replace(context, now=lambda: utc_now() - timedelta(minutes=10))
    (state,) = run_live(late, symbols_of(late, ["binance"]), stop=threading.Event(), seconds=PATIENCE)
    (said,) = state.outcome.problems
    assert "behind the exchange's" in said
    assert state.landed == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stream_urls": {}}, r"kraken: http://127.0.0.1:.* is on this machine, so its trades are simulated, and"),
        ({"urls": {}}, r"kraken: ws://127.0.0.1:.* those of https://api.kraken.com are not"),
        ({"urls": {}, "stream_urls": {}}, r"holds simulated trades of `make demo`, and kraken would add real ones"),
    ],
    ids=["real stream", "real API", "simulated lake"],
)
def test_simulated_and_real_trades_never_mix(
    exchanges: RunningSimulator, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / MARK).write_text("simulated")
    context = RunContext(settings_for(exchanges, lake, **changes))
    with pytest.raises(Misconfigured, match=said):
        run_live(context, {"kraken": ["XBTUSD"]}, stop=threading.Event())
