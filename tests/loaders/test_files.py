"""Files of rows are read in bounded memory, whatever they contain, and every damage is one line."""

import gc
import gzip
import os
import random
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import Misconfigured
from loaders.channels.files import BadFile, Limits, Part, base_name, parts
from loaders.file_formats import format_of, formats, recognise
from tests.support.files_of_trades import patient, written, zipped


def read_whole(path: Path) -> None:
    for part in parts(path):
        list(part.blocks())


def lines_of(part: Part) -> list[str | None]:
    return [line for block in part.blocks() for line in block.lines.to_pylist()]


def content_of(part: Part) -> bytes:
    return b"\n".join(block.text for block in part.blocks())


LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\ufeff"), max_size=40), min_size=1)


@patient
@given(LINES, st.integers(1, 200), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from(["", ".gz", ".zip"]))
def test_every_line_comes_once_and_in_order_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block: int, line_break: str, ends: bool, kind: str
) -> None:
    content = line_break.join(lines) + (line_break if ends else "")
    path = tmp_path_factory.getbasetemp() / f"any.csv{kind}"
    zipped(path, ("any.csv", content)) if kind == ".zip" else written(path, content.encode())
    (part,) = parts(path, Limits(block_bytes=block, line_bytes=1_000))
    expected = content.split(line_break)
    expected = expected[:-1] if expected[-1] == "" else expected
    assert lines_of(part) == expected
    assert part.name == "any.csv"
    firsts = [(block.first, len(block.lines)) for block in part.blocks()]
    assert all(first + count == following for (first, count), (following, _) in pairwise(firsts))


def test_a_zip_whose_members_are_in_a_circle_of_references_is_closed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("x.csv", "a\n"))
    held: list[object] = [parts(path)]
    held.append(held)
    del held
    with warnings.catch_warnings(record=True, action="always") as caught:
        gc.collect()
    assert [each.message for each in caught if str(path) in str(each.message)] == []
    assert not any(os.path.samefile(path, file) for file in Path("/proc/self/fd").glob("*") if file.exists())


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (part,) = parts(written(tmp_path / "x.csv", b"\xef\xbb\xbfa,b\n"))
    assert (lines_of(part), part.head()) == (["a,b"], b"a,b\n")


def test_lines_that_are_not_text_are_null(tmp_path: Path) -> None:
    (part,) = parts(written(tmp_path / "x.csv", b"a\n\xff\xfe\nb\0b\n\xc3\xa4\n"))
    assert lines_of(part) == ["a", None, None, "ä"]


def test_a_file_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    row = b"306239167,93519.65000000,0.00112000,104.74200800,1767571200016514,False,True\n"
    path = written(tmp_path / "x.csv.gz", row * 1_000_000)
    (part,) = parts(path, Limits(block_bytes=2**20))
    tracemalloc.start()
    assert sum(len(block.lines) for block in part.blocks()) == 1_000_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20  # of 76 MB


def test_a_zip_bomb_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", ("bomb.csv", b"1,2,3\n" * 10_000_000))
    assert path.stat().st_size < 200_000
    with pytest.raises(BadFile, match=r"bomb\.zip: bomb\.csv: has .* bytes and decompresses to more than ") as caught:
        list(parts(path, Limits(small_bytes=2**20))[0].blocks())
    assert "\n" not in str(caught.value)


def test_a_gzip_bomb_of_one_line_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = written(tmp_path / "bomb.csv.gz", b"1" * 50_000_000)
    with pytest.raises(BadFile, match=r"expected lines of at most 1,048,576 bytes, found a longer one"):
        list(parts(path)[0].blocks())


def test_a_long_line_among_short_ones_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", ["1", "2" * 500, "3"])
    with pytest.raises(BadFile, match=r"line 2: expected lines of at most 100 bytes"):
        list(parts(path, Limits(line_bytes=100))[0].blocks())


def noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def with_password(path: Path) -> Path:
    zipped(path, ("x.csv", noise(100)))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    return path


def of_unknown_method(path: Path) -> Path:
    zipped(path, ("x.csv", noise(100)))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(signature) + offset] = 99
    path.write_bytes(content)
    return path


