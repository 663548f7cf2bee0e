"""Tells of which streams a source must be asked over REST, because their silence may mean that something is missing.

Two things don't show in what a connection sends. A stream that rarely has rows may have missed one while there was
no connection, and only its next row would show it, perhaps hours later. And a connection may stay open, with pings,
and send no rows any more.
"""

from collections import Counter
from collections.abc import Mapping

from ..channels.listener_state import Contact

PATIENCE = 5.0
"""The seconds within which most streams have sent a row, so that nobody need be asked about them."""
QUIET = 60.0
"""The seconds without any row after which it is doubtful whether a connection still sends them."""
_FEW = 2
"""The number of streams to ask about then: the busiest ones."""


class QuietStreams:
    """What was asked about which connection. Not for several threads at once; every `at` is in monotonic seconds."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._looked_at: dict[int, float] = {}
        """For each connection whose silent streams were asked about, when it had become ready."""
        self._asked_at: dict[int, float] = {}
        self._rows: Counter[str] = Counter()
        self._asked: set[str] = set()

    def hear(self, stream: str, rows: int) -> bool:
        """Note rows of a stream; returns whether it was to be asked about, which is no longer needed."""
        self._rows[stream] += rows
        was_asked = stream in self._asked
        self._asked.discard(stream)
        return was_asked

    def to_ask(self, contacts: Mapping[int, Contact], at: float) -> list[str]:
        """The streams to ask about now; `contacts` are the connections that are ready, by number."""
        found: list[str] = []
        for number, contact in contacts.items():
            if self._looked_at.get(number) != contact.ready_at and at - contact.ready_at >= PATIENCE:
                self._looked_at[number] = contact.ready_at
                found += contact.unheard
            last = max(contact.heard_at, self._asked_at.get(number, contact.ready_at))
            if at - last >= QUIET:
                self._asked_at[number] = at
                found += sorted(contact.streams, key=lambda stream: -self._rows[stream])[:_FEW]
        self._asked.update(found)
        return list(dict.fromkeys(found))
