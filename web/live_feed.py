"""The live board over WebSockets: the whole board first, and then what changes, fifty times a second.

The first message is JSON, see `Board.hello`; all others are packed frames. A client sends the number `n` of the newest
frame that it has taken in, as text. It gets no more frames while `_MOST_ON_THE_WAY` of them are on their way, and then
one with all that has changed meanwhile: what a slow client sees is never old.
"""

import asyncio
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from lakehouse.errors import OurMistake, SchemaHubError

from .quotes import Board

log = logging.getLogger(__name__)

FRAME_SECONDS = 0.02
_MOST_ON_THE_WAY = 5  # asyncio complains of more that are sent to a client that has just gone
_MOST_CLIENTS = 200
_SECONDS_TO_ANSWER = 30.0
_NUMBER = re.compile(r"\d{1,15}")
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013


@dataclass(eq=False)
class _Client:
    due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be something to send."""
    sent: int = 0
    """The newest frame that was sent."""
    on_the_way: list[int] = field(default_factory=list)
    """The frames that were sent and that the client hasn't taken in yet."""
    answered: float = field(default_factory=time.monotonic)
    """When it took one in last, in monotonic seconds."""


class Source(Protocol):
    """Where quotes come from. Both methods may take a while, and are called in other threads."""

    def open(self) -> Board:
        """Begin to tell a board of quotes; raises SchemaHubError if that can't be done."""

    def close(self) -> None:
        """Stop."""


class LiveFeed:
    """Listens from the first time that somebody asks, and sends to everybody who has asked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._board: Board | None = None
        self._opening = asyncio.Lock()
        self._ticking: asyncio.Task[None] | None = None
        self._clients: set[_Client] = set()

    async def board(self) -> Board:
        """The board, which is opened for the first who asks.

        Raises:
            SchemaHubError: it can't be opened.
        """
        async with self._opening:
            if self._board is None:
                self._board = await run_in_threadpool(self._source.open)
                self._ticking = asyncio.create_task(self._tick(self._board))
            return self._board

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        await run_in_threadpool(self._source.close)

    async def serve(self, socket: WebSocket) -> None:
        """Send to one client until it goes."""
        await socket.accept()
        if len(self._clients) >= _MOST_CLIENTS:
            await socket.close(_TRY_AGAIN_LATER, f"{_MOST_CLIENTS} pages watch already")
            return
        client = _Client()
        self._clients.add(client)
        reading: asyncio.Task[None] | None = None
        try:
            board = await self.board()
            await socket.send_json(board.hello())
            reading = asyncio.create_task(self._read(socket, client))
            await self._send(socket, client, board, reading)
        except SchemaHubError as error:
            await socket.send_json({"trouble": str(error)})
            await socket.close(_TRY_AGAIN_LATER)
        except (WebSocketDisconnect, RuntimeError):
            pass  # it has gone
        finally:
            self._clients.discard(client)
            if reading is not None:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading

    async def _send(self, socket: WebSocket, client: _Client, board: Board, reading: "asyncio.Task[None]") -> None:
        while not reading.done():
            if client.sent < board.frame and len(client.on_the_way) < _MOST_ON_THE_WAY:
                frame, since = board.frame, client.sent
                client.sent = frame
                client.on_the_way.append(frame)
                await socket.send_bytes(board.frame_since(since))
            elif time.monotonic() - client.answered > _SECONDS_TO_ANSWER:
                await socket.close(_POLICY_VIOLATION, "no frame was acknowledged for a while")
                return
            else:
                client.due.clear()
                await client.due.wait()

    async def _read(self, socket: WebSocket, client: _Client) -> None:
        try:
            while True:
                text = await socket.receive_text()
                if not _NUMBER.fullmatch(text):
                    await socket.close(_POLICY_VIOLATION, "expected the number of a frame")
                    return
                newest = int(text)
                client.on_the_way = [frame for frame in client.on_the_way if frame > newest]
                client.answered = time.monotonic()
                client.due.set()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # it has gone, or has sent bytes
        finally:
            client.due.set()

    async def _tick(self, board: Board) -> None:
        due = time.perf_counter()
        while True:
            try:
                board.advance(time.time())
            except Exception as error:  # a board that stands still must not look alive
                log.exception("live")
                board.trouble = str(OurMistake.of(error, while_doing="live"))
            for client in self._clients:
                client.due.set()
            due = max(due + FRAME_SECONDS, time.perf_counter() - FRAME_SECONDS)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
