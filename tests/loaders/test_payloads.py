import json
import math
import struct
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.channels.payloads import (
    array_texts,
    decode,
    is_whole,
    mostly_equal,
    numbers,
    object_texts,
    packed,
    raw_texts,
)
from loaders.errors import UnexpectedPayload

COMPACT = b'[{"id":1,"p":"4.00"},{"id":2,"p":"4.10"},{"id":3,"p":"4.20"}]'
ROWS = ['{"id":1,"p":"4.00"}', '{"id":2,"p":"4.10"}', '{"id":3,"p":"4.20"}']


def test_record_texts_are_those_that_were_sent() -> None:
    texts = object_texts(COMPACT, 3)
    texts.validate(full=True)
    assert texts.to_pylist() == ROWS


def test_white_space_is_dropped_between_records_and_kept_inside() -> None:
    assert object_texts(b'[ {"id": 1} ,\n {"id": 2}]', 2).to_pylist() == ['{"id": 1}', '{"id": 2}']


def test_a_separator_inside_a_text_does_not_cut_a_record() -> None:
    assert object_texts(b'[{"m":"a},{b"},{"m":"c"}]', 2).to_pylist() == ['{"m":"a},{b"}', '{"m":"c"}']


def test_arrays_are_records_too() -> None:
    assert array_texts(b'[["1",2.50,"b"],["3",4,"s"]]', 2).to_pylist() == ['["1",2.50,"b"]', '["3",4,"s"]']


@pytest.mark.parametrize("texts", [object_texts, array_texts])
def test_an_empty_page_has_no_texts(texts) -> None:
    assert texts(b"[]", 0).to_pylist() == []
    assert texts(b"[]", 0).type == pa.string()


@pytest.mark.parametrize("length", range(1, len(COMPACT)))
def test_a_page_cut_anywhere_is_recognised(length: int) -> None:
    assert is_whole(COMPACT)
    assert not is_whole(COMPACT[:length])


def test_the_error_of_a_wrong_body_names_the_exchange_and_the_beginning() -> None:
    with pytest.raises(UnexpectedPayload, match=r"gemini: .*; the response began b'<html>"):
        decode(msgspec.json.Decoder(list[int]), b"<html>", exchange="gemini")


def test_a_separator_inside_a_text_does_not_make_up_for_one_that_is_missing() -> None:
    assert object_texts(b'[{"m":"a},{b"}, {"m":"c"}]', 2).to_pylist() == ['{"m":"a},{b"}', '{"m":"c"}']
    assert array_texts(b'[["a],[b"], ["c"]]', 2).to_pylist() == ['["a],[b"]', '["c"]']


def test_the_texts_of_values_are_those_that_were_sent() -> None:
    values = msgspec.json.decode(b'[1.50, "a\\nb", null, [1,\n2], {"x":\n3}]', type=list[msgspec.Raw])
    assert raw_texts(values[:3]).to_pylist() == ["1.50", '"a\\nb"', "null"]
    assert raw_texts(values).to_pylist() == ["1.50", '"a\\nb"', "null", "[1,\n2]", '{"x":\n3}']
    assert raw_texts([]).to_pylist() == []
    assert raw_texts([]).type == pa.string()


VALUES = st.one_of(
    st.sampled_from(["},{", "],[", ",{", ",[", '"', "\\", "\n", " ", "é漢🙂", "", None, True, 10**400, -0.5, [], {}]),
    st.text(max_size=4),
    st.lists(st.sampled_from([{}, [], {"a": {}}, [[1], [2]], ",["]), max_size=3),
)
SEPARATORS = [(",", ":"), (", ", ":"), (" ,", ":"), (",\n", ": "), (",\t", ":"), (",\r\n", " :")]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    records=st.lists(st.lists(VALUES, max_size=4), max_size=4),
    separators=st.sampled_from(SEPARATORS),
    is_ascii=st.booleans(),
    is_array=st.booleans(),
)
def test_record_texts_are_those_that_were_sent_whatever_the_values_are(
    records: list[list[Any]], separators: tuple[str, str], is_ascii: bool, is_array: bool
) -> None:
    # every second record has other white space than the one before
    shown = [record if is_array else {str(place): value for place, value in enumerate(record)} for record in records]
    sent = [
        json.dumps(record, separators=separators if row % 2 else (",", ":"), ensure_ascii=is_ascii)
        for row, record in enumerate(shown)
    ]
    body = "[" + separators[0].join(sent) + "]"
    texts = (array_texts if is_array else object_texts)(body.encode(), len(sent))
    texts.validate(full=True)
    assert texts.to_pylist() == sent


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.5, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf],
        [1.5, None, "2.5"],
        [None, None],
        ["1.5", ""],
        [0.1, math.nan],
    ],
    ids=str,
)
def test_numbers_are_the_same_doubles(values: list[Any]) -> None:
    found = numbers(values)
    found.validate(full=True)
    assert found.type == pa.float64()
    expected = [None if value in (None, "") else float(value) for value in values]
    assert repr(found.to_pylist()) == repr(expected)


def test_packed_whole_numbers_keep_every_bit() -> None:
    values = [0, -1, 2**63 - 1, -(2**63)]
    found = packed(values, pa.int64())
    found.validate(full=True)
    assert found.to_pylist() == values


@pytest.mark.parametrize("value", [None, "1", 1.5, 2**63, -(2**63) - 1, 10**400])
def test_a_value_that_is_no_whole_number_of_64_bits_is_not_packed(value: object) -> None:
    with pytest.raises(struct.error):
        packed([1, value], pa.int64())


@pytest.mark.parametrize("values", [[], [""], ["", ""], ["", "x"], [None, None], ["", None], ["é", "é", ""]])
def test_values_that_are_mostly_equal_are_kept(values: list[str | None]) -> None:
    found = mostly_equal(values, pa.string())
    found.validate(full=True)
    assert found.type == pa.string()
    assert found.to_pylist() == values
