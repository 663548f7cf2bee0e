"""What an exchange serves: the trades of one product as row texts in its own JSON, ready to be joined into pages.

A tape comes from the market or from recorded response bodies (`recordings.py`), which makes no difference to paging.
Rows are encoded when they are first requested, so that a large market starts quickly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast


class Rows:
    """The JSON texts of a tape's rows; `encode(index)` is called at most once per row."""

    def __init__(self, count: int, encode: Callable[[int], bytes]) -> None:
        self._texts: list[bytes | None] = [None] * count
        self._encode = encode

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index: int) -> bytes:
        return self.between(index, index + 1)[0]

    def between(self, start: int, stop: int) -> list[bytes]:
        """The rows `start <= index < stop`, or fewer at the beginning or end of the tape."""
        start, stop = max(0, start), max(0, stop)
        texts = self._texts[start:stop]
        if None in texts:
            texts = [self._encode(start + offset) if text is None else text for offset, text in enumerate(texts)]
            self._texts[start:stop] = texts
        return cast(list[bytes], texts)


@dataclass(frozen=True)
class Tape:
    """One product's trades, oldest first; `ids` and `times_ns` ascend and are what the exchange pages by."""

    product: str
    """The exchange's name for the product; for Kraken the long key."""
    symbol: str
    """The canonical symbol, for example `BTC-USDT`."""
    ids: Sequence[int]
    times_ns: Sequence[int]
    rows: Rows
    price_decimals: int = 8
    quantity_decimals: int = 8

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, count: int) -> "Tape":
        """The same tape as it was when it had only its first `count` trades."""
        rows = Rows(count, self.rows.__getitem__)
        return replace(self, ids=self.ids[:count], times_ns=self.times_ns[:count], rows=rows)

    def from_id(self, trade_id: int) -> int:
        """Index of the first trade with this or a later id."""
        return bisect_left(self.ids, trade_id)

    def from_time(self, time_ns: int) -> int:
        """Index of the first trade at this time or later."""
        return bisect_left(self.times_ns, time_ns)

    def after_time(self, time_ns: int) -> int:
        """Index of the first trade later than this time."""
        return bisect_right(self.times_ns, time_ns)


def join_page(rows: Sequence[bytes]) -> bytes:
    """Rows as one JSON array."""
    return b"[" + b",".join(rows) + b"]"
