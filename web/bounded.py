"""A cache that forgets what was used longest ago."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """Keeps values up to a total size; safe for threads. Two that ask for the same at once may both compute it."""

    def __init__(self, most: int, size_of: Callable[[Value], int] = lambda _: 1) -> None:
        """Keep at most `most` in total, in the unit of `size_of`; without that, at most that many values."""
        self._most = most
        self._size_of = size_of
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The kept value, or a computed one, which is kept unless it alone is too large."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = compute()
        with self._lock:
            if key not in self._kept and self._size_of(value) <= self._most:
                self._kept[key] = value
                self._size += self._size_of(value)
                while self._size > self._most:
                    _, oldest = self._kept.popitem(last=False)
                    self._size -= self._size_of(oldest)
        return value

    @property
    def size(self) -> int:
        """The total size of what is kept."""
        return self._size
