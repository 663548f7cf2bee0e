"""What a person may want to know about a listener."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.errors import SchemaHubError


@dataclass(frozen=True)
class ConnectionState:
    """One group of products that share a connection."""

    symbols: tuple[str, ...]
    since: datetime | None
    """When the connection was opened, UTC without a zone; None while there is none."""
    is_ready: bool
    """Whether the exchange has acknowledged all subscriptions."""
    messages: int
    """The number of messages that arrived in this connection."""
    reconnects: int
    """How often the connection ended without another one in its place."""
    trouble: SchemaHubError | None
    """Why the last connection ended, or why there is none; None if nothing has happened."""


@dataclass(frozen=True)
class Contact:
    """A connection in which everything is subscribed. Times are monotonic seconds."""

    streams: tuple[str, ...]
    """Its symbols."""
    unheard: tuple[str, ...]
    """Those of which this connection has sent no trade."""
    ready_at: float
    heard_at: float
    """When a trade arrived last; `ready_at` if none has since then."""


@dataclass(frozen=True)
class ListenerState:
    connections: tuple[ConnectionState, ...]
    messages: int
    """The number of messages that were parsed."""
    trades: int
    """The number of trades in them, repeated ones included."""
    repeated: int
    """The number of trades that were dropped because they had been heard before."""
    holes: int
    """How often ids were missing between two trades."""
    overflows: int
    """How often all connections were closed because too much waited to be taken."""
    waiting_bytes: int
    """The size of the trades that wait to be taken."""
    newest_ids: dict[str, int]
    """For each symbol, the highest id that the exchange has named; trades up to it exist, heard or not."""
    skew: timedelta | None
    """How far this machine's clock is ahead of the exchange's; None if that isn't known yet."""
    warnings: tuple[str, ...]
    """One line for each thing that the user should know although listening goes on."""
    failures: dict[str, SchemaHubError]
    """For each symbol that the exchange refused, the reason."""
