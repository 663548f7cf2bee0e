"""Files are written by two threads, and whatever stops a load, no thread and no half-landed row stays behind."""

import gc
import os
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.errors import LakeUnavailable
from lakehouse.lake import identifier
from lakehouse.local import LocalLake
from loaders.connector import Page, page_of
from loaders.errors import ExchangeUnavailable
from loaders.landing import encoders
from loaders.landing import load as load_module
from loaders.landing.dlt_job import land
from loaders.landing.encoders import Encoders
from schemahub.refusals import refusals_as_errors
from tests.support.landing_program import MARKETS, PAGE, RAW, pages, trades
from tests.support.landings import DATA, every_id_once, land_up_to, landed_ids, load_in_progress

SCHEMA = pa.schema([("number", pa.int64())])
GROUP, FILE = 500, 1_000


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, and groups and files that a load of a few thousand rows fills."""
    monkeypatch.setattr(encoders, "_cores", lambda: 2)
    monkeypatch.setattr(encoders, "ROWS_OF_A_GROUP", GROUP)
    monkeypatch.setattr(encoders, "ROWS_OF_A_FILE", FILE)
    monkeypatch.setattr(load_module, "_ROWS_TOGETHER", PAGE)


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("encoder")] == []
    gc.collect()  # a file that was left open would warn now, and warnings are errors


def tables(count: int, rows: int = 100) -> Iterator[pa.Table]:
    for at in range(count):
        yield pa.table({"number": range(at * rows, (at + 1) * rows)}, SCHEMA)


def encoded(folder: Path, source: Iterator[pa.Table]) -> list[list[int]]:
    """For each file in the order of their completion, its numbers."""
    with Encoders() as two:
        files = list(two.files(source, SCHEMA, folder, {}))
    found = [pq.read_table(file.path)["number"].to_pylist() for file in files]
    assert [file.row_count for file in files] == [len(numbers) for numbers in found]
    return found


def test_a_small_load_has_one_file(tmp_path: Path) -> None:
    assert encoded(tmp_path, tables(5)) == [list(range(500))]


def test_groups_of_rows_go_to_two_files_in_turn(tmp_path: Path) -> None:
    first, second = encoded(tmp_path, tables(18))
    assert first == [*range(500), *range(1_000, 1_500)]
    assert second == [*range(500, 1_000), *range(1_500, 1_800)]


def test_every_row_is_in_one_file_and_no_file_is_too_large(tmp_path: Path) -> None:
    found = encoded(tmp_path, tables(77))
    assert Counter(number for numbers in found for number in numbers) == Counter(range(7_700))
    assert max(len(numbers) for numbers in found) == FILE
    assert len(found) == 8


def test_on_one_core_there_is_one_file_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_cores", lambda: 1)
    assert encoded(tmp_path, tables(22)) == [list(range(1_000)), list(range(1_000, 2_000)), list(range(2_000, 2_200))]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system can't keep a process on some cores")
def test_only_cores_that_the_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert encoders._cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert encoders._cores() == len(allowed)


def test_rows_are_taken_only_as_fast_as_they_are_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write, taken = threading.Event(), 0
    write_table = pq.ParquetWriter.write_table

    def write(self: pq.ParquetWriter, rows: pa.Table) -> None:
        may_write.wait()
        write_table(self, rows)

    def counted() -> Iterator[pa.Table]:
        nonlocal taken
        for table in tables(100):
            taken += table.num_rows
            yield table

    monkeypatch.setattr(pq.ParquetWriter, "write_table", write)
    with Encoders() as two:
        reader = threading.Thread(target=lambda: list(two.files(counted(), SCHEMA, tmp_path, {})))
        reader.start()
        time.sleep(0.5)
        held = taken
        may_write.set()
        reader.join()
    assert held == 3 * GROUP  # two that are being encoded and one that waits
    assert taken == 10_000


def test_files_that_nobody_takes_are_left_as_they_are(tmp_path: Path) -> None:
    with Encoders() as two, closing(two.files(tables(100), SCHEMA, tmp_path, {})) as files:
        assert next(files).row_count == FILE


def failing_pages(error: BaseException) -> Iterator[Page]:
    for low in range(1, 2_500, PAGE):
        yield page_of(RAW, MARKETS[0], trades(MARKETS[0], range(low, low + PAGE)))
    raise error


@pytest.mark.parametrize("error", [ExchangeUnavailable("it went away"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_ends_the_pages_ends_the_load(lake: LocalLake, error: BaseException) -> None:
    land_up_to(lake, 50)
    with pytest.raises(type(error)) as caught:
        land(load_in_progress(lake), failing_pages(error))
    assert caught.value is error
    assert_nothing_was_landed(lake)


@contextmanager
def writing(change: Callable[..., None]) -> Iterator[list[str]]:
    """Replace how threads write a group of rows; gives the names of the threads that wrote."""
    names: list[str] = []
    write_table = pq.ParquetWriter.write_table

    def write(self: pq.ParquetWriter, rows: pa.Table, **options: Any) -> None:
        names.append(threading.current_thread().name)
        change(len(names))
        write_table(self, rows, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", write)
        yield names


@pytest.mark.parametrize("group", [1, 2, 3, 5])
def test_an_error_in_a_thread_ends_the_load_with_its_one_line(lake: LocalLake, group: int) -> None:
    land_up_to(lake, 50)

    def fail(number: int) -> None:
        if number == group:
            raise OSError(28, "No space left on device", "some/file")

    load = load_in_progress(lake)
    with writing(fail) as threads, pytest.raises(LakeUnavailable) as caught, refusals_as_errors():
        land(load, pages(load.table, 2_000))
    assert str(caught.value) == "'some/file': No space left on device; free space on the disk, and run this again"
    assert all(name.startswith("encoder") for name in threads)
    del caught
    assert_nothing_was_landed(lake)


def test_ctrl_c_while_threads_write_ends_the_load(lake: LocalLake) -> None:
    land_up_to(lake, 50)

    def interrupt(number: int) -> None:
        if number == 3:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)

    load = load_in_progress(lake)
    with writing(interrupt), pytest.raises(KeyboardInterrupt):
        land(load, pages(load.table, 2_000))
    assert_nothing_was_landed(lake)


def test_a_disk_that_fills_up_while_rows_are_encoded_is_one_line(lake: LocalLake) -> None:
    land_up_to(lake, 50)
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = trades(MARKETS[0], range(51, 1_051))
    noise = pa.array([os.urandom(400).hex() for _ in range(rows.num_rows)])
    noisy = rows.set_column(rows.schema.get_field_index("_raw_payload"), "_raw_payload", noise)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, most))
    try:
        with pytest.raises(LakeUnavailable, match="raise the limit on file sizes") as caught, refusals_as_errors():
            land(load_in_progress(lake), iter([page_of(RAW, MARKETS[0], noisy)] * 4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    assert "\n" not in str(caught.value)
    del caught
    assert_nothing_was_landed(lake)


def assert_nothing_was_landed(lake: LocalLake) -> None:
    """Nothing but the first 50 rows is there, and the next load lands everything."""
    gc.collect()
    assert landed_ids(lake) == every_id_once(50)
    assert not (lake.work_folder / "landing" / RAW.name).exists()
    files = lake.catalog.load_table(identifier(RAW.name)).inspect.files().num_rows
    assert len(list((lake.folder / DATA).iterdir())) == files
    land_up_to(lake, 2_000)
    assert landed_ids(lake) == every_id_once(2_000)
