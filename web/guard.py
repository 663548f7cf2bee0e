"""Who may ask, and the headers of every response. Applies to requests and to WebSockets alike.

Without a token, the app answers only requests that name this machine as their host. A page of another website could
otherwise have its own name lead to 127.0.0.1, and read the lake with its visitor's browser. With a token, whoever knows
it may ask: once in the address as `?token=`, which is answered with a cookie; or as `Authorization: Bearer`.
"""

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import answered
from .served import ASSETS

COOKIE = "schemahub_token"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS = {
    "Content-Security-Policy": f"default-src 'self'; style-src 'self' {ASSETS.style_hashes}; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address may hold a token
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Refuses what comes from elsewhere or without the token, and adds headers to the rest."""

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = token
        # the cookie proves the token and isn't one: what a browser stores can't be passed on as `?token=`
        self._cookie = None if token is None else hmac.new(token.encode(), b"cookie", hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        request = Request({**scope, "type": "http", "method": scope.get("method", "GET")})
        host = headers.get("host", "")
        if self._token is None and _name_of(f"//{host}") not in LOOPBACK:
            return answered(
                request, 403, "expected 127.0.0.1 or localhost as the host of the address; other names need --token"
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return answered(request, 403, "a page of another website may not ask this one")
        if self._token is None or self._cookie is None or self._is_known(headers):
            return None
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == "token" and _equal(value, self._token) for name, value in given):
            return self._welcome(scope["path"], [(name, value) for name, value in given if name != "token"])
        return answered(
            request, 401, "expected the token of `schemahub serve`: open the address that it printed, with ?token="
        )

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(bearer.strip(), str(self._token)):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and _equal(cookie.value, str(self._cookie))

    def _welcome(self, path: str, rest: list[tuple[str, str]]) -> Response:
        """To the same page without the token in its address, where a shared link or a log would show it."""
        target = quote("/" + path.lstrip("/")) + (f"?{urlencode(rest)}" if rest else "")
        response = RedirectResponse(target, 303)
        response.set_cookie(COOKIE, str(self._cookie), httponly=True, samesite="lax", path="/")
        return response


def _name_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # an invalid IPv6 address
        return None


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())
