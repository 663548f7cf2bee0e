"""What a run will read and cost, planned before the run: on the manifests of lakes that dbt built, and pure."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from advisor.files import FOOTER_BYTES, SMALL_FILE_BYTES, Reads, reads
from advisor.plan import plan_unify
from advisor.price import dollars
from advisor.ranges import EVERYTHING, Range, merged_ranges, pending_loads
from lakehouse.errors import Misconfigured
from lakehouse.pending import read_landed
from registry.declarations import Version
from schemahub.runs.context import utc_now
from schemahub.show.plan import plan_report, shown_dollars
from schemahub.show.status import status
from tests.schemahub.planned_lakes import (
    DAYS,
    WITH_TRADES,
    data_files,
    grow,
    land_again_and_new,
    land_days,
    planned,
    shown,
)
from tests.support.duckdb_writer import writing
from tests.support.lake_under_test import ROOT, LakeUnderTest, Restore, binance, kraken


@pytest.fixture
def lake(restore: Restore) -> LakeUnderTest:
    return restore()


def local(address: str) -> Path:
    return Path(address.removeprefix("file://"))


@pytest.mark.slow
def test_an_increment_reads_the_new_files_and_the_days_they_touch_however_large_the_tables_are(
    restore: Restore,
) -> None:
    small = restore()
    land_again_and_new(small)
    plans = [planned(small)]
    large = restore()
    grow(large)
    before = {name: data_files(large, name) for name in WITH_TRADES}
    assert {name: len(files) for name, files in before.items()} == dict.fromkeys(WITH_TRADES, DAYS)
    land_again_and_new(large)
    plans.append(planned(large))
    for table in ("trades_unified", "trades_1m_versions"):
        of_small, of_large = (plan.of(table).reads for plan in plans)
        assert [before[table][file] for file in of_large.files] == ["2026-01-05"]
        assert (len(of_large.files), of_large.bytes) == (len(of_small.files), of_small.bytes)
    raw = {each.name: each.reads.files for each in plans[1].tables if each.name.startswith("raw_")}
    (new,) = data_files(large, "raw_binance_trades").keys() - before["raw_binance_trades"]
    assert raw == {"raw_binance_trades": (new,)}
    assert plans[0].dollars == pytest.approx(plans[1].dollars)


@pytest.mark.slow
def test_a_run_needs_the_files_of_its_plan_and_no_others(lake: LakeUnderTest) -> None:
    grow(lake)
    land_again_and_new(lake)
    plan = planned(lake)
    wanted = {file for each in plan.tables for file in each.reads.files}
    everything = {file for name in WITH_TRADES for file in data_files(lake, name)}
    unplanned = everything - wanted
    assert len(everything - unplanned) == 3
    aside = [(local(file), local(file).with_suffix(".aside")) for file in unplanned]
    for file, elsewhere in aside:
        file.rename(elsewhere)
    for file in everything & wanted:
        local(file).rename(local(file).with_suffix(".aside"))
        lake.dbt("run", succeeds=False)
        local(file).with_suffix(".aside").rename(local(file))
    lake.dbt("run")
    for file, elsewhere in aside:
        elsewhere.rename(file)
    added = lake.table("trades_unified").scan("trade_ts < '2026-01-06T00:00:00'").to_arrow()
    assert sorted(map(int, added.filter(pc.equal(added["exchange"], "BINANCE"))["trade_id"].to_pylist())) == [
        *range(502)
    ]
    assert planned(lake).pending == ()


def test_a_load_is_read_without_one_that_landed_a_microsecond_before_it(lake: LakeUnderTest) -> None:
    before = data_files(lake, "raw_binance_trades")
    lake.land("raw_binance_trades", binance(500, 501), load="z", at="2026-01-05 12:00:00.000001")
    (new,) = data_files(lake, "raw_binance_trades").keys() - before
    assert planned(lake).of("raw_binance_trades").reads.files == (new,)
    for file in before:
        local(file).rename(local(file).with_suffix(".aside"))
    lake.dbt("run")
    assert planned(lake).pending == ()


def test_planning_writes_nothing(lake: LakeUnderTest) -> None:
    land_again_and_new(lake)

    def state() -> dict[Path, int]:
        files = (path for path in lake.lake.folder.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime_ns for path in files}

    before = state()
    planned(lake)
    planned(lake, full_refresh=True)
    assert state() == before


def test_pending_loads_are_reported_by_raw_table(lake: LakeUnderTest) -> None:
    late = "2026-01-07 23:59:30"
    lake.land("raw_kraken_trades", kraken(600), load="k2", at="2026-01-08 00:00:00")
    lake.land("raw_kraken_trades", kraken(601, 602, time=late), load="k3", at="2026-01-08 00:01:00")
    (kraken_waits,) = planned(lake).pending
    assert (kraken_waits.raw_table, kraken_waits.loads, kraken_waits.rows) == ("raw_kraken_trades", 2, 3)
    assert kraken_waits.first_at == datetime(2026, 1, 5, 11)
    assert kraken_waits.last_at == datetime.fromisoformat(late)
    assert kraken_waits.days == 3  # midnight is less than a minute away


def test_a_load_without_times_is_compared_with_the_whole_table(lake: LakeUnderTest) -> None:
    grow(lake)
    lake.land("raw_binance_trades", binance(501, time=None), load="z", at="2026-04-01 00:00:00")
    plan = planned(lake)
    whole = set(data_files(lake, "trades_unified"))
    assert len(whole) == DAYS
    assert set(plan.of("trades_unified").reads.files) == whole
    assert len(plan.of("raw_binance_trades").reads.files) == 1
    line, _ = (line for line in shown(plan, lake).splitlines() if line.startswith("raw_binance_trades"))
    assert line.split() == ["raw_binance_trades", "1", "1", "unknown", "unknown", "all"]


def test_without_anything_new_no_trades_are_read(lake: LakeUnderTest) -> None:
    plan = planned(lake)
    assert plan.pending == ()
    assert {each.name for each in plan.tables if each.reads.bytes} == {"products", "schemahub_loads", "unified_loads"}
    assert plan.dollars == pytest.approx(5 * dollars(0))
    (sentence,) = plan_report(plan, lake.lake.location, engine=lake.lake.engine)
    assert f"a run reads no trades, and Athena would charge at least {shown_dollars(plan.dollars)}" in str(sentence)


def test_a_full_refresh_reads_every_raw_file_and_the_loads_that_are_recorded(lake: LakeUnderTest) -> None:
    plan = planned(lake, full_refresh=True)
    assert [each.loads for each in plan.pending] == [1, 1, 1]
    for name in (*WITH_TRADES[:3], "trades_unified"):  # the target is read to see whether rows would be lost
        assert set(plan.of(name).reads.files) == set(data_files(lake, name))
    assert plan.of("trades_1m_versions").reads == Reads()
    (recorded,) = lake.table("unified_loads").scan().plan_files()
    assert plan.of("unified_loads").reads.files == (recorded.file.file_path,)
    assert plan.of("products").writes is not None


@pytest.mark.slow
@pytest.mark.parametrize("table", ["trades_unified", "trades_1m_versions"])
def test_a_build_of_one_lost_table_reads_what_it_is_built_from(lake: LakeUnderTest, table: str) -> None:
    land_days(lake, 2, load="k2")
    lake.dbt("run")
    lake.lake.catalog.drop_table(f"schemahub.{table}")
    plan = planned(lake)
    (of,) = {"trades_unified", "trades_1m_versions"} - {table}
    if of == "trades_unified":
        assert set(plan.of(of).reads.files) == set(data_files(lake, of))
        assert plan.pending == ()
    else:
        assert set(plan.of("raw_kraken_trades").reads.files) == set(data_files(lake, "raw_kraken_trades"))
    assert plan.of(table).reads == Reads()
    written = plan.of(table).writes
    assert written is not None
    assert (written.rows, written.days) == (1502, 3)


def test_what_is_written_is_reported_for_each_table(lake: LakeUnderTest) -> None:
    land_again_and_new(lake)
    writes = {each.name: (each.writes.rows, each.writes.days) for each in planned(lake).tables if each.writes}
    assert writes == {
        "products": (len(lake.registry.products), 0),
        "pending_loads": (1, 0),
        "trades_unified": (3, 1),
        "trades_1m_versions": (3, 1),
        "unified_loads": (1, 0),
    }


def test_new_rows_are_read_again_for_each_hundred_days_that_athena_writes(lake: LakeUnderTest) -> None:
    land_days(lake, 100, load="k2")
    hundred = planned(lake).of("trades_unified")
    assert hundred.writes is not None
    more = replace(hundred, writes=replace(hundred.writes, days=201))
    assert more.bytes_at_most == hundred.bytes_at_most + 2 * hundred.writes.bytes
    assert more.statements_at_most == hundred.statements_at_most + 2


SECOND_MART = """
select * from {{ ref("trades_unified") }} left join {{ ref("products") }} using (symbol)
{% if is_incremental() %} left join {{ this }} using (symbol) {% endif %}
"""


def test_a_stored_mart_is_planned_as_the_registry_declares_it(lake: LakeUnderTest, tmp_path: Path) -> None:
    land_again_and_new(lake)
    before = planned(lake)
    target = lake.registry.targets["trades_unified"]
    declared = target.model_copy(update={"stored_marts": [*target.stored_marts, "hourly_prices"]})
    registry = replace(lake.registry, targets={"trades_unified": declared})
    models = shutil.copytree(ROOT / "dbt_project" / "models", tmp_path / "models")
    with pytest.raises(Misconfigured, match=r"stored mart `hourly_prices`: expected a model hourly_prices\.sql in"):
        plan_unify(lake.lake, registry, models=models)
    (models / "marts" / "stored" / "hourly_prices.sql").write_text(SECOND_MART)
    plan = plan_unify(lake.lake, registry, models=models)
    built = plan.of("hourly_prices")
    assert built.writes is not None
    assert (built.reads, built.writes.rows) == (Reads(), 1503)
    assert set(plan.of("trades_unified").reads.files) == set(data_files(lake, "trades_unified"))
    assert plan.of("trades_unified").looks == before.of("trades_unified").looks + 1
    assert plan.bytes_at_most > before.bytes_at_most
    # once the mart exists, it has no partitions by time and is read completely
    lake.lake.catalog.create_table("schemahub.hourly_prices", pa.schema([("symbol", pa.string())]))
    lake.table("hourly_prices").append(pa.table({"symbol": ["BTCUSDT"]}))
    grown = plan_unify(lake.lake, registry, models=models)
    assert set(grown.of("hourly_prices").reads.files) == {
        task.file.file_path for task in lake.table("hourly_prices").scan().plan_files()
    }
    assert grown.of("trades_unified").reads == before.of("trades_unified").reads


def test_every_model_that_dbt_stores_is_in_the_plan(lake: LakeUnderTest) -> None:
    models = [node for node in lake.dbt("parse").result.nodes.values() if node.resource_type == "model"]
    # those of events have a run of their own
    stored = {node.name for node in models if node.config.materialized != "view" and "events" not in node.tags}
    assert {"trades_unified", "trades_1m_versions", "pending_loads", "unified_loads"} <= stored
    assert {each.name for each in planned(lake).tables if each.writes} == stored | {"products"}


def test_status_and_plan_report_the_same_loads_as_pending(lake: LakeUnderTest) -> None:
    def pending() -> tuple[list[int], list[int]]:
        of_status = [
            each.pending_loads
            for each in status(read_landed(lake.lake, lake.registry.targets_by_raw_table), now=utc_now())
        ]
        return of_status, [each.loads for each in planned(lake).pending]

    assert pending() == ([0, 0, 0], [])
    lake.land("raw_kraken_trades", kraken(600), load="k2", at="2026-01-08 00:00:00")
    assert pending() == ([0, 0, 1], [1])
    lake.lake.catalog.drop_table("schemahub.trades_unified")
    assert pending() == ([1, 1, 2], [1, 1, 2])


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"])
def test_a_load_from_the_end_of_time_is_planned(lake: LakeUnderTest, time: str) -> None:
    lake.land("raw_kraken_trades", kraken(600, time=time), load="k2", at="2026-01-08 00:00:00")
    lake.dbt("run")
    lake.land("raw_kraken_trades", kraken(601, time=time), load="k3", at="2026-01-09 00:00:00")
    (waits,) = planned(lake).pending
    assert (waits.loads, waits.rows) == (1, 1)


def test_only_the_named_columns_of_a_large_file_are_counted_and_all_of_a_small_one(lake: LakeUnderTest) -> None:
    payloads = random.Random(1)
    rows = [{**row, "_raw_payload": payloads.randbytes(150).hex()} for row in binance(*range(20_000))]
    lake.land("raw_binance_trades", rows, load="large", at="2026-01-06 12:00:00")
    read = planned(lake).of("raw_binance_trades").reads
    (file,) = read.files
    footer = pq.read_metadata(local(file))
    group = footer.row_group(0)
    sizes = {group.column(n).path_in_schema: group.column(n).total_compressed_size for n in range(group.num_columns)}
    named = {"id", "symbol", "price", "qty", "time", "is_buyer_maker", "_source_ingest_ts", "_dlt_load_id"}
    assert footer.num_row_groups == 1
    assert read.bytes == sum(size for name, size in sizes.items() if name in named) + FOOTER_BYTES
    assert read.bytes_of_files == local(file).stat().st_size + FOOTER_BYTES > SMALL_FILE_BYTES
    small = reads(lake.table("raw_kraken_trades"), ["price"])
    assert small.bytes == small.bytes_of_files > 0


def test_deletes_are_read_with_the_rows_that_they_delete(lake: LakeUnderTest) -> None:
    with writing(lake.lake.folder) as connection:
        connection.execute("delete from schemahub.schemahub.trades_unified where trade_id = '7'")
    (task,) = lake.table("trades_unified").scan().plan_files()
    (delete,) = task.delete_files
    land_again_and_new(lake)
    read = planned(lake).of("trades_unified").reads
    assert read.files == (task.file.file_path,)
    assert read.bytes == read.bytes_of_files == task.file.file_size_in_bytes + delete.file_size_in_bytes


def test_a_file_is_read_at_least_once_and_at_most_for_every_range(lake: LakeUnderTest) -> None:
    early, late = binance(600, time="2026-01-05 03:00:00"), binance(601, time="2026-01-05 22:00:00")
    lake.land("raw_binance_trades", [*early, *late], load="b2", at="2026-01-06 12:00:00")
    lake.dbt("run")
    for number, time in enumerate(("03:00:01", "12:00:00", "22:00:01", "23:30:00")):
        trade = binance(700 + number, time=f"2026-01-05 {time}")
        lake.land("raw_binance_trades", trade, load=f"b{3 + number}", at="2026-01-07 12:00:00")
    first, second = lake.table("trades_unified").scan().plan_files()
    wide = max((first, second), key=lambda task: task.file.file_path in _files_at(lake, "22:00"))
    assert set(_files_at(lake, "11:00")) == {first.file.file_path, second.file.file_path}
    # the first file ends at 11:00, the second is from 03:00 to 22:00
    size = wide.file.file_size_in_bytes
    assert planned(lake).of("trades_unified").reads == Reads((wide.file.file_path,), size, 3 * size)


def _files_at(lake: LakeUnderTest, time: str) -> list[str]:
    scan = lake.table("trades_unified").scan(f"trade_ts == '2026-01-05T{time}:00'")
    return [task.file.file_path for task in scan.plan_files()]


def test_a_mapping_of_two_formats_reads_a_file_once_if_it_can_have_only_one(lake: LakeUnderTest) -> None:
    lake.land("raw_binance_trades", binance(501), load="b2", at="2026-01-06 12:00:00")
    lake.land("raw_binance_trades", binance(502), load="b3", at="2026-01-08 12:00:00")
    versions = [Version(until="2026-01-07 00:00:00")]
    changed = (
        replace(each, declared=each.declared.model_copy(update={"versions": versions}))
        for each in lake.registry.mappings
    )
    of_one = planned(lake).of("raw_binance_trades").reads
    lake.registry = replace(lake.registry, mappings=tuple(changed))
    of_two = planned(lake).of("raw_binance_trades").reads
    assert of_two == of_one
    assert len(of_two.files) == 2


def test_the_pending_loads_are_those_of_the_model(lake: LakeUnderTest) -> None:
    lake.land("raw_binance_trades", [*binance(501), *binance(502, symbol="ETHUSDT")], load="z", at="2026-01-06 12:00")
    lake.land("raw_binance_trades", [*binance(503), *binance(504, time=None)], load="y", at="2026-01-07 12:00")
    lake.land("raw_kraken_trades", kraken(505, time=None), load="x", at="2026-01-08 12:00")
    lake.dbt("run", "--select", "pending_loads")
    rows = lake.query(
        "select raw_table, load_id, row_count, min_event_ts, max_event_ts, ingest_ts, has_unknown_times = 1 "
        "from schemahub.schemahub.pending_loads order by 1, 2"
    )
    unified = {(row["target"], row["raw_table"], row["load_id"]) for row in lake.rows("unified_loads")}
    landed = read_landed(lake.lake, lake.registry.targets_by_raw_table)
    assert landed.unified.keys() == unified
    pending = pending_loads(row for row in landed.rows if landed.is_pending(row))
    assert [tuple(vars(load).values()) for load in pending] == [tuple(row) for row in rows]


def _interval_cases() -> Iterator[list[tuple[str, str]]]:
    yield [("10:00:30", "12:30:00"), ("11:00:00", "11:00:01"), ("13:20:00", "13:20:00.5"), ("20:00:00", "20:00:00")]
    # ends at 10:02, and what begins at 11:02 is an hour away, at 11:03 more
    yield [("10:00:00", "10:00:59.999999"), ("11:03:00", "11:03:00")]
    yield [("10:00:00", "10:00:59.999999"), ("11:04:00", "11:04:00")]
    yield []
    chance = random.Random(4)
    for count in (2, 3, 5, 8, 13, 40, 61):
        seconds = [chance.randrange(86_000) for _ in range(count)]
        lengths = [chance.choice((0, 1, 59, 60, 600)) for _ in seconds]
        yield [
            (str(timedelta(seconds=start)), str(timedelta(seconds=min(start + length, 86_399))))
            for start, length in zip(seconds, lengths, strict=True)
        ]


@pytest.mark.parametrize("at_most", [40, 1, 3])
def test_ranges_are_merged_as_the_macro_merges_them(lake: LakeUnderTest, at_most: int) -> None:
    cases = list(_interval_cases())
    calls = []
    for case in cases:
        rows = [
            f"select timestamp '2026-01-01 {first}' as first_ts, timestamp '2026-01-01 {last}' as last_ts, "
            "0 as is_unknown"
            for first, last in case
        ]
        none = "select now()::timestamp as first_ts, now()::timestamp as last_ts, 0 as is_unknown where 1 = 0"
        calls.append(f'merged_ranges("{" union all ".join(rows) or none}", at_most={at_most})')
    unknown = "select cast(null as timestamp) as first_ts, timestamp '2026-01-01' as last_ts, 0 as is_unknown"
    calls.append(f'merged_ranges("{unknown}", at_most={at_most})')
    sql = "select " + ", ".join(f"'{{{{ tojson({call}) }}}}' as case_{n}" for n, call in enumerate(calls))
    *of_macro, of_unknown = map(json.loads, lake.query(sql)[0])
    for case, merged in zip(cases, of_macro, strict=True):
        known = [(_on_the_day(first), _on_the_day(last)) for first, last in case]
        expected = [
            Range(datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))
            for each in merged
            if each["start"] != each["end"]  # the empty range, if there is nothing to read
        ]
        assert merged_ranges(known, at_most) == expected, case
    assert of_unknown == [None]
    assert merged_ranges([(datetime.max, datetime.max), (datetime.min, datetime.min)]) == [
        Range(datetime.min, datetime.min + timedelta(minutes=2)),
        Range(datetime.max.replace(minute=58, second=0, microsecond=0), datetime.max),
    ]
    assert merged_ranges([(None, datetime(2026, 1, 1))]) == [EVERYTHING]


def _on_the_day(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-01 {time.zfill(8) if '.' not in time else time}")
