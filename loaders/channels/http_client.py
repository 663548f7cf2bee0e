"""Sends requests to one exchange, each bounded in time and size whatever the exchange does."""

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as FellSilent

from lakehouse.errors import Misconfigured, SchemaHubError
from lakehouse.printable import printable, without_password

from ..connector import Request, Response
from ..errors import BadRequest, ExchangeTooSlow, ExchangeUnavailable, ExchangeUnreachable, UnexpectedPayload
from .connections import BadProxy, Connections, NotConnected
from .watchdog import Watch, Watchdog

Transport = Callable[[Request], Response]
"""Replaces the network in tests: gets each request with all of its header fields, and returns the whole response."""

_FOR_JSON = {
    "User-Agent": "schemahub",  # Coinbase refuses clients without one
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
_FOR_FILES = {**_FOR_JSON, "Accept": "*/*", "Accept-Encoding": "identity"}
_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_LARGEST_BODY = 64 * 2**20
"""The maximum size of a response in bytes, both compressed and decompressed. A page of trades takes about a thousandth
of this, and the longest list of products a sixth."""
_LARGEST_ERROR = 64 * 2**10
_SECONDS_FOR_AN_ERROR = 5.0
_SLOWEST = 10_000
"""The bytes a second at which a file must arrive at least; at fewer, it could take days."""
_PART = 2**20
"""The bytes of a response that are read at once: nearly all pages in one step."""
_PART_OF_A_FILE = 2**16


class HttpClient:
    """Sends requests to the address of one exchange; threads may share it."""

    def __init__(
        self,
        exchange: str,
        base_url: str,
        *,
        transport: Transport | None,
        seconds: float,
        silence: float,
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
            now: returns the time, UTC without a zone.
            stopping: ends a response that is being read.
            variable: what sets the address, for messages; by default that of the exchange's API.

        Raises:
            Misconfigured: the address, or the proxy that the environment names for it, can't be used.
        """
        self.address = without_password(base_url)
        """The exchange's base URL, safe to show: without user and password."""
        self._exchange, self._seconds, self._silence, self._now = exchange, seconds, silence, now
        self._transport, self._stopping = transport, stopping
        self._variable = variable or f"SCHEMAHUB_{exchange.upper()}_URL"
        self._watchdog = Watchdog()
        try:
            self._connections = Connections(base_url, silence=silence)
        except BadProxy as error:
            raise Misconfigured(
                f"the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY can't be used: {printable(str(error))}"
            ) from None  # the cause contains the proxy's password
        except (HTTPError, ValueError) as error:
            raise Misconfigured(f"{exchange}: {self.address} is not an address: {printable(str(error))}") from None

    def close(self) -> None:
        """End the requests in progress, and close all connections."""
        self._watchdog.close()
        self._connections.close()

    def get(self, request: Request) -> Response:
        """Send `request` and return the response, whatever its status, within the time limit; Ctrl-C interrupts it.

        Raises:
            ExchangeUnavailable: there was no response, or it was not complete in time.
            UnexpectedPayload: the response is too large, or compressed in a way that was not requested.
            BadRequest: the exchange has moved to another address.
        """
        if self._transport is not None:
            return self._from(self._transport, request)
        with self._sent(request, _FOR_JSON) as (got, watch):
            return self._response(request, got, watch)

    def save(self, request: Request, to: Path, *, largest: int) -> Response:
        """Send `request` and write the body of a response with status 200 to the file `to`.

        The response must begin within the time limit and then keep arriving, but may take as long as its size needs.
        Returns the response without that body, or with the body of another status.

        Raises:
            ExchangeUnavailable: there was no response, or it ended early, or was silent or slow for too long.
            UnexpectedPayload: the body has more than `largest` bytes, or is compressed once more.
            BadRequest: the exchange has moved to another address.
        """
        if self._transport is not None:
            response = self._from(self._transport, request)
            if response.status == 200:
                to.write_bytes(response.body)
            return response
        with self._sent(request, _FOR_FILES) as (got, watch):
            if got.status != 200:
                return self._response(request, got, watch)
            headers = _headers(got)
            if (encoding := headers.get("content-encoding", "").strip().lower()) not in _PLAIN:
                raise UnexpectedPayload(
                    f"{self._exchange}: {printable(request.path)} is compressed as {printable(encoding, 40)!r} on its "
                    "way, which was not requested"
                )
            self._write(got, headers.get("content-length", ""), watch, to, largest)
            return Response(200, headers, b"", self._now())

    def _from(self, transport: Transport, request: Request) -> Response:
        response = transport(replace(request, headers={**_FOR_JSON, **request.headers}))
        if 300 <= response.status < 400:
            raise self._moved(response.status, response.headers.get("location", ""))
        return response if response.received_at else replace(response, received_at=self._now())

    @contextmanager
    def _sent(self, request: Request, headers: Mapping[str, str]) -> Iterator[tuple[BaseHTTPResponse, Watch]]:
        """Send a request, and give its response, whose body hasn't been read, and the watch over it.

        What goes wrong in the block becomes an error of ours.
        """
        got: BaseHTTPResponse | None = None
        with self._watchdog.watching(self._seconds) as watch:
            try:
                got = self._connections.get(request.path, request.parameters, {**headers, **request.headers})
                yield got, watch
            except (HTTPError, NotConnected) as error:
                raise self._error(error, watch) from error
            finally:
                if got is not None:  # nothing is done if it was read to its end
                    got.close()
                    got.release_conn()

    def _error(self, error: HTTPError | NotConnected, watch: Watch) -> SchemaHubError:
        if self._stopping.is_set():
            return SchemaHubError(f"{self._exchange}: stopped")
        if watch.is_cut:
            return self._too_slow(watch)
        if isinstance(error, NotConnected):
            return ExchangeUnreachable(
                f"{self._exchange} can't be reached at {self.address}: {_reason(error)}; is the address right, and "
                f"the network up? {self._variable} sets another address"
            )
        if isinstance(error, FellSilent):
            return ExchangeTooSlow(
                f"{self._exchange} fell silent at {self.address}: nothing came for {self._silence:g} s"
            )
        return ExchangeUnavailable(f"{self._exchange}: the connection to {self.address} broke: {_reason(error)}")

    def _write(self, got: BaseHTTPResponse, announced: str, watch: Watch, to: Path, largest: int) -> None:
        expected = int(announced) if announced.isdecimal() and len(announced) < 20 else None
        if expected is not None and expected > largest:
            raise self._too_large(largest)
        size, until = 0, watch.allow(self._seconds)
        with to.open("wb") as file:
            for part in self._parts(got, watch, _PART_OF_A_FILE):
                size += len(part)
                if size > largest:
                    raise self._too_large(largest)
                watch.until = until + size / _SLOWEST
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

    def _response(self, request: Request, got: BaseHTTPResponse, watch: Watch) -> Response:
        headers = _headers(got)
        received_at = self._now()
        if 300 <= got.status < 400:
            raise self._moved(got.status, headers.get("location", ""))
        encoding = headers.get("content-encoding", "").strip().lower()
        if got.status != 200:
            return Response(got.status, headers, self._excerpt(got, encoding, watch), received_at)
        if encoding not in (*_PLAIN, *_PACKED):
            raise UnexpectedPayload(
                f"{self._exchange}: the response to {printable(request.path)} is compressed as "
                f"{printable(encoding, 40)!r}, expected gzip"
            )
        return Response(got.status, headers, self._body(got, encoding, watch), received_at)

    def _moved(self, status: int, location: str) -> BadRequest:
        return BadRequest(
            f"{self._exchange}: HTTP {status}, {self.address} redirects to {without_password(location) or 'nowhere'}, "
            f"and redirects are not followed; if the exchange has moved there, set {self._variable}"
        )

    def _body(self, got: BaseHTTPResponse, encoding: str, watch: Watch) -> bytes:
        parts, size = [], 0
        for part in self._unpacked(self._parts(got, watch, _PART), encoding):
            parts.append(part)
            size += len(part)
            if max(size, got.tell()) > _LARGEST_BODY:
                raise UnexpectedPayload(
                    f"{self._exchange}: a response from {self.address} has more than {_LARGEST_BODY:,} bytes and was "
                    "not read to its end"
                )
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _excerpt(self, got: BaseHTTPResponse, encoding: str, watch: Watch) -> bytes:
        """The beginning of an error response's body. Errors while it is read are ignored."""
        body = b""
        watch.shorten(_SECONDS_FOR_AN_ERROR)
        with suppress(HTTPError, ExchangeUnavailable):
            for part in self._unpacked(self._parts(got, watch, _LARGEST_ERROR), encoding):
                body += part
                if len(body) > _LARGEST_ERROR:
                    break
        return body[:_LARGEST_ERROR]

    def _unpacked(self, parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
        # urllib3 decompresses too, but without a limit for the whole
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

    def _parts(self, got: BaseHTTPResponse, watch: Watch, size: int) -> Iterator[bytes]:
        """The body in parts of `size` bytes. Raises if it was cut, which looks like the end of one without a length."""
        while True:
            part = got.read(size, decode_content=False)
            if self._stopping.is_set():
                raise SchemaHubError(f"{self._exchange}: stopped")
            if watch.is_cut:
                raise self._too_slow(watch)
            if part:
                yield part
            if not part or got.length_remaining == 0:
                return

    def _too_slow(self, watch: Watch) -> ExchangeTooSlow:
        return ExchangeTooSlow(f"{self._exchange}: a response from {self.address} took more than {watch.allowed:.0f} s")


def _headers(got: BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in got.headers.items()}


def _reason(error: Exception) -> str:
    """The text of the error that urllib3's error was made from."""
    inner: BaseException = error
    while (cause := next((each for each in inner.args if isinstance(each, Exception)), inner.__cause__)) is not None:
        inner = cause
    return printable(str(inner)) or type(inner).__name__
