"""A statement of a run, and what it reads and costs. Pure."""

from dataclasses import dataclass
from functools import cached_property

from .files import Reads
from .price import dollars

CREATE, INSERT, SELECT = "create", "insert", "select"
"""What a statement does: CREATE TABLE AS SELECT, INSERT, or a SELECT whose rows dbt looks at."""


@dataclass(frozen=True)
class Statement:
    """What a statement reads that a dbt node sends, or `count` of them that are alike."""

    node: str
    kind: str
    reads: dict[str, Reads]
    """By table."""
    count: int = 1

    @cached_property
    def total(self) -> Reads:
        return sum(self.reads.values(), Reads())

    @property
    def dollars(self) -> float:
        return self._dollars(self.total.bytes)

    @property
    def dollars_at_most(self) -> float:
        return self._dollars(self.total.bytes_of_files)

    def _dollars(self, total_bytes: int) -> float:
        return self.count * dollars(total_bytes // self.count)
