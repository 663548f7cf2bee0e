"""What a connector says of its exchange's bulk files: where they are, and how they are called.

A connector whose exchange has a file for each day or month defines `BULK` in its module `archives`. `backfill` takes
these files first, and requests the rest from the API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from .channels.files import FileFormat
from .connector import Budget


@dataclass(frozen=True)
class BulkFiles:
    """The bulk files of one exchange, each of one symbol and one day or month (UTC)."""

    url: str
    """The base URL of the host that has them."""
    format: FileFormat
    daily: Callable[[str, date], str]
    """`daily(symbol, day)` is the path of the file of a day, below the base URL; raises Misconfigured if the symbol
    can't have one."""
    monthly: Callable[[str, int, int], str]
    """`monthly(symbol, year, month)` is the path of the file of a month."""
    checksum: str = ".CHECKSUM"
    """What is appended to the path of a file for that of its checksum, which `sha256sum` has written."""
    largest: int = 32 * 2**30
    """The maximum size of a file in bytes, about ten times that of the largest one there is."""
    budget: Budget = Budget(units=10, seconds=1, burst=10)
    """The number of requests to send to the host, which is another one than that of the API."""
