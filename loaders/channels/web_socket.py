"""One WebSocket connection that never blocks once it is open, so that one thread can serve many.

The protocol is that of the package `websockets`; the socket is ours. With three connections and 20,000 messages a
second this takes the processor 10 µs for each message. The client of aiohttp takes 17 and that of `websockets` 21,
because they wake up for each. Compression isn't offered: unpacking costs more than the bytes that it saves.
"""

import socket
import ssl
from contextlib import suppress

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidProxy, InvalidStatus, InvalidURI, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.headers import build_authorization_basic
from websockets.proxy import get_proxy, parse_proxy
from websockets.uri import WebSocketURI, parse_uri

from lakehouse.errors import Misconfigured
from lakehouse.printable import printable, without_password

from ..errors import BadRequest, ExchangeUnavailable, ExchangeUnreachable, RateLimited, UnexpectedPayload
from .http_dates import seconds as seconds_of

_USER_AGENT = "schemahub"
_READ = 2**16
_MOST_READS = 64
"""The reads after which other connections get their turn."""
_MOST_UNSENT = 2**20
"""The bytes that the exchange may leave unread before the connection counts as broken."""
_LARGEST_PROXY_ANSWER = 2**16
_MESSAGES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class WebSocket:
    """An open connection to one exchange. Only `open` blocks."""

    def __init__(self, exchange: str, address: str, connected: socket.socket, protocol: ClientProtocol) -> None:
        self._exchange, self._address = exchange, address
        self._socket, self._protocol = connected, protocol
        self._unsent = b""
        self._has_ended = False
        self._fragments: list[bytes] = []
        self.has_more = True
        """Whether there may be data although the socket's number doesn't say so, as with TLS and after opening."""

    @classmethod
    def open(
        cls, exchange: str, url: str, *, seconds: float, largest_message: int, tls: ssl.SSLContext | None = None
    ) -> "WebSocket":
        """Connect, through the proxy that the environment names, if any; this takes `seconds` at most for each step.

        Args:
            exchange: the exchange's name, for messages.
            url: the whole address; a user and password in it are sent, and never shown.
            seconds: the time limit.
            largest_message: the largest message in bytes that is accepted.
            tls: replaces the default rules by which the exchange's certificate is checked.

        Raises:
            Misconfigured: the address, or the proxy's, can't be used.
            ExchangeUnreachable: no connection can be made.
            ExchangeUnavailable: the exchange didn't accept the connection now.
            BadRequest: the exchange doesn't accept the connection at this address.
        """
        address = without_password(url)
        uri = _parsed(exchange, url, address)
        try:
            connected = _connected(exchange, uri, seconds, tls)
        except (OSError, EOFError) as error:
            raise ExchangeUnreachable(
                f"{exchange} can't be reached at {address}: {_reason(error)}; is the address right, and the network "
                f"up? SCHEMAHUB_{exchange.upper()}_STREAM_URL sets another address"
            ) from error
        made = cls(exchange, address, connected, ClientProtocol(uri, max_size=largest_message))
        try:
            made._shake_hands()
            connected.setblocking(False)
        except (OSError, EOFError) as error:
            connected.close()
            raise ExchangeUnavailable(f"{exchange}: {address} accepted no WebSocket: {_reason(error)}") from error
        except Exception:
            connected.close()
            raise
        return made

    def _shake_hands(self) -> None:
        request = self._protocol.connect()
        request.headers["User-Agent"] = _USER_AGENT
        self._protocol.send_request(request)
        self._socket.sendall(b"".join(self._protocol.data_to_send()))
        while True:
            self._receive_data(self._socket.recv(_READ))
            if self._protocol.handshake_exc is not None:
                raise self._refused(self._protocol.handshake_exc)
            # frames that came with the response are read later, by `receive`
            if self._protocol.state.name == "OPEN":
                return

    def _refused(self, error: Exception) -> Exception:
        if not isinstance(error, InvalidStatus):
            return ExchangeUnavailable(f"{self._exchange}: {self._address} accepted no WebSocket: {_reason(error)}")
        status = error.response.status_code
        reason = f"{self._exchange}: {self._address} refused the WebSocket: HTTP {status}"
        if status in (418, 429):
            return RateLimited(reason, retry_after=seconds_of(error.response.headers.get("Retry-After")))
        if status >= 500:
            return ExchangeUnavailable(reason)
        if 300 <= status < 400:
            return BadRequest(f"{reason}, a redirect; redirects are not followed")
        return BadRequest(f"{reason}; SCHEMAHUB_{self._exchange.upper()}_STREAM_URL can name another address")

    def fileno(self) -> int:
        """The socket's number, to wait for data with."""
        return self._socket.fileno()

    def receive(self) -> tuple[list[bytes], bool]:
        """The messages that have arrived, and whether there was any sign of life, such as a ping. Pings are answered.

        Raises:
            ExchangeUnavailable: the connection has ended; its messages up to then were returned before.
            UnexpectedPayload: a message is larger than allowed, or not WebSocket.
        """
        is_alive = self._read()
        messages = self._messages()
        self._flush()
        if not messages and (ended := self._ended()) is not None:
            raise ended
        return messages, is_alive

    def _read(self) -> bool:
        """Read what is there; whether it was anything."""
        is_alive = False
        for _ in range(0 if self._has_ended else _MOST_READS):
            try:
                data = self._socket.recv(_READ)
            except _WOULD_BLOCK:
                self.has_more = False
                return is_alive
            except OSError:  # reset by the other side
                data = b""
            self._receive_data(data)
            if not data:
                self.has_more = False
                return is_alive
            is_alive = True
        self.has_more = not self._has_ended
        return is_alive

    def _receive_data(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._has_ended = True
            self._protocol.receive_eof()

    def _messages(self) -> list[bytes]:
        messages = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame) or event.opcode not in _MESSAGES:
                continue
            if event.fin and not self._fragments:
                messages.append(bytes(event.data))
                continue
            self._fragments.append(bytes(event.data))
            if event.fin:
                messages.append(b"".join(self._fragments))
                self._fragments = []
        return messages

    def _ended(self) -> Exception | None:
        error = self._protocol.parser_exc
        if error is not None and not isinstance(error, EOFError):
            return UnexpectedPayload(f"{self._exchange}: a message from {self._address} was refused: {_reason(error)}")
        if self._protocol.state.name == "OPEN":
            return None
        # the protocol's own code is unknown until the exchange has closed the connection, too
        farewell = self._protocol.close_rcvd
        said = "" if farewell is None else printable(farewell.reason, 100)
        how = "without a word" if farewell is None else f"with code {farewell.code}{said and f', {said}'}"
        return ExchangeUnavailable(f"{self._exchange}: the connection to {self._address} ended {how}")

    def send(self, text: str) -> None:
        """Send a message; what can't be sent at once is sent when `receive` is called."""
        with suppress(WebSocketException):  # the connection has ended, which `receive` reports
            self._protocol.send_text(text.encode())
        self._flush()

    def ping(self) -> None:
        """Ask for a sign of life."""
        with suppress(WebSocketException):
            self._protocol.send_ping(b"")
        self._flush()

    def _flush(self) -> None:
        self._unsent += b"".join(self._protocol.data_to_send())
        with suppress(OSError):  # it would block, or the connection has ended, which `receive` reports
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        if len(self._unsent) > _MOST_UNSENT:
            self._socket.close()

    def close(self) -> None:
        """Say goodbye, and close without waiting for an answer."""
        with suppress(WebSocketException):
            self._protocol.send_close(1000)
        self._flush()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _parsed(exchange: str, url: str, address: str) -> WebSocketURI:
    try:
        return parse_uri(url)
    except (InvalidURI, ValueError):
        raise Misconfigured(
            f"{exchange}: {address} is not the address of a WebSocket; it must begin with wss:// or ws://"
        ) from None  # the cause contains the password