def spoilt(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    return path


def stored(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", "1,2,3\n" * 10)
    return path


DAMAGED: dict[str, Callable[[Path], Path]] = {
    "a gzip that is cut": lambda folder: cut(written(folder / "x.csv.gz", noise(10_000)), 0.5),
    "a gzip without an end": lambda folder: cut(written(folder / "x.csv.gz", noise(10_000)), 0.999),
    "a gzip with another sum": lambda folder: spoilt(stored_gzip(folder / "x.csv.gz"), b"1,2,3", b"1,2,4"),
    "a gzip of nothing but its first bytes": lambda folder: raw(folder / "x.csv.gz", b"\x1f\x8b"),
    "a ZIP that is cut": lambda folder: cut(zipped(folder / "x.zip", ("x.csv", noise(10_000))), 0.5),
    "a ZIP of nothing but its first bytes": lambda folder: raw(folder / "x.zip", b"PK\x03\x04"),
    "a ZIP with another sum": lambda folder: spoilt(stored(folder / "x.zip"), b"1,2,3", b"1,2,4"),
    "a ZIP with a password": lambda folder: with_password(folder / "x.zip"),
    "a ZIP of an unknown method": lambda folder: of_unknown_method(folder / "x.zip"),
    "an empty ZIP": lambda folder: zipped(folder / "x.zip"),
    "a ZIP with folders alone": lambda folder: zipped(folder / "x.zip", ("a/", ""), ("__MACOSX/x.csv", "1")),
    "a folder": lambda folder: folder,
    "nothing": lambda folder: folder / "nothing",
}


def raw(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def stored_gzip(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"1,2,3\n" * 10, compresslevel=0))
    return path


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_one_line_that_names_it(name: str, tmp_path: Path) -> None:
    path = DAMAGED[name](tmp_path)
    with pytest.raises(BadFile) as caught:
        read_whole(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert line.isprintable()
    assert len(line) < 600


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(BadFile, match="it is not a file"):
        parts(tmp_path / "x.csv")


def test_a_zip_with_many_members_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", *((f"{number}.csv", "1") for number in range(11)))
    with pytest.raises(BadFile, match=r"has 11 members, expected at most 10"):
        parts(path, Limits(parts=10))


def test_a_name_in_a_zip_is_never_a_path(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("../../evil.csv", "1,2"), ("C:\\a\\b.csv", "3"), ("/etc/c\x1b[2J.csv", "4"))
    found = parts(path)
    assert [part.name for part in found] == ["evil.csv", "b.csv", "c [2J.csv"]
    assert [content_of(part) for part in found] == [b"1,2", b"3", b"4"]
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]
    assert base_name("..") == ".."  # a name to show, not to open


def test_members_that_programs_add_are_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("a/", ""), ("a/x.csv", "1"), ("__MACOSX/a/._x.csv", "2"), (".DS_Store", "3"))
    assert [part.name for part in parts(path)] == ["x.csv"]


BINANCE_ROW = "306239167,93519.65000000,0.00112000,104.74200800,1767571200016514,False,True\n"
JSON_LINE = (
    '{"trade_id":"1","product_id":"BTC-USD","price":"1","size":"1","time":"2026-01-05T00:00:00Z","side":"BUY"}\n'
)
RECOGNISED = {
    "BTCUSDT-trades-2026-01.zip": (b"", "binance-trades"),
    "BTCUSDT-trades-2026-01-05.csv": (b"", "binance-trades"),
    "BTCUSDT-aggTrades-2026-01-05.zip": (b"", "binance-trades"),
    "anything.txt": (BINANCE_ROW.encode(), "binance-trades"),
    "with header.csv": (
        b"id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n" + BINANCE_ROW.encode(),
        "binance-trades",
    ),
    "XBTUSD.csv": (b"1767571202,93497.9,0.00114603\n", "kraken-time-and-sales"),
    "x": (b"1767571202,93497.9,1e-05\r\n", "kraken-time-and-sales"),
    "raw_coinbase_trades_BTC-USD_20251215T103050Z_123456.jsonl": (b"", "coinbase-json-lines"),
    "raw_coinbase_trades_BTC-USD_2025-12-15 10:30:50_123456.jsonl.gz": (b"", "coinbase-json-lines"),
    "trades.jsonl": (JSON_LINE.encode(), "coinbase-json-lines"),
    "": (b"", None),
    "OHLCVT.csv": (b"1381095255,122.0,122.0,122.0,122.0,0.1,1\n", None),
    "photo.jpg": (b"\xff\xd8\xff\xe0\0", None),
    "array.json": (b'[{"trade_id":1}]', None),
    "seconds.csv": (b"1,2,3\n", None),
}


@pytest.mark.parametrize("name", RECOGNISED)
def test_a_format_shows_in_the_name_or_in_the_first_lines(name: str) -> None:
    head, expected = RECOGNISED[name]
    found = recognise([name], head)
    assert (found.format.name if found else None) == expected


@pytest.mark.parametrize("name", formats())
def test_every_format_recognises_its_own_example(name: str) -> None:
    head = b"1767571202,93497.9,0.1\n" if name == "kraken-time-and-sales" else b""
    assert recognise([formats()[name].format.example], head) is formats()[name]
    assert name.startswith(f"{formats()[name].exchange}-")


def test_a_zip_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("README.txt", "hello"), ("q/XBTUSD.csv", "1767571202,93497.9,0.1\n"))
    assert format_of(path).exchange == "kraken"
    assert format_of(zipped(tmp_path / "y.zip", ("q/BTCUSDT-trades-2026-01.csv", "?"))).exchange == "binance"


def test_a_format_may_be_named(tmp_path: Path) -> None:
    assert format_of(tmp_path / "nothing", "kraken-time-and-sales").exchange == "kraken"
    with pytest.raises(
        Misconfigured, match="unknown format `kraken-time-and-sale`: did you mean `kraken-time-and-sales`"
    ):
        format_of(tmp_path / "nothing", "kraken-time-and-sale")


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"hello\n", noise(1_000)])
def test_a_file_of_no_format_is_one_line_with_the_formats(content: bytes, tmp_path: Path) -> None:
    path = raw(tmp_path / "x.csv", content)
    with pytest.raises(
        BadFile, match=r"has none of the formats that can be read, which are binance-trades \(BTCUSD"
    ) as caught:
        format_of(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 800
