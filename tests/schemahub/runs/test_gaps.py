"""What is missing between the first and the last landed trade, and how it is filled."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import simulator.exchanges
from lakehouse.coverage import Coverage, Stretch, Stretches, microseconds
from schemahub.cli.app import app
from schemahub.runs.context import RunContext
from schemahub.runs.fill_gaps import fill_gaps
from schemahub.runs.gaps import StreamGaps, holes_between, stream_gaps
from schemahub.settings import load_settings
from schemahub.show.gaps import MOST_PARTS, gap_lines, not_filled
from simulator.exchanges import RunningSimulator
from tests.support.command_line import ROOT, Served, landed_ids, served
from tests.support.landed_parts import MARKET_START, land_parts
from tests.support.trade_bodies import body_of

KEYS = 60
SPANS = st.lists(st.tuples(st.integers(0, KEYS), st.integers(1, 12)), max_size=10)
SYMBOLS = {"binance": "BTCUSDT", "coinbase": "BTC-USDT", "kraken": "XBTUSDT"}
PARTS = ((0, 300), (400, 401), (500, 560))
"""The parts that are landed of each product, counted from its first trade."""
TIMES = {"binance": [MARKET_START + timedelta(seconds=seconds) for seconds in (0, 892, 1007)]}
"""When these parts begin, where that matters."""
README = (ROOT / "README.md").read_text()
LACKED = {11 + number for number in range(20)}
"""The ids that the recorded exchanges never assigned: they have 1 to 10 and 31 to 40."""


def held(*spans: tuple[int, int], proof: str = "ids") -> tuple[Stretch, ...]:
    stretches = Stretches()
    for low, high in spans:
        for start, end in stretches.missing(low, high):
            stretches = stretches.add(Stretch(start, end, start, end - 1, end - start, proof))  # type: ignore[arg-type]
    return stretches.stretches


TIMED = "XBTUSD (time and sales)"


def of_acme(*spans: tuple[int, int]) -> StreamGaps:
    return stream_gaps("acme", "AAA", Coverage({"AAA": held(*spans)}))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(SPANS)
def test_holes_are_the_keys_that_lie_between_landed_ones(spans: list[tuple[int, int]]) -> None:
    keys = {key for low, length in spans for key in range(low, low + length)}
    between = set(range(min(keys), max(keys))) - keys if keys else set()
    holes = holes_between(held(*((low, low + length) for low, length in spans)))
    assert [key for hole in holes for key in range(hole.low, hole.high or 0)] == sorted(between)
    assert all(hole.resumes and hole.low - 1 in keys and hole.high in keys for hole in holes)
    gaps = of_acme(*((low, low + length) for low, length in spans))
    assert gaps.missing_ids == (len(between) if keys else None)


@pytest.fixture
def context(exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    """A lake in which nothing was landed."""
    return lake_of(exchanges, tmp_path, monkeypatch)


@pytest.fixture
def in_gaps(context: RunContext, exchanges: RunningSimulator) -> RunContext:
    """A lake that lacks parts of BTC-USDT of every exchange."""
    for product in served(exchanges, "BTC-USDT"):
        parts = [(product.first_id + low, product.first_id + high) for low, high in PARTS]
        land_parts(context, product.exchange, product.symbol, parts, TIMES.get(product.exchange, ()))
    return context


def lake_of(exchanges: RunningSimulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    for name, url in exchanges.environment.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("SCHEMAHUB_LAKE", str(folder / "lake"))
    return RunContext(load_settings(lake=str(folder / "lake")))


def gaps(*options: str) -> Result:
    result = CliRunner().invoke(app, ["gaps", *options])
    assert result.exception is None, result.exception
    return result


def lines(*options: str) -> list[str]:
    return gaps(*options).output.splitlines()


def indented(*shown: str) -> str:
    """Lines as a document shows them."""
    return "\n".join(f"    {line}".rstrip() for line in shown)


def ids(product: Served, *parts: tuple[int, int]) -> list[tuple[str, int]]:
    return [(product.symbol, product.first_id + number) for low, high in parts for number in range(low, high)]


def test_gaps_are_listed_and_filled_over_http(in_gaps: RunContext, exchanges: RunningSimulator, tmp_path: Path) -> None:
    products = {product.exchange: product for product in served(exchanges, "BTC-USDT")}
    found = lines()
    assert len(found) == 3 * 3 + 1
    first = products["binance"].first_id
    assert found[0] == "binance BTCUSDT: 2 gaps, 199 ids"
    assert found[1].startswith(f"    ids {first + 300} to {first + 399}, 100 ids, 2026-01-05 00:")
    assert found[2].startswith(f"    ids {first + 401} to {first + 499}, 99 ids, 2026-01-05 00:")
    assert found[-1] == "6 gaps in 3 of 3 streams, 597 ids"
    assert lines("--exchange", "kraken")[-1] == "2 gaps in 1 of 1 stream, 199 ids"
    assert lines("--symbols", "BTC-USDT", "--exchange", "binance") == [*found[:3], "2 gaps in 1 of 1 stream, 199 ids"]
    assert indented(*lines("--exchange", "binance")) in README
    assert lines("--symbols", "ETH-USD") == ["nothing of ETH-USD has been landed yet"]

    days = lines("--by-date")
    assert indented(*days) in README

    filled = lines("--fill", "--exchange", "coinbase")
    assert "coinbase    ✓ 199 trades landed" in filled[0]
    assert filled[1:] == ["no gaps in 1 stream"]
    assert lines()[-1] == "4 gaps in 2 of 3 streams, 398 ids"
    assert lines("--fill")[-1] == "no gaps in 3 streams"
    assert lines() == lines("--fill") == ["no gaps in 3 streams"]
    for product in products.values():
        assert sorted(landed_ids(tmp_path / "lake", product.exchange).elements()) == ids(product, (0, 560))


@pytest.mark.slow
def test_gaps_that_cannot_be_filled_stay_with_the_reason(
    in_gaps: RunContext, exchanges: RunningSimulator, tmp_path: Path
) -> None:
    before = lines("--exchange", "binance")
    exchanges.set_faults("html:1000@binance")
    result = CliRunner().invoke(app, ["gaps", "--fill"])
    assert result.exit_code == 1
    assert str(result.exception).startswith("BTCUSDT of binance: binance: ")
    shown = result.output.splitlines()[-5:]
    assert shown[:3] == before[:3]
    assert shown[3].startswith("    not filled: binance: the response to ")
    assert shown[4] == "2 gaps in 1 of 3 streams, 199 ids"
    exchanges.clear_faults()
    assert lines("--fill")[-1] == "no gaps in 3 streams"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """Exchanges that never assigned some ids."""
    folder = tmp_path_factory.mktemp("recordings")
    for exchange, symbol in SYMBOLS.items():
        path = folder / exchange / symbol / "page.json"
        path.parent.mkdir(parents=True)
        body = body_of(exchange, *(row(exchange, number) for number in sorted({*range(1, 41)} - LACKED)))
        path.write_bytes(body.replace(b'"last":"1"', b'"last":"%d000"' % microseconds(time_of(40))))
    with simulator.exchanges.running(recordings=folder, enforce_limits=False) as running:
        yield running


def time_of(number: int) -> datetime:
    return MARKET_START + timedelta(minutes=number)


def row(exchange: str, number: int) -> dict[str, str]:
    moment = time_of(number)
    times = {
        "binance": str(microseconds(moment) // 1000),
        "coinbase": f'"{moment:%Y-%m-%dT%H:%M:%SZ}"',
        "kraken": f"{moment.timestamp():.1f}",
    }
    return {"id": str(number), "time": times[exchange]}


@pytest.mark.parametrize("exchange", SYMBOLS)
def test_what_an_exchange_never_had_is_absent_and_not_requested_again(
    recorded: RunningSimulator, exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = lake_of(recorded, tmp_path, monkeypatch)
    land_parts(context, exchange, SYMBOLS[exchange], [(1, 11), (31, 35), (38, 41)])
    assert lines()[-1] == "2 gaps in 1 of 1 stream, 23 ids"
    before = recorded.stats()["requests"]
    filled = lines("--fill")
    assert "✓ 3 trades landed" in filled[0]
    asked = recorded.stats()["requests"]
    assert asked != before
    name = f"{exchange} {SYMBOLS[exchange]}"
    assert filled[1] == f"{name}: the exchange has none there, in 1 part"
    assert filled[2].startswith("    ids 11 to 30, 20 ids, 2026-01-05 00:10:00 to ")
    assert filled[3:] == ["no gaps in 1 stream"]
    assert lines("--fill") == lines() == filled[1:]
    assert recorded.stats()["requests"] == asked


def test_a_lake_in_which_nothing_was_landed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMAHUB_LAKE", str(tmp_path / "lake"))
    (line,) = lines("--fill")
    assert line.startswith("nothing has been landed in ")
    assert not (tmp_path / "lake").exists()


def test_only_the_largest_gaps_of_a_stream_are_listed_in_the_order_of_their_ids() -> None:
    spans = [(100 * number, 100 * number + 100 - number) for number in range(1, MOST_PARTS + 12)]
    shown = list(gap_lines([of_acme(*spans)]))
    assert shown[0] == f"acme AAA: {MOST_PARTS + 10} gaps, 465 ids"
    assert len(shown) == MOST_PARTS + 3
    sizes = [int(line.split(", ")[1].split()[0]) for line in shown[1:-2]]
    assert sizes == list(range(11, 31))
    assert shown[-2:] == ["    and 10 smaller ones", "30 gaps in 1 of 1 stream, 465 ids"]


def test_streams_that_are_keyed_by_time_are_shown_as_times_and_not_requested(context: RunContext) -> None:
    minute = 60_000_000
    start = microseconds(MARKET_START)
    spans = [(start, start + minute), (start + 3 * minute, start + 4 * minute)]
    of_files = stream_gaps("kraken", TIMED, Coverage({TIMED: held(*spans, proof="file")}))
    assert list(fill_gaps(context, [of_files], progress=lambda _: lambda *_: None)) == []
    assert list(gap_lines([of_files], not_filled([of_files], {}))) == [
        "kraken XBTUSD (time and sales): 1 gap",
        "    2026-01-05 00:01:00 to 2026-01-05 00:03:00 UTC",
        "    not filled: the trades of this stream come from files, which can't be requested over REST",
        "1 gap in 1 of 1 stream",
    ]


def test_a_gap_of_which_files_hold_the_times_is_shown_as_that_and_not_requested(context: RunContext) -> None:
    minute = 60_000_000
    main = (Stretch(1, 11, 0, minute, 10), Stretch(21, 31, 3 * minute, 4 * minute, 10))
    beside = Stretch(minute, 3 * minute + 1, minute, 3 * minute + 1, 5, "unprovable")
    gaps = stream_gaps("kraken", "XBTUSD", Coverage({"XBTUSD": main, TIMED: (beside,)}))
    assert list(fill_gaps(context, [gaps], progress=lambda _: lambda *_: None)) == []
    assert list(gap_lines([gaps])) == [
        "kraken XBTUSD: 1 gap, 10 ids",
        "    ids 11 to 20, 10 ids, 1970-01-01 00:01:00 to 1970-01-01 00:03:00 UTC",
        "    not filled: files that were imported hold times of the gap, and each second is taken either from files or "
        "from the API",
        "1 gap in 1 of 1 stream, 10 ids",
    ]


def test_what_cannot_be_proven_is_marked_and_sparse_ids_are_not_counted() -> None:
    sparse = held((5, 10), proof="pages") + held((20, 30), proof="unprovable")
    assert list(gap_lines([stream_gaps("acme", "A\x1bA", Coverage({"A\x1bA": sparse}))])) == [
        "acme A A: 1 gap",
        "    ids 10 to 19, 1970-01-01 00:00:00 to 1970-01-01 00:00:00 UTC",
        "acme A A: landed, but whether it is complete can't be proven, in 1 part",
        "    ids 20 to 29, 1970-01-01 00:00:00 to 1970-01-01 00:00:00 UTC",
        "1 gap in 1 of 1 stream",
    ]
