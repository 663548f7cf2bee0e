import json
import struct

import pyarrow as pa
import pytest

from web.frames import pack


def test_a_frame_holds_its_header_and_columns_that_begin_at_multiples_of_eight_bytes() -> None:
    columns = {"offset_us": pa.array([1, -2, 3], pa.int32()), "price": pa.array([1.5, 2.5, 3.5], pa.float64())}
    frame = pack({"from_us": 7}, columns)
    (length,) = struct.unpack_from("<I", frame)
    assert (4 + length) % 8 == 0
    header = json.loads(frame[4 : 4 + length])
    assert header == {"from_us": 7, "columns": [["offset_us", "Int32", 3], ["price", "Float64", 3]]}
    assert struct.unpack_from("<3i", frame, 4 + length) == (1, -2, 3)
    assert struct.unpack_from("<3d", frame, 4 + length + 16) == (1.5, 2.5, 3.5)


def test_a_part_of_a_column_is_packed_alone() -> None:
    whole = pa.table({"bid": pa.array(range(10), pa.uint8())})
    frame = pack({}, whole.slice(4, 3))
    assert frame[-8:] == bytes([4, 5, 6, 0, 0, 0, 0, 0])


def test_columns_of_several_chunks_are_packed_as_one() -> None:
    column = pa.chunked_array([pa.array([1.0]), pa.array([2.0, 3.0])])
    assert pack({}, pa.table({"x": column}))[-24:] == struct.pack("<3d", 1, 2, 3)


def test_an_empty_column_takes_no_bytes() -> None:
    frame = pack({}, {"x": pa.array([], pa.float64())})
    (length,) = struct.unpack_from("<I", frame)
    assert len(frame) == 4 + length


def test_nulls_and_text_are_refused() -> None:
    with pytest.raises(ValueError, match="'x' has 1 nulls"):
        pack({}, {"x": pa.array([1.0, None])})
    with pytest.raises(ValueError, match="'x' is string; expected one of"):
        pack({}, {"x": pa.array(["a"])})
