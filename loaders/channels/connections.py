"""Connections to one address, through a proxy if the environment names one, and kept for the next request."""

import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Url, parse_url

from .watchdog import current_watch

_MOST_KEPT = 32
_LONGEST_CONNECT = 10.0


class BadProxy(ValueError):
    """A proxy that can't be used."""


class NotConnected(Exception):
    """No connection could be opened; the cause says why. urllib3 passes it on as it is."""


class _Watched(HTTPConnection):
    """A connection whose requests are each under a watch."""

    def connect(self) -> None:
        watch = current_watch()
        try:
            watch.connect(super().connect, self.close)
        except Exception as error:
            raise NotConnected from error
        watch.follow(self.sock)

    def request(self, *arguments: Any, **options: Any) -> None:
        current_watch().follow(self.sock)
        super().request(*arguments, **options)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same with TLS."""


class Connections:
    """Connections to one address; threads may share them, and each gets one of its own for a request."""

    def __init__(self, base_url: str, *, silence: float) -> None:
        """Connect to nothing yet.

        Args:
            base_url: the address, which may contain a user and a password.
            silence: seconds without a byte after which a connection is closed.

        Raises:
            BadProxy: the proxy that the environment names for this address can't be used.
            urllib3.exceptions.HTTPError, ValueError: this is not an address.
        """
        parts = urlsplit(base_url)
        user = parts.netloc.rpartition("@")[0]
        address = parse_url(base_url.replace(f"{user}@", "", 1) if user else base_url)
        if address.scheme not in ("http", "https") or not address.host:
            raise ValueError("expected http:// or https://, and a host")
        self._authorization = _basic(parts.username, parts.password)
        timeout = urllib3.Timeout(connect=min(silence, _LONGEST_CONNECT), read=silence)
        self._manager = _manager(address, timeout)
        self._pool = self._manager.connection_from_host(address.host, address.port, address.scheme)
        self._pool.ConnectionCls = _WatchedTls if address.scheme == "https" else _Watched
        is_forwarded = isinstance(self._manager, urllib3.ProxyManager) and address.scheme == "http"
        base = (address.path or "").rstrip("/")
        self._base = f"http://{address.netloc}{base}" if is_forwarded else base

    def get(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Send a request under the watch of this thread, and return its response, of which only the head has arrived.

        The connection is kept if the response is read to its end, and otherwise the response must be closed.

        Raises:
            NotConnected: there is no connection.
            urllib3.exceptions.HTTPError: the connection broke, or was silent for too long.
        """
        target = f"{self._base}/{path.removeprefix('/')}"
        if parameters:
            target = f"{target}?{urlencode(parameters, quote_via=quote)}"
        return self._pool.urlopen(
            "GET",
            target,
            headers={**self._authorization, **headers},
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )

    def close(self) -> None:
        """Close the connections that no request uses."""
        self._manager.clear()


def _manager(address: Url, timeout: urllib3.Timeout) -> urllib3.PoolManager:
    proxy = _proxy_for(address)
    options: dict[str, Any] = {"timeout": timeout, "maxsize": _MOST_KEPT, "retries": False}
    if address.scheme == "https":
        options["ssl_context"] = _tls()
    if proxy is None:
        return urllib3.PoolManager(**options)
    try:
        parts = parse_url(proxy)
        user, _, password = (parts.auth or "").partition(":")
        return urllib3.ProxyManager(
            parts._replace(auth=None).url,
            proxy_headers={f"Proxy-{name}": value for name, value in _basic(user, password).items()},
            proxy_ssl_context=_tls() if parts.scheme == "https" else None,
            **options,
        )
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise BadProxy(str(error)) from None  # the cause contains the proxy's password


def _proxy_for(address: Url) -> str | None:
    """The proxy that the environment names for an address."""
    proxies = getproxies()
    proxy = proxies.get(address.scheme or "") or proxies.get("all")
    host = (address.host or "").strip("[]")
    if not proxy or proxy_bypass(f"{host}:{address.port or ''}") or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _basic(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _tls() -> ssl.SSLContext:
    """What is trusted: certifi's list, or what two variables name, which OpenSSL knows."""
    if file := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())
