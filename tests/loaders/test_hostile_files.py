"""Whatever bytes a file has, its reader yields rows or raises one line; and it never invents or loses a good row."""

import random
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loaders.channels.files import LIMITS, BadFile, Limits
from loaders.file_formats import formats
from tests.support.files_of_trades import TINY, Read, patient, read

ROWS = {
    "binance-trades": b"306239167,93519.65,0.00112,104.742,1767571200016514,False,True\n",
    "kraken-time-and-sales": b"1767571202,93497.9,0.00114603\n",
    "coinbase-json-lines": b'{"trade_id":"1","product_id":"BTC-USD","price":"1","size":"1",'
    b'"time":"2026-01-05T00:00:00Z","side":"BUY","_raw_payload":"{}"}\n',
}
STREAM = "BTC-USD"

PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"\n", b"\r\n", b"\r", b",", b'"', b"\0", b"{", b"}", b"[", b"1e999", b"-1", b"9" * 20, b"NaN", b"\xff"]
    ),
)


def read_or_refuse(name: str, path: Path, limits: Limits = TINY) -> Read | None:
    try:
        return read(name, path, STREAM, limits=limits)
    except BadFile as error:
        line = str(error)
        assert "\n" not in line
        assert line.isprintable()
        assert len(line) < 1_000
        return None


@pytest.mark.parametrize("name", formats())
@patient
@given(content=st.binary(max_size=200))
@example(content=b"PK\x03\x04")
@example(content=b"PK\x05\x06" + b"\0" * 18)
@example(content=b"\x1f\x8b\x08")
@example(content=b"\xef\xbb\xbf")
@example(content=b"\r")
@example(content=b"," * 100)
def test_any_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    read_or_refuse(name, path)


@pytest.mark.parametrize("name", formats())
@patient
@given(changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5), PIECES), max_size=6))
def test_a_file_with_random_changes_keeps_its_good_rows(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    """The first and the last row stay as they are, and the rows between them are changed."""
    path = tmp_path_factory.getbasetemp() / "any"
    content = bytearray(ROWS[name] * 3)
    for place, length, piece in changes:
        content[place % len(content) : place % len(content) + length] = piece
    sound = ROWS[name].replace(b"306239167", b"1").replace(b"1767571202", b"1000000000").replace(b'"1"', b'"0"', 1)
    path.write_bytes(sound + bytes(content) + b"\n" + ROWS[name])
    found = read_or_refuse(name, path)
    assert found is not None
    assert len(found.only) >= 2
    assert len(found.only) + sum(found.report.skipped.values()) >= 2


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("wbits", [31, -15], ids=["gzip", "bare"])
def test_random_damage_in_compressed_data_is_one_line(tmp_path: Path, name: str, wbits: int) -> None:
    chance = random.Random(7)
    packer = zlib.compressobj(6, zlib.DEFLATED, wbits)
    whole = packer.compress(ROWS[name] * 500) + packer.flush()
    path = tmp_path / "any.gz"
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        read_or_refuse(name, path, LIMITS)
