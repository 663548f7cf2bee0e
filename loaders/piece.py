"""What landing takes: rows, and the stretch of their stream's history that they are."""

from typing import NamedTuple

import pyarrow as pa

from lakehouse.coverage import Stretch

from .arrow_memory import use_jemalloc

use_jemalloc()  # before anything is read or landed, of which every module imports this one


class Piece(NamedTuple):
    """All rows of a stream within a stretch, oldest first, in the page schema of the raw table."""

    stream: str
    rows: pa.RecordBatch | pa.Table
    stretch: Stretch
