"""Files are written by two threads, and whatever stops a load, no thread and no half-landed row stays behind."""

import gc
import os
import resource
import signal
import threading
import time
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
from loaders.errors import ExchangeUnavailable
from loaders.landing import encoders, gather
from loaders.landing.dlt_job import land
from loaders.landing.encoders import Encoders, number_of, write_file
from loaders.landing.gather import Batch
from loaders.piece import Piece
from schemahub.refusals import refusals_as_errors
from tests.support.landing_program import MARKETS, PAGE, RAW, piece, pieces, trades
from tests.support.landings import DATA, every_id_once, land_up_to, landed_ids, load_in_progress

SCHEMA = pa.schema([("number", pa.int64())])
FILE = 500


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, and files that a load of a few thousand rows fills."""
    monkeypatch.setattr(encoders, "_cores", lambda: 2)
    monkeypatch.setattr(gather, "ROWS_OF_A_FILE", FILE)


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("encoder")] == []
    gc.collect()  # a file that was left open would warn now, and warnings are errors


def batches(count: int, rows: int = 100) -> Iterator[Batch]:
    for at in range(count):
        yield Batch(pa.table({"number": range(at * rows, (at + 1) * rows)}, SCHEMA), [])


def write(path: Path, batch: Batch, number: int) -> None:
    write_file(path, batch.rows, number, {})


def test_each_batch_becomes_a_file_with_its_number(tmp_path: Path) -> None:
    with Encoders() as two:
        files = list(two.files(batches(7), tmp_path, write))
    assert [file.row_count for file in files] == [100] * 7
    for number, file in enumerate(files):
        assert pq.read_table(file.path)["number"].to_pylist() == list(range(number * 100, number * 100 + 100))
        assert number_of(pq.read_metadata(file.path)) == number


def test_two_files_are_written_at_a_time_and_on_one_core_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cores in (2, 1):
        monkeypatch.setattr(encoders, "_cores", lambda cores=cores: cores)
        writing, most = [0], [0]

        def slowly(path: Path, batch: Batch, number: int, writing: list[int] = writing, most: list[int] = most) -> None:
            writing[0] += 1
            most[0] = max(most[0], writing[0])
            time.sleep(0.05)
            write(path, batch, number)
            writing[0] -= 1

        with Encoders() as threads:
            assert len(list(threads.files(batches(6), tmp_path, slowly))) == 6
        assert most == [cores]


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


def test_rows_are_taken_only_as_fast_as_they_are_encoded(tmp_path: Path) -> None:
    may_write, taken = threading.Event(), 0

    def wait_and_write(path: Path, batch: Batch, number: int) -> None:
        may_write.wait()
        write(path, batch, number)

    def counted() -> Iterator[Batch]:
        nonlocal taken
        for batch in batches(100):
            taken += batch.rows.num_rows
            yield batch

    with Encoders() as two:
        reader = threading.Thread(target=lambda: list(two.files(counted(), tmp_path, wait_and_write)))
        reader.start()
        time.sleep(0.5)
        held = taken
        may_write.set()
        reader.join()
    assert held == 3 * 100  # two that are being encoded and one that waits
    assert taken == 10_000


def test_files_that_nobody_takes_are_left_as_they_are(tmp_path: Path) -> None:
    with Encoders() as two, closing(two.files(batches(100), tmp_path, write)) as files:
        assert next(files).row_count == 100


def failing_pieces(error: BaseException) -> Iterator[Piece]:
    for low in range(51, 2_500, PAGE):
        yield piece(MARKETS[0], range(low, low + PAGE))
    raise error


@pytest.mark.parametrize("error", [ExchangeUnavailable("it went away"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_ends_the_pages_ends_the_load(lake: LocalLake, error: BaseException) -> None:
    land_up_to(lake, 50)
    with pytest.raises(type(error)) as caught:
        land(load_in_progress(lake), failing_pieces(error))
    assert caught.value is error
    assert_nothing_was_landed(lake)


@contextmanager
def writing(change: Callable[..., None]) -> Iterator[list[str]]:
    """Replace how threads write a file; gives the names of the threads that wrote."""
    names: list[str] = []
    write_table = pq.ParquetWriter.write_table

    def write(self: pq.ParquetWriter, rows: pa.Table, **options: Any) -> None:
        names.append(threading.current_thread().name)
        change(len(names))
        write_table(self, rows, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", write)
        yield names


@pytest.mark.parametrize("file", [1, 2, 3, 5])
def test_an_error_in_a_thread_ends_the_load_with_its_one_line(lake: LocalLake, file: int) -> None:
    land_up_to(lake, 50)

    def fail(number: int) -> None:
        if number == file:
            raise OSError(28, "No space left on device", "some/file")

    load = load_in_progress(lake)
    with writing(fail) as threads, pytest.raises(LakeUnavailable) as caught, refusals_as_errors():
        land(load, pieces(lake, 2_000))
    assert str(caught.value) == "'some/file': No space left on device; free space on the disk, and run this again"
    assert all(name.startswith("encoder") for name in threads)
    del caught
    assert_nothing_was_landed(lake)


# Ctrl-C can come between the opening of a file and the `with` that closes it; then the garbage collector does
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_while_threads_write_ends_the_load(lake: LocalLake) -> None:
    land_up_to(lake, 50)

    def interrupt(number: int) -> None:
        if number == 3:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)

    load = load_in_progress(lake)
    with writing(interrupt), pytest.raises(KeyboardInterrupt):
        land(load, pieces(lake, 2_000))
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
            land(load_in_progress(lake), iter([piece(MARKETS[0], range(51, 1_051))._replace(rows=noisy)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    assert "\n" not in str(caught.value)
    del caught
    assert_nothing_was_landed(lake)


def assert_nothing_was_landed(lake: LocalLake) -> None:
    """Nothing but the first 50 rows is there, and the next load lands everything."""
    gc.collect()
    assert landed_ids(lake) == every_id_once(50)
    assert not list((lake.work_folder / "landing" / RAW.name).iterdir())
    files = lake.catalog.load_table(identifier(RAW.name)).inspect.files().num_rows
    assert len(list((lake.folder / DATA).iterdir())) == files
    land_up_to(lake, 2_000)
    assert landed_ids(lake) == every_id_once(2_000)
