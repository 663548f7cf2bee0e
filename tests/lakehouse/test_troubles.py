"""Whatever the machine refuses during a load is reported in one line with the true cause, and no rows are lost."""

import errno
import gc
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyiceberg.io.pyarrow import PyArrowLocalFileSystem

from lakehouse.catalogs import durable_folder, folder_catalog
from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from lakehouse.locks.file_lock import file_lock
from schemahub.refusals import refusals_as_errors
from tests.support.landing_program import MARKETS
from tests.support.landings import every_id_once, land_up_to, landed_ids

Patch = Callable[[pytest.MonkeyPatch, Callable[..., Any]], None]

MOMENTS: dict[str, Patch] = {
    "a row is written": lambda patch, refuse: patch.setattr(pq.ParquetWriter, "write_table", refuse),
    "a file is synced": lambda patch, refuse: patch.setattr(durable_folder.os, "fsync", refuse),
    "a file is renamed": lambda patch, refuse: patch.setattr(Path, "rename", refuse),
    "metadata are written": lambda patch, refuse: patch.setattr(PyArrowLocalFileSystem, "open_output_stream", refuse),
}
REASONS = {
    errno.ENOSPC: "No space left on device; free space on the disk",
    errno.EACCES: "Permission denied; give this user permission",
    errno.EROFS: "Read-only file system; mount the file system for writing",
    errno.EIO: "Input/output error; check the disk",
}


@pytest.mark.parametrize(
    ("moment", "number"),
    [*((moment, errno.ENOSPC) for moment in MOMENTS), *(("a file is synced", number) for number in list(REASONS)[1:])],
)
def test_an_error_of_the_system_is_one_line_and_the_next_load_lands_all(
    lake: LocalLake, moment: str, number: int
) -> None:
    land_up_to(lake, 5)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "some/file")

    with pytest.MonkeyPatch.context() as patch:
        MOMENTS[moment](patch, refuse)
        with pytest.raises(LakeUnavailable) as caught, refusals_as_errors():
            land_up_to(lake, 10)
    assert str(caught.value).startswith("'some/file': ")
    assert REASONS[number] in str(caught.value)
    assert "\n" not in str(caught.value)
    del caught
    gc.collect()
    lake = LocalLake(lake.folder)
    land_up_to(lake, 15)
    assert landed_ids(lake) == every_id_once(15)
    assert sum(row.row_count for row in loads(lake)) == 15 * len(MARKETS)


def test_a_catalog_locked_by_another_program_is_reported_in_one_line(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(lake, 5)
    monkeypatch.setattr(folder_catalog, "LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(lake.folder / "catalog.db")) as other:
        other.execute("begin immediate")
        with pytest.raises(LakeUnavailable) as caught, refusals_as_errors():
            land_up_to(LocalLake(lake.folder), 10)
    assert str(caught.value) == (
        "the lake's catalog.db can't be used: database is locked; another program has kept it locked for seconds; wait "
        "until it ends, and run this again"
    )
    land_up_to(lake, 15)
    assert landed_ids(lake) == every_id_once(15)


def test_a_lock_file_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.lock").mkdir()
    with (
        pytest.raises(LakeUnavailable, match=r"lock file '.*x\.lock' can't be opened"),
        file_lock(tmp_path / "x.lock", "x", "here"),
    ):
        pass


def test_a_file_in_place_of_the_work_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / ".schemahub").write_text("")
    with pytest.raises(LakeUnavailable, match=r"\.schemahub' must be a folder, but is a file; remove it"):
        _ = LocalLake(tmp_path).work_folder


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\\b", "a\x1bb", "a\x00b", "a#b", "a?b", "a%b", 'a"b'])
def test_a_lake_folder_with_an_unusable_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="in its name; name a folder without it") as caught:
        LocalLake(tmp_path / name)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["la'ke", "la ke", "{{ 7*7 }}", "a;b", "lake-ü-雪", "-x", "a&b=c"])
def test_a_lake_folder_may_have_an_odd_name(tmp_path: Path, name: str) -> None:
    lake = LocalLake(tmp_path / name)
    land_up_to(lake, 5)
    land_up_to(lake, 10)
    assert landed_ids(LocalLake(tmp_path / name)) == every_id_once(10)
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_a_lake_that_was_moved_and_linked_must_be_moved_back(tmp_path: Path) -> None:
    land_up_to(LocalLake(tmp_path / "lake"), 5)
    (tmp_path / "lake").rename(tmp_path / "elsewhere")
    (tmp_path / "lake").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        Misconfigured, match=r"was created as .*/lake/.*, which is now a link to .*/elsewhere/.* move the lake b"
    ):
        land_up_to(LocalLake(tmp_path / "lake"), 10)
    (tmp_path / "lake").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "lake")
    land_up_to(LocalLake(tmp_path / "lake"), 10)
    assert landed_ids(LocalLake(tmp_path / "lake")) == every_id_once(10)
