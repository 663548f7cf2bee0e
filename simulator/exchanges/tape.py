"""What an exchange serves: the trades of one product as row texts in its own JSON, ready to be joined into pages.

A tape comes from the market or from recorded response bodies (`recordings.py`), which makes no difference to paging.
Rows are encoded when they are first requested, so that a large market starts quickly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast, overload

ENDLESS = 2**40
"""The number of rows of a tape without an end."""


class Rows:
    """The JSON texts of a tape's rows; `encode(index)` is called at most once per row, unless they have no end."""

    def __init__(self, count: int, encode: Callable[[int], bytes]) -> None:
        self._count = count
        self._texts: list[bytes | None] = [None] * count if count < ENDLESS else []
        self._encode = encode

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> bytes:
        return self.between(index, index + 1)[0]

    def between(self, start: int, stop: int) -> list[bytes]:
        """The rows `start <= index < stop`, or fewer at the beginning or end of the tape."""
        start, stop = max(0, start), max(0, stop)
        if self._count == ENDLESS:
            return [self._encode(index) for index in range(start, stop)]
        texts = self._texts[start:stop]
        if None in texts:
            texts = [self._encode(start + offset) if text is None else text for offset, text in enumerate(texts)]
            self._texts[start:stop] = texts
        return cast(list[bytes], texts)

    def rewritten(self, rewrite: Callable[[bytes], bytes]) -> "Rows":
        """The same rows with each text changed."""
        return Rows(len(self), lambda index: rewrite(self[index]))


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

    def until(self, now_ns: Callable[[], int]) -> "Tape":
        """The same tape with the trades up to a time that goes on."""

        def count() -> int:
            return self.after_time(now_ns())

        return GrowingTape(
            product=self.product,
            symbol=self.symbol,
            ids=_Beginning(self.ids, count),
            times_ns=_Beginning(self.times_ns, count),
            rows=_GrowingRows(self.rows, count),
            price_decimals=self.price_decimals,
            quantity_decimals=self.quantity_decimals,
            whole=self,
            now_ns=now_ns,
        )

    def derived(self, derive: "Callable[[Tape], Tape]") -> "Tape":
        """Another tape made from this one's trades; what is made from a growing tape grows with it."""
        return derive(self)

    def from_id(self, trade_id: int) -> int:
        """Index of the first trade with this or a later id."""
        return bisect_left(self.ids, trade_id)

    def from_time(self, time_ns: int) -> int:
        """Index of the first trade at this time or later."""
        return bisect_left(self.times_ns, time_ns)

    def after_time(self, time_ns: int) -> int:
        """Index of the first trade later than this time."""
        return bisect_right(self.times_ns, time_ns)


@dataclass(frozen=True, kw_only=True)
class GrowingTape(Tape):
    """The part of `whole` that has happened until now."""

    whole: Tape
    now_ns: Callable[[], int]

    def derived(self, derive: Callable[[Tape], Tape]) -> Tape:
        return derive(self.whole).until(self.now_ns)

    def from_time(self, time_ns: int) -> int:
        return min(self.whole.from_time(time_ns), len(self))

    def after_time(self, time_ns: int) -> int:
        return min(self.whole.after_time(time_ns), len(self))


class _Beginning(Sequence[int]):
    """The first `count()` numbers of a sequence."""

    def __init__(self, whole: Sequence[int], count: Callable[[], int]) -> None:
        self._whole = whole
        self._count = count

    def __len__(self) -> int:
        return self._count()

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        positions = range(self._count())[index]
        if isinstance(positions, int):
            return self._whole[positions]
        return [self._whole[position] for position in positions]


class _GrowingRows(Rows):
    """The first `happened()` of other rows, which keep the encoded texts."""

    def __init__(self, whole: Rows, happened: Callable[[], int]) -> None:
        self._whole = whole
        self._happened = happened

    def __len__(self) -> int:
        return self._happened()

    def between(self, start: int, stop: int) -> list[bytes]:
        return self._whole.between(start, min(stop, self._happened()))

    def rewritten(self, rewrite: Callable[[bytes], bytes]) -> Rows:
        return _GrowingRows(self._whole.rewritten(rewrite), self._happened)


def join_page(rows: Sequence[bytes]) -> bytes:
    """Rows as one JSON array."""
    return b"[" + b",".join(rows) + b"]"
