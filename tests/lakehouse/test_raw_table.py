"""Which rows of a page are kept."""

import pyarrow as pa
import pytest

from loaders.connectors import load_connector

RAW = load_connector("binance").raw
LOW, HIGH = 10, 13


def page(*ids: int | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({RAW.id_column: pa.array(ids, pa.int64())})


@pytest.mark.parametrize("high", [HIGH, None])
@pytest.mark.parametrize("ids", [(), (None,), (9,), (10, 11, 12), (9, 10, 12), (10, None, 12), (12, 13), (11, 10)])
def test_between_keeps_exactly_the_rows_whose_ids_are_within(ids: tuple[int | None, ...], high: int | None) -> None:
    kept = [number for number in ids if number is not None and number >= LOW and (high is None or number < high)]
    assert RAW.between(page(*ids), LOW, high)[RAW.id_column].to_pylist() == kept
