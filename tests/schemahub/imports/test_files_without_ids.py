"""A second is in a file's stream or in the one of the API, never in both, because no id shows a repeated trade."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from lakehouse.coverage import SECOND, time_of
from lakehouse.coverage_record import read_coverage
from lakehouse.ledger import loads
from schemahub.runs.context import RunContext
from schemahub.runs.fill_gaps import fill_gaps
from schemahub.runs.gaps import find_gaps
from schemahub.runs.load_products import ProductLoads
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table
from tests.support.imported import (
    BESIDE,
    HISTORY,
    KRAKEN,
    Fetch,
    ids,
    ingest,
    kraken_trades,
    second_of,
    spans,
    take,
    take_one,
)
from tests.support.landed_parts import land_parts


def test_times_and_sales_are_a_stream_of_their_own(
    context: RunContext, fetch: Fetch, of_rest: Counter[Any], small: None
) -> None:
    taken = take_one(context, fetch(HISTORY))
    assert taken.row_count == taken.read == 900
    assert taken.streams == ["ETHUSD", "ETHUSDT", "XBTUSD", "XBTUSDT"]
    assert Counter(map(second_of, kraken_trades(context))) == of_rest
    ((low, high, proof),) = spans(context, KRAKEN, BESIDE)
    assert (low % 1_000_000, high % 1_000_000, proof) == (0, 0, "unprovable")
    quarters = [take_one(context, fetch(f"Kraken_Trading_History_{each}.zip")) for each in ("Q4_2024", "Q1_2025")]
    assert [(each.row_count, each.known, each.different) for each in quarters] == [(0, 349, 0), (0, 551, 0)]


def test_only_one_pair_of_a_history_can_be_taken_over_and_the_rest_later(context: RunContext, fetch: Fetch) -> None:
    history = fetch(HISTORY)
    assert take_one(context, history, product="btc-usd").streams == ["XBTUSD"]
    assert {row.stream for row in loads(context.lake)} == {BESIDE}
    taken = take_one(context, history)
    assert (taken.known, taken.row_count + taken.known) == (360, 900)


def test_seconds_that_rest_covers_are_left_out_of_a_file(
    context: RunContext, fetch: Fetch, of_rest: Counter[Any]
) -> None:
    late = replace(context, settings=context.settings.model_copy(update={"since": "2024-12-31T23:30:00"}))
    ingest(late, "kraken", "XBTUSD")
    covered = len(kraken_trades(context))
    taken = take_one(context, fetch(HISTORY), product="XBTUSD")
    assert taken.elsewhere == covered > 0
    assert taken.known == 0
    assert Counter(map(second_of, kraken_trades(context))) == of_rest
    assert {row["_channel"] for row in kraken_trades(context)} == {"file", "rest"}


def test_rest_leaves_out_seconds_that_a_file_holds(
    context: RunContext, fetch: Fetch, of_rest: Counter[Any], market: RunningSimulator
) -> None:
    take_one(context, fetch("Kraken_Trading_History_Q4_2024.zip"), product="XBTUSD")
    from_file = len(kraken_trades(context))
    ingest(context, "kraken", "XBTUSD")
    assert Counter(map(second_of, kraken_trades(context))) == of_rest
    assert Counter(row["_channel"] for row in kraken_trades(context)) == {
        "file": from_file,
        "rest": of_rest.total() - from_file,
    }
    numbers = ids(market, "kraken", "BTC-USD")
    stretches = read_coverage(context.lake, KRAKEN).of("XBTUSD")
    assert [each.proof for each in stretches] == ["file", "ids"]
    assert (next(iter(stretches)).low, list(stretches)[-1].high) == (numbers.start, numbers.stop)
    before = len(loads(context.lake))
    ingest(context, "kraken", "XBTUSD")  # which asks for nothing again
    assert len(loads(context.lake)) == before
    assert take_one(context, fetch(HISTORY), product="XBTUSD").row_count == 0
    assert Counter(map(second_of, kraken_trades(context))) == of_rest


def test_a_backfill_requests_nothing_of_the_times_that_a_file_holds(context: RunContext, fetch: Fetch) -> None:
    take_one(context, fetch(HISTORY), product="XBTUSD")
    ((low, high, _),) = spans(context, KRAKEN, BESIDE)
    xbt = ProductLoads(context, "kraken", ["XBTUSD"])
    for since, until in ((low, high - 1), (0, high + 10 * SECOND)):  # the file has all that the exchange has
        (lacks,) = xbt.plan(time_of(since), time_of(until), with_archives=False).lacks
        assert lacks.holes == []


def test_a_gap_is_filled_on_both_sides_of_a_short_file(
    context: RunContext, fetch: Fetch, of_rest: Counter[Any], market: RunningSimulator, tmp_path: Path
) -> None:
    numbers = ids(market, "kraken", "BTC-USD")
    held = [(numbers.start, numbers.start + 20), (numbers.stop - 20, numbers.stop)]
    with ZipFile(fetch(HISTORY)) as history:
        lines = history.read("XBTUSD.csv").decode().splitlines(keepends=True)
    part = tmp_path / "XBTUSD.csv"
    seconds = [int(line.partition(",")[0]) for line in lines]
    wanted = range(seconds[len(lines) // 2], seconds[len(lines) // 2 + 5] + 1)
    part.write_text("".join(line for line, second in zip(lines, seconds, strict=True) if second in wanted))
    from_file = take_one(context, part).row_count
    assert from_file >= 5
    land_parts(context, "kraken", "XBTUSD", held, [time_of(seconds[place] * SECOND) for place in (0, -20)])
    (gaps,) = find_gaps(context, {"kraken": frozenset({"XBTUSD"})})
    assert (len(gaps.holes), gaps.is_in_files) == (1, False)
    (outcome,) = fill_gaps(context, [gaps], progress=lambda _: lambda *_: None)
    assert outcome.problems == []
    assert Counter(map(second_of, kraken_trades(context))) == of_rest
    (left,) = find_gaps(context, {"kraken": frozenset({"XBTUSD"})})
    assert (left.meets_files, left.missing_ids) == (True, from_file)


def test_a_load_whose_process_ended_before_the_ledger_keeps_its_stream_and_checksum(
    context: RunContext, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loaders.landing import dlt_job

    history = fetch(HISTORY)
    with monkeypatch.context() as killed:
        killed.setattr(dlt_job, "record", lambda *_: None)
        take(context, history)
    assert loads(context.lake) == []
    assert take(context, history)[0].left_out == "it was taken over before; --again reads it again"
    rows = {row.stream: row for row in loads(context.lake)}
    assert rows[BESIDE].file == HISTORY
    assert rows[BESIDE].checksum
    ((low, high, _),) = spans(context, KRAKEN, BESIDE)
    assert json.loads(rows[BESIDE].coverage or "null") is None  # `loads` doesn't read it
    stored = iceberg_table(Path(context.settings.lake), "schemahub_loads").scan().to_arrow().to_pylist()
    assert [json.loads(row["coverage"])[0][:2] for row in stored if row["stream"] == BESIDE] == [[low, high]]
