"""dbt's views are published as one file: readers and runs never block each other, and a run repairs damage."""

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pyiceberg.table import Table

from lakehouse.duckdb.connect import VIEWS, LakeUnusable, connect
from lakehouse.duckdb.views_file import ViewsFile


@pytest.fixture
def own(lake: Path) -> Path:
    lake.mkdir(exist_ok=True)
    return lake / ".schemahub" / "dbt" / "views.duckdb"


def publish(lake: Path, own: Path, sql: str) -> None:
    """Do what a run does: open, change, close, publish."""
    file = ViewsFile(lake, own)
    with duckdb.connect(own) as views:
        views.execute(sql)
    file.publish()


def numbers(database: Path) -> list[int]:
    with duckdb.connect(database, read_only=True) as views:
        return [number for (number,) in views.sql("select * from numbers").fetchall()]


def test_a_run_continues_with_what_the_last_one_published(lake: Path, own: Path) -> None:
    publish(lake, own, "create table numbers as select 1 as number")
    publish(lake, own, "insert into numbers values (2)")
    assert numbers(lake / VIEWS) == [1, 2]
    assert sorted(path.name for path in own.parent.iterdir()) == ["views.lock"]


def test_a_reader_does_not_block_a_run_and_keeps_the_file_it_opened(lake: Path, own: Path) -> None:
    publish(lake, own, "create table numbers as select 1 as number")
    with duckdb.connect() as reader:
        reader.execute(f"attach '{lake / VIEWS}' as views (read_only)")
        publish(lake, own, "insert into numbers values (2)")
        assert reader.sql("select count(*) from views.numbers").fetchall() == [(1,)]
    with duckdb.connect(lake / VIEWS) as writer:  # a person's shell
        publish(lake, own, "insert into numbers values (3)")
        assert writer.sql("select count(*) from numbers").fetchall() == [(2,)]
    assert numbers(lake / VIEWS) == [1, 2, 3]


def test_a_run_does_not_block_a_reader(raw_trades: Table, lake: Path, own: Path) -> None:
    publish(lake, own, "create schema schemahub; create view schemahub.v as select 1 as one")
    file = ViewsFile(lake, own)
    with duckdb.connect(own) as at_work:
        at_work.execute("create or replace view schemahub.v as select 2 as two")
        with connect(lake) as reader:
            assert reader.sql("from v").fetchall() == [(1,)]
    file.publish()


def test_the_copy_that_a_killed_run_left_is_discarded(lake: Path, own: Path) -> None:
    publish(lake, own, "create table numbers as select 1 as number")
    own.write_bytes(b"half")
    own.with_name("views.duckdb.wal").write_bytes(b"more")
    publish(lake, own, "insert into numbers values (2)")
    assert numbers(lake / VIEWS) == [1, 2]


def damages() -> Iterator[tuple[str, bytes]]:
    """Bytes to put at an offset of the file; no bytes truncate it there."""
    yield "random", bytes(range(256)) * 4096
    yield "empty", b""
    yield "another file", b"SQLite format 3\x00"


@pytest.mark.parametrize(
    "damage", [*(each for _, each in damages()), None], ids=[*(name for name, _ in damages()), "pages"]
)
def test_a_damaged_file_is_reported_and_created_again(
    lake: Path, own: Path, raw_trades: Table, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    publish(lake, own, "create table numbers as select i as number, md5(i::varchar) as m from range(100000) as r(i)")
    whole = (lake / VIEWS).read_bytes()
    # None: the last blocks, which opening the file does not read
    (lake / VIEWS).write_bytes(whole[:-600_000] + bytes(600_000) if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        publish(lake, own, "create table if not exists numbers as select 1 as number")
    assert f"{lake / VIEWS} is damaged; `run unify` creates it again" in caplog.text
    assert numbers(lake / VIEWS) == [1]


def test_a_damaged_file_leaves_a_reader_the_tables(
    lake: Path, raw_trades: Table, caplog: pytest.LogCaptureFixture
) -> None:
    (lake / VIEWS).write_bytes(b"SQLite format 3\x00")
    with caplog.at_level(logging.WARNING), connect(lake) as reader:
        assert reader.sql("select count(*) from raw_trades").fetchall() == [(48,)]
    assert "the views are unavailable until the next `run unify`" in caplog.text


def test_a_second_run_at_the_same_time_is_refused(lake: Path, own: Path) -> None:
    first = ViewsFile(lake, own)
    with pytest.raises(LakeUnusable, match="another dbt is running on the lake"):
        ViewsFile(lake, own)
    first.close()
    ViewsFile(lake, own).close()
    assert not (lake / VIEWS).exists()


def test_a_failed_publication_leaves_the_published_file(lake: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(lake, own, "create table numbers as select 1 as number")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LakeUnusable, match=r"can't be published as .*: No space left"):
            publish(lake, own, "insert into numbers values (2)")
    publish(lake, own, "insert into numbers values (3)")
    assert numbers(lake / VIEWS) == [1, 3]


def test_a_folder_without_space_is_reported_in_one_line(lake: Path, own: Path) -> None:
    (lake / ".schemahub").write_text("")
    with pytest.raises(LakeUnusable, match=r"dbt's views in .* can't be written: "):
        ViewsFile(lake, own)
