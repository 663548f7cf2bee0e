"""Ends requests whose time is over, however the exchange delays them: one thread watches all requests of a client.

A read that waits for each byte has a timeout of its own, and no timeout bounds how many bytes trickle in. So the thread
shuts down the socket of a request that took too long, which ends whatever waits for it. A thread for each request would
do the same, but starting it takes as long as a fifth of the parsing of its response.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_TICK = 0.1
"""The seconds between two looks at the requests, by which one may take longer."""


class Watch:
    """A request in progress."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self.until = self._began + seconds
        """The time in monotonic seconds at which it is cut."""
        self.is_cut = False
        """Whether it was ended early, so that what arrived of it isn't complete."""
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self._waking: threading.Event | None = None

    @property
    def allowed(self) -> float:
        """The seconds that the request may take."""
        return self.until - self._began

    def allow(self, seconds: float) -> float:
        """Let it take `seconds` from now on, and return the time at which it is cut then."""
        self.until = time.monotonic() + seconds
        return self.until

    def shorten(self, seconds: float) -> None:
        """Let it take `seconds` from now on, unless it is cut earlier."""
        self.until = min(self.until, time.monotonic() + seconds)

    def follow(self, connected: socket.socket | None) -> None:
        """Say by which socket the response arrives."""
        with self._lock:
            self._socket = connected
            if self.is_cut:
                self._shut_down()

    def cut(self) -> None:
        """End the request, unless it is over, so that its socket may serve the next one."""
        with self._lock:
            if self._is_over:
                return
            self.is_cut = True
            if self._waking is not None:
                self._waking.set()
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is None:
            return
        with suppress(OSError):  # it is closed
            # that of a TLS connection would decrypt no more, and hand out what arrives as it is
            socket.socket.shutdown(getattr(self._socket, "socket", self._socket), socket.SHUT_RDWR)

    def over(self) -> None:
        """Say that the request is over."""
        with self._lock:
            self._is_over = True

    def connect(self, connect: Callable[[], None], close: Callable[[], None]) -> None:
        """Call `connect`, which may look up a name and can't be interrupted then, in a thread of its own.

        Raises what it raises, and TimeoutError when the request is cut; `close` is called in the thread then.
        """
        self._waking = waking = threading.Event()
        errors: list[Exception] = []

        def attempt() -> None:
            try:
                connect()
            except Exception as error:
                errors.append(error)
            waking.set()
            if self.is_cut:
                close()

        if not self.is_cut:
            threading.Thread(target=attempt, name="connect", daemon=True).start()
            waking.wait()  # `cut` ends it, too
        if errors:
            raise errors[0]
        if self.is_cut:
            raise TimeoutError("the request was cut")


class Watchdog:
    """Watches the requests of one client; threads may share it."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._some = threading.Event()
        """Set while there is a request, and at the end."""
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @contextmanager
    def watching(self, seconds: float) -> Iterator[Watch]:
        """A watch over what this thread does in the block, which is cut after `seconds` unless that is changed."""
        watch = Watch(seconds)
        self._watches.add(watch)
        if not self._some.is_set():
            self._some.set()
        if self._thread is None:
            self._start()
        if self._is_closed:
            watch.cut()
        _current.watch = watch
        try:
            yield watch
        finally:
            watch.over()
            self._watches.discard(watch)

    def close(self) -> None:
        """End all requests."""
        self._is_closed = True
        self._some.set()
        for watch in tuple(self._watches):
            watch.cut()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._is_closed:
            self._some.wait()
            time.sleep(_TICK)
            now = time.monotonic()
            for watch in tuple(self._watches):
                if watch.until < now:
                    watch.cut()
            self._some.clear()
            if self._watches or self._is_closed:
                self._some.set()


_current = threading.local()


def current_watch() -> Watch:
    """The watch over what this thread is doing."""
    watch: Watch = _current.watch
    return watch
