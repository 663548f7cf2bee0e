"""How the columns of a raw table are encoded in Parquet, by the kind of each column.

pyarrow tries a dictionary for every column. That costs time and bytes if nearly every value is different. So ids,
timestamps and payloads are written plainly, and all other columns get a dictionary that is given up as soon as a
column turns out to have too many values for one. Everything is compressed by zstd.

Parquet's delta encodings are not used, because Iceberg's vectorized reader for Spark refuses them: version 1.10 those
of texts, and earlier versions those of numbers too. They would save only 1 to 4 percent of the bytes, because zstd
finds most of what they find. Source: https://github.com/apache/iceberg/issues/7162, read 2026-11-27.
"""

from typing import Any

from lakehouse.raw_table import PAYLOAD, RawTable

_MOST_BYTES_OF_A_DICTIONARY = 32 * 1024
"""For example 4,096 numbers. A larger dictionary saves nothing that zstd doesn't save too, and costs more time."""

_BYTES_OF_A_PAGE = 256 * 1024
"""Against pages of 1 MiB, these make files 0.3 % smaller."""


def parquet_options(raw: RawTable) -> dict[str, Any]:
    """The arguments of `pyarrow.parquet.ParquetWriter` for the files of a raw table."""
    without = {PAYLOAD, raw.id_column, *(column.name for column in raw.table.columns if column.type == "timestamp")}
    return {
        "compression": "zstd",
        "use_dictionary": [column.name for column in raw.table.columns if column.name not in without],
        "dictionary_pagesize_limit": _MOST_BYTES_OF_A_DICTIONARY,
        "data_page_size": _BYTES_OF_A_PAGE,
        # pyarrow's own schema would make its readers return dictionaries where these were given, instead of texts
        "store_schema": False,
    }
