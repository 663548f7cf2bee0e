"""Sends requests to one exchange, each bounded in time and size whatever the exchange does."""

import queue
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from lakehouse.errors import Misconfigured, SchemaHubError
from lakehouse.printable import printable, without_password

from ..connector import Request, Response
from ..errors import BadRequest, ExchangeTooSlow, ExchangeUnavailable, ExchangeUnreachable, UnexpectedPayload

_USER_AGENT = "schemahub"  # Coinbase refuses clients without one
_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_LARGEST_BODY = 64 * 2**20
"""The maximum size of a response in bytes, both compressed and decompressed. A page of trades takes about a thousandth
of this, and the longest list of products a sixth."""
_LARGEST_ERROR = 64 * 2**10
_SECONDS_FOR_AN_ERROR = 5.0
_SLOWEST = 10_000
"""The bytes a second at which a file must arrive at least; at fewer, it could take days."""


class HttpClient:
    """Sends requests to the address of one exchange; threads may share it."""

    def __init__(
        self,
        exchange: str,
        base_url: str,
        *,
        transport: httpx.BaseTransport | None,
        seconds: float,
        silence: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        stopping: threading.Event,
        variable: str = "",
    ) -> None:
        """Create the client. A user and password in `base_url` are sent, and never shown.

        Args:
            exchange: the exchange's name, for messages.
            base_url: the exchange's address.
            transport: replaces the network in tests.
            seconds: the time for a complete response.
            silence: seconds without a byte after which the connection is closed.
            clock: returns monotonic seconds.
            now: returns the time, UTC without a zone.
            stopping: ends a response that is being read.
            variable: what sets the address, for messages; by default that of the exchange's API.

        Raises:
            Misconfigured: httpx can't use the address, or the proxies that the environment names.
        """
        self.address = without_password(base_url)
        """The exchange's base URL, safe to show: without user and password."""
        self._exchange, self._seconds, self._clock, self._now, self._stopping = exchange, seconds, clock, now, stopping
        self._variable = variable or f"SCHEMAHUB_{exchange.upper()}_URL"
        parts = urlsplit(base_url)
        try:
            user = parts.netloc.rpartition("@")[0]
            address = httpx.URL(base_url.replace(f"{user}@", "", 1) if user else base_url)
        except httpx.InvalidURL as error:
            raise Misconfigured(f"{exchange}: {self.address} is not an address: {printable(str(error))}") from None
        try:
            self._client = httpx.Client(
                base_url=address,
                auth=(unquote(parts.username), unquote(parts.password or "")) if parts.username else None,
                transport=transport,
                timeout=httpx.Timeout(silence, connect=min(silence, 10.0)),
                headers={
                    "User-Agent": _USER_AGENT,
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                },
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise Misconfigured(
                f"the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY can't be used: {printable(str(error))}"
            ) from None  # the cause contains the proxy's password

    def close(self) -> None:
        self._client.close()

    def get(self, request: Request) -> Response:
        """Send `request` and return the response, whatever its status, within the time limit; Ctrl-C interrupts it.

        Raises:
            ExchangeUnavailable: there was no response, or it was not complete in time.
            UnexpectedPayload: the response is too large, or compressed in a way that was not requested.
            BadRequest: the exchange has moved to another address.
        """
        # in a thread of its own, because a read of headers that arrive byte by byte can't be interrupted
        answers = self._in_thread(lambda: self._send(request))
        try:
            answer = answers.get(timeout=self._seconds)
        except queue.Empty:
            raise self._too_slow(self._seconds) from None
        return _returned(answer)

    def save(self, request: Request, to: Path, *, largest: int) -> Response:
        """Send `request` and write the body of a response with status 200 to the file `to`.

        The response must begin within the time limit and then keep arriving, but may take as long as its size needs.
        Returns the response without that body, or with the body of another status.

        Raises:
            ExchangeUnavailable: there was no response, or it ended early, or was silent or slow for too long.
            UnexpectedPayload: the body has more than `largest` bytes, or is compressed once more.
            BadRequest: the exchange has moved to another address.
        """
        saving = _Saving(to, largest)
        answers = self._in_thread(lambda: self._save(request, saving), at_the_end=saving.began.set)
        if not saving.began.wait(self._seconds) and saving.claim():
            raise self._too_slow(self._seconds)
        return _returned(answers.get())

    def _in_thread(
        self, send: Callable[[], Response], at_the_end: Callable[[], None] = lambda: None
    ) -> "queue.SimpleQueue[Response | Exception]":
        """Send in a thread, and return a queue that gets the response, or what was raised."""
        answers: queue.SimpleQueue[Response | Exception] = queue.SimpleQueue()

        def deliver() -> None:
            try:
                answers.put(send())
            except Exception as error:  # the caller handles it
                answers.put(error)
            finally:
                at_the_end()

        threading.Thread(target=deliver, name="request", daemon=True).start()
        return answers

    def _save(self, request: Request, saving: "_Saving") -> Response:
        headers = {**request.headers, "Accept-Encoding": "identity", "Accept": "*/*"}
        with (
            self._errors(),
            self._client.stream("GET", request.path, params=dict(request.parameters), headers=headers) as got,
        ):
            if got.status_code != 200:
                return self._response(request, got)
            if not saving.claim():
                raise self._too_slow(self._seconds)
            saving.began.set()
            if (encoding := got.headers.get("content-encoding", "").strip().lower()) not in _PLAIN:
                raise UnexpectedPayload(
                    f"{self._exchange}: {printable(request.path)} is compressed as {printable(encoding, 40)!r} on its "
                    "way, which was not requested"
                )
            self._write(got, saving)
            return Response(200, {name.lower(): value for name, value in got.headers.items()}, b"", self._now())

    def _write(self, got: httpx.Response, saving: "_Saving") -> None:
        announced = got.headers.get("content-length", "")
        expected = int(announced) if announced.isdecimal() and len(announced) < 20 else None
        if expected is not None and expected > saving.largest:
            raise self._too_large(saving.largest)
        size, began = 0, self._clock()
        with saving.to.open("wb") as file:
            for part in got.iter_raw():
                if self._stopping.is_set():
                    raise SchemaHubError(f"{self._exchange}: stopped")
                size += len(part)
                if size > saving.largest:
                    raise self._too_large(saving.largest)
                if (seconds := self._clock() - began) > self._seconds + size / _SLOWEST:
                    raise self._too_slow(seconds)
                file.write(part)
        if expected not in (None, size):
            raise ExchangeUnavailable(
                f"{self._exchange}: a file from {self.address} ended after {size:,} of {expected:,} bytes"
            )

    def _too_large(self, largest: int) -> UnexpectedPayload:
        return UnexpectedPayload(
            f"{self._exchange}: a file from {self.address} has more than the {largest:,} bytes that are accepted, and "
            "was not read to its end"
        )

    def _send(self, request: Request) -> Response:
        with (
            self._errors(),
            self._client.stream(
                "GET", request.path, params=dict(request.parameters), headers=dict(request.headers)
            ) as got,
        ):
            return self._response(request, got)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn httpx's errors into ours."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ExchangeUnreachable(
                f"{self._exchange} can't be reached at {self.address}: {_reason(error)}; is the address right, and "
                f"the network up? {self._variable} sets another address"
            ) from error
        except httpx.TimeoutException as error:
            raise ExchangeTooSlow(f"{self._exchange} fell silent at {self.address}: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise ExchangeUnavailable(
                f"{self._exchange}: the connection to {self.address} broke: {_reason(error)}"
            ) from error
        except httpx.InvalidURL as error:
            raise BadRequest(f"{self._exchange}: {self.address} is not an address: {printable(str(error))}") from error

    def _response(self, request: Request, got: httpx.Response) -> Response:
        headers = {name.lower(): value for name, value in got.headers.items()}
        received_at = self._now()
        if 300 <= got.status_code < 400:
            raise self._moved(got.status_code, headers.get("location", ""))
        if got.is_stream_consumed:  # a test's transport delivers the body at once
            return Response(got.status_code, headers, got.content, received_at)
        read = self._body if got.status_code == 200 else self._excerpt
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in (*_PLAIN, *_PACKED) and got.status_code == 200:
            raise UnexpectedPayload(
                f"{self._exchange}: the response to {printable(request.path)} is compressed as "
                f"{printable(encoding, 40)!r}, expected gzip"
            )
        return Response(got.status_code, headers, read(got, encoding), received_at)

    def _moved(self, status: int, location: str) -> BadRequest:
        return BadRequest(
            f"{self._exchange}: HTTP {status}, {self.address} redirects to {without_password(location) or 'nowhere'}, "
            f"and redirects are not followed; if the exchange has moved there, set {self._variable}"
        )

    def _body(self, got: httpx.Response, encoding: str) -> bytes:
        parts, size = [], 0
        for part in self._unpacked(self._parts(got, self._seconds), encoding):
            parts.append(part)
            size += len(part)
            if max(size, got.num_bytes_downloaded) > _LARGEST_BODY:
                raise UnexpectedPayload(
                    f"{self._exchange}: a response from {self.address} has more than {_LARGEST_BODY:,} bytes and was "
                    "not read to its end"
                )
        return b"".join(parts)

    def _excerpt(self, got: httpx.Response, encoding: str) -> bytes:
        """The beginning of an error response's body. Errors while it is read are ignored."""
        body = b""
        with suppress(httpx.HTTPError, ExchangeUnavailable):
            for part in self._unpacked(self._parts(got, _SECONDS_FOR_AN_ERROR), encoding):
                body += part
                if len(body) > _LARGEST_ERROR:
                    break
        return body[:_LARGEST_ERROR]

    def _unpacked(self, parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
        # httpx decompresses in parts too, but without a size limit, and yields nothing while there is no output
        if encoding not in _PACKED:
            yield from parts
            return
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or deflate; the first bytes show which
        try:
            for part in parts:
                yield unpack.decompress(part, _LARGEST_BODY + 1)
        except zlib.error as error:
            raise ExchangeUnavailable(
                f"{self._exchange}: a response from {self.address} can't be decompressed: {error}"
            ) from error
        if not unpack.eof:
            raise ExchangeUnavailable(
                f"{self._exchange}: a response from {self.address} ended before its compressed data was complete"
            )

    def _parts(self, got: httpx.Response, seconds: float) -> Iterator[bytes]:
        deadline = self._clock() + seconds
        for part in got.iter_raw():
            if self._stopping.is_set():
                raise SchemaHubError(f"{self._exchange}: stopped")
            if self._clock() > deadline:
                raise self._too_slow(seconds)
            yield part

    def _too_slow(self, seconds: float) -> ExchangeTooSlow:
        return ExchangeTooSlow(f"{self._exchange}: a response from {self.address} took more than {seconds:.0f} s")


class _Saving:
    """A file that is being written, and how far it is."""

    def __init__(self, to: Path, largest: int) -> None:
        self.to, self.largest = to, largest
        self.began = threading.Event()
        """The response has begun, or there is none."""
        self._claimed = threading.Lock()

    def claim(self) -> bool:
        """Return True once: to the thread that writes the file, or to the caller who no longer waits for it."""
        return self._claimed.acquire(blocking=False)


def _returned(answer: Response | Exception) -> Response:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reason(error: Exception) -> str:
    return printable(str(error)) or type(error).__name__
