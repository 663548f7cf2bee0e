"""Text from outside made fit for a terminal, a log or a table: no control characters, no passwords, not too long."""

import re
from urllib.parse import urlsplit, urlunsplit

_USER = re.compile(r"(?<=://)[^\s]*@")


def printable(text: str, limit: int = 300) -> str:
    """The beginning of `text` on one line; what a terminal would obey, such as an escape, becomes a space."""
    beginning = text[: 4 * limit]  # so that megabytes cost nothing
    shown = "".join(sign if sign.isprintable() else " " for sign in _USER.sub("", beginning)).strip()
    return shown if len(shown) <= limit and len(text) <= 4 * limit else f"{shown[: limit - 1]}…"


def without_password(address: str) -> str:
    """An address without its user, password, query and fragment; also of text that is no address."""
    scheme, separator, rest = address.rpartition("://")
    try:
        parts = urlsplit(f"{scheme}{separator}{rest.rpartition('@')[2]}")
    except ValueError:  # for example an IPv6 address that is none
        return printable(f"{scheme}{separator}{rest.rpartition('@')[2]}")
    return printable(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