def _connected(exchange: str, uri: WebSocketURI, seconds: float, tls: ssl.SSLContext | None) -> socket.socket:
    proxy = get_proxy(uri)
    connected = (
        socket.create_connection((uri.host, uri.port), timeout=seconds)
        if proxy is None
        else _through_proxy(exchange, proxy, uri, seconds)
    )
    try:
        connected.settimeout(seconds)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if uri.secure:
            return (tls or ssl.create_default_context()).wrap_socket(connected, server_hostname=uri.host)
    except Exception:
        connected.close()
        raise
    return connected


def _through_proxy(exchange: str, url: str, uri: WebSocketURI, seconds: float) -> socket.socket:
    try:
        proxy = parse_proxy(url)
    except InvalidProxy:
        proxy = None
    if proxy is None or proxy.scheme != "http":
        raise Misconfigured(
            f"{exchange}: the proxy {without_password(url)} can't be used for WebSockets; it must begin with http://, "
            "or name the exchange in NO_PROXY"
        )
    connected = socket.create_connection((proxy.host, proxy.port), timeout=seconds)
    try:
        connected.settimeout(seconds)
        user = proxy.user_info
        login = "" if user is None else f"Proxy-Authorization: {build_authorization_basic(*user)}\r\n"
        place = f"[{uri.host}]:{uri.port}" if ":" in uri.host else f"{uri.host}:{uri.port}"
        connected.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connected.recv(1)  # not a byte more, because what follows belongs to the exchange
            answer += part
            if not part or len(answer) > _LARGEST_PROXY_ANSWER:
                break
        if answer.split(b" ")[1:2] != [b"200"]:
            said = printable(answer.split(b"\r\n")[0].decode(errors="replace"), 60)
            raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} answered {said!r}")
    except Exception:
        connected.close()
        raise
    return connected


def _reason(error: BaseException) -> str:
    return printable(str(error)) or type(error).__name__
