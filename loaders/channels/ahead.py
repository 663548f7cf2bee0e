"""Do work ahead of its use, in a thread."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_TICK = 0.2
_PATIENCE = 5.0
"""The seconds for which the end waits for the thread."""


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None = None


def ahead(items: Iterator[T], *, stop: Callable[[], None]) -> Generator[T, None, None]:
    """The items, each of which is made while the one before is used.

    Args:
        items: makes them, in a thread of its own. What it raises is raised here.
        stop: called if this generator is closed before its end; makes `items` end soon.
    """
    made: queue.Queue[T | _Ended] = queue.Queue(1)
    stopping = threading.Event()

    def put(item: T | _Ended) -> bool:
        while not stopping.is_set():
            with suppress(queue.Full):
                made.put(item, timeout=_TICK)
                return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except Exception as error:
            put(_Ended(error))
        else:
            put(_Ended())

    # a daemon, so that a silent host doesn't delay Ctrl-C
    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = made.get(timeout=_TICK)  # in short steps, so that Ctrl-C is seen on every system
            except queue.Empty:
                continue
            if not isinstance(item, _Ended):
                yield item
            elif item.error is None:
                return
            else:
                raise item.error
    finally:
        stopping.set()
        if thread.is_alive():
            stop()
            thread.join(_PATIENCE)
