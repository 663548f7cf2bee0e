"""Every row is landed exactly once, whatever happens to the process."""

import io
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lakehouse.coverage_record import read_record
from lakehouse.errors import ConcurrentWriter
from lakehouse.lake import identifier
from lakehouse.ledger import loads
from lakehouse.tables import ensure_table
from loaders.errors import ExchangeUnavailable
from loaders.landing.dlt_job import land
from loaders.piece import Piece
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS, POINTS, RAW, pieces, trades
from tests.support.landings import DATA, NOON, every_id_once, land_up_to, landed_ids, load_in_progress, run_program


@pytest.mark.kills
@pytest.mark.parametrize("fresh_folder", [False, True], ids=["same working folder", "fresh working folder"])
@pytest.mark.parametrize("point", POINTS)
def test_a_load_killed_at_any_point_leaves_no_duplicate_and_no_gap(
    lake_home: LakeHome, point: str, fresh_folder: bool
) -> None:
    lake = lake_home.open()
    land_up_to(lake, 50)
    assert run_program(lake_home, 1_050, point) == -signal.SIGKILL
    lake_home.let_leases_lapse()
    if fresh_folder:
        lake_home.forget_work()
    assert run_program(lake_home, 2_050) == 0
    assert landed_ids(lake) == every_id_once(2_050)
    ledger = loads(lake)
    assert sum(row.row_count for row in ledger) == 2 * 2_050
    assert len({(row.load_id, row.stream) for row in ledger}) == len(ledger)
    for market in MARKETS:
        spans = [(int(row.first_id), int(row.last_id)) for row in ledger if row.stream == market]
        assert [first for first, _ in spans] == [1, *(last + 1 for _, last in spans[:-1])]


@pytest.mark.slow
def test_files_that_a_killed_load_left_uncommitted_are_removed_by_the_next(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 50)
    assert run_program(lake_home, 1_050, "before the commit") == -signal.SIGKILL
    lake_home.let_leases_lapse()
    assert len(lake_home.files(DATA)) > 2
    land_up_to(lake, 60)
    table = lake.catalog.load_table(identifier(RAW.name))
    referenced = {Path(file["file_path"]).name for file in table.inspect.files().to_pylist()}
    assert lake_home.files(DATA) == referenced


def test_a_folder_whose_process_was_killed_while_it_removed_it_is_removed_by_the_next(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    left = lake.work_folder / "landing" / RAW.name / "1795840852.77-bada0b23"
    left.mkdir(parents=True)
    (left / "0.parquet").touch()
    land_up_to(lake, 60)
    assert not left.exists()


def test_a_load_makes_one_snapshot_and_sets_the_coverage_in_it(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1_000)
    land_up_to(lake, 1_500)
    table = lake.catalog.load_table(identifier(RAW.name))
    assert len(table.metadata.snapshots) == 2
    coverage = read_record(lake, RAW.name, table.properties).coverage
    for market in MARKETS:
        (held,) = coverage.of(market)
        assert (held.low, held.high, held.rows, held.proof) == (1, 1_501, 1_500, "ids")


def test_a_load_without_pages_makes_no_commit(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 10)
    load = load_in_progress(lake)
    assert land(load, pieces(lake, 10)) == []
    assert len(lake.catalog.load_table(identifier(RAW.name)).metadata.snapshots) == 1


def test_files_carry_field_ids_and_statistics_and_are_zstd(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1_000)
    table = lake.catalog.load_table(identifier(RAW.name))
    (file,) = table.inspect.files().to_pylist()
    with table.io.new_input(file["file_path"]).open() as opened:
        footer = pq.ParquetFile(io.BytesIO(opened.read()))
    assert footer.metadata.row_group(0).column(0).compression == "ZSTD"
    fields = {field.name: field.metadata[b"PARQUET:field_id"].decode() for field in footer.schema_arrow}
    assert fields == {field.name: str(field.field_id) for field in table.schema().fields}
    assert file["partition"] == {"_source_ingest_ts_day": NOON.date()}
    assert file["readable_metrics"]["at"]["upper_bound"] == datetime(2026, 1, 5, 0, 0, 0, 1000)


def test_a_row_shows_where_it_came_from(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 1)
    row = lake.catalog.load_table(identifier(RAW.name)).scan().to_arrow().to_pylist()[0]
    load_id = loads(lake)[0].load_id
    assert row == {
        "id": "1",
        "market": "AAA",
        "at": datetime(2026, 1, 5, 0, 0, 0, 1),
        "_source": "imagined",
        "_source_ingest_ts": NOON,
        "_raw_payload": '{"id":1}',
        "_channel": "rest",
        "_dlt_load_id": load_id,
    }


def test_a_load_that_was_overtaken_lands_what_the_other_did_not(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 10)
    late, lacking = load_in_progress(lake), list(pieces(lake, 400))  # the coverage is read now …
    land_up_to(lake, 250)  # … and another process lands in between
    rows = land(late, iter(lacking))
    assert landed_ids(lake) == every_id_once(400)
    assert {(row.stream, row.row_count, row.first_id, row.last_id) for row in rows} == {
        (market, 150, "251", "400") for market in MARKETS
    }
    assert len(lake_home.files(DATA)) == 3  # the file that was cut is removed


def test_a_load_that_was_overtaken_completely_commits_nothing(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    late, lacking = load_in_progress(lake), list(pieces(lake, 400))
    land_up_to(lake, 500)
    assert land(late, iter(lacking)) == []
    assert landed_ids(lake) == every_id_once(500)
    assert len(lake_home.files(DATA)) == 1
    assert len(lake.catalog.load_table(identifier(RAW.name)).metadata.snapshots) == 1


def test_a_walk_that_fails_midway_reports_its_own_error_and_lands_nothing(lake_home: LakeHome) -> None:
    lake = lake_home.open()

    def broken() -> Iterator[Piece]:
        yield from pieces(lake, 150)
        raise ExchangeUnavailable("the exchange went away")

    load = load_in_progress(lake)
    with pytest.raises(ExchangeUnavailable, match="the exchange went away"):
        land(load, broken())
    assert landed_ids(lake) == Counter()
    assert not list((lake.work_folder / "landing" / RAW.name).iterdir())


def test_a_second_writer_stops_with_an_error(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    second = lake_home.open()
    with ExitStack() as first:
        first.enter_context(lake.writing(RAW.name))
        with pytest.raises(ConcurrentWriter, match=rf"being written by another process \(pid {os.getpid()}"):
            ExitStack().enter_context(second.writing(RAW.name))
    with second.writing(RAW.name):
        pass  # the first has ended


def test_columns_added_to_a_declaration_are_added_to_the_table(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 5)
    from dataclasses import replace

    from lakehouse.table import LakeColumn

    wider = replace(RAW, columns=(*RAW.columns, LakeColumn("fee", "double", "fee")))
    table = ensure_table(lake, wider.table)
    assert table.schema().find_field("fee").field_id == len(RAW.table.columns) + 1
    assert trades("AAA", range(1)).num_rows == 1
    assert table.scan().to_arrow()["fee"].null_count == 10
