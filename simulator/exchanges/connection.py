"""One WebSocket connection to an exchange: sends what its feed has, and applies the faults that strike its messages."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.exchanges.faults import Fault
from simulator.exchanges.feed import GOING_AWAY, POLICY_VIOLATION, Feed, Message, Moment

# How long a trade that has happened waits at most until it is sent.
_LONGEST_WAIT_S = 0.01
# How many texts are sent before the loop may notice that the client has gone; asyncio warns if more are sent to it.
_TEXTS_AT_ONCE = 4


@dataclass
class StreamCounts:
    """An exchange's WebSocket connections: those ever opened, those still open, and the messages sent on all."""

    opened: int = 0
    open: int = 0
    messages: int = 0


@dataclass(frozen=True)
class ConnectionAge:
    """The age at which some exchanges end a connection, and how long before that they announce it, in seconds."""

    limit_s: float
    notice_s: float


class _Ended(Exception):
    """The connection is over."""


class _Disconnected(_Ended):
    """The fault `disconnect` has struck."""


@dataclass
class _FaultyOutput:
    """Turns messages into the texts that are really sent."""

    strike: Callable[[], Fault | None]
    clock: Callable[[], float] = time.monotonic
    silent_until: float = 0.0
    """In monotonic seconds; infinity if it is frozen."""
    held: list[str] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        return self.clock() < self.silent_until

    def texts(self, message: Message) -> list[str]:
        if self.is_silent:
            return []
        if not message.has_trades:
            return [message.text]
        fault, held = self.strike(), self.release()
        match fault.name if fault else None:
            case "drop":
                return held
            case "repeat":
                return [message.text, *held, message.text]
            case "reorder":
                self.held = [message.text]
                return held
            case "freeze":
                self.silent_until = float("inf")
                return []
            case "pause" if fault:
                self.silent_until = self.clock() + fault.seconds
                return []
            case "disconnect":
                raise _Disconnected
            case "garbage":
                return [message.text[: len(message.text) // 2], *held]
        return [message.text, *held]

    def release(self) -> list[str]:
        held, self.held = self.held, []
        return [] if self.is_silent else held


class Connection:
    """Serves one accepted WebSocket until the client, the exchange or a fault ends it."""

    def __init__(
        self,
        websocket: WebSocket,
        feed: Feed,
        *,
        strike: Callable[[], Fault | None],
        market_ns: Callable[[], int],
        counts: StreamCounts,
        age: ConnectionAge,
    ) -> None:
        self._websocket = websocket
        self._feed = feed
        self._output = _FaultyOutput(strike)
        self._market_ns = market_ns
        self._counts = counts
        self._age = age
        self._opened_s = time.monotonic()
        self._second_began_s = self._opened_s
        self._is_idle = True
        self._is_cut_announced = False

    async def serve(self) -> None:
        """Return when the connection is over; a server that returns without closing it sends no close frame."""
        self._counts.opened += 1
        self._counts.open += 1
        try:
            await self._send(self._feed.opened(self._moment()))
            await self._serve_until_ended()
        except (_Ended, WebSocketDisconnect):
            pass
        finally:
            self._counts.open -= 1

    async def _serve_until_ended(self) -> None:
        incoming = asyncio.create_task(self._receive())
        try:
            while True:
                await asyncio.wait({incoming}, timeout=_LONGEST_WAIT_S)
                moment = self._moment()
                if incoming.done():
                    text = incoming.result()
                    if text is None:
                        return
                    incoming = asyncio.create_task(self._receive())
                    await self._send(self._feed.received(text, moment))
                await self._send(self._feed.news(moment))
                await self._send(self._due(moment))
        finally:
            incoming.cancel()

    async def _receive(self) -> str | None:
        """The client's next message; None if it has gone."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            return None
        text = event.get("text")
        return event["bytes"].decode(errors="replace") if text is None else str(text)

    def _due(self, moment: Moment) -> list[Message]:
        """What is to be sent because time has passed."""
        now_s = moment.monotonic_s
        connected_s = now_s - self._opened_s
        deadline_s = self._feed.subscribe_within_s
        if deadline_s is not None and not self._feed.has_subscribed and connected_s >= deadline_s:
            return [Message(f"no subscription within {deadline_s:g} seconds", close_code=POLICY_VIOLATION)]
        messages: list[Message] = []
        if self._feed.is_cut_at_age:
            if connected_s >= self._age.limit_s:
                return [Message("", close_code=GOING_AWAY)]
            if connected_s >= self._age.limit_s - self._age.notice_s and not self._is_cut_announced:
                self._is_cut_announced = True
                messages += self._feed.before_cut(moment)
        if now_s - self._second_began_s >= 1:
            messages += [Message(text) for text in self._output.release()]
            messages += self._feed.second_passed(moment, is_idle=self._is_idle)
            self._second_began_s, self._is_idle = now_s, True
        return messages

    async def _send(self, messages: list[Message]) -> None:
        for message in messages:
            if message.close_code is not None:
                await self._websocket.close(message.close_code, message.text)
                raise _Ended
            for text in self._output.texts(message):
                self._is_idle = False
                await self._websocket.send_text(text)
                self._counts.messages += 1
                if self._counts.messages % _TEXTS_AT_ONCE == 0:
                    await asyncio.sleep(0)

    def _moment(self) -> Moment:
        return Moment(time.monotonic(), self._market_ns())
