import msgspec
import pyarrow as pa
import pytest

from loaders.channels.payloads import array_texts, decode, is_whole, object_texts, raw_texts
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
