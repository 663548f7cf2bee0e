"""Make text from outside safe for a terminal, a log or a table: no control characters or passwords, limited length."""

import re
from urllib.parse import urlsplit, urlunsplit

_USER = re.compile(r"(?<=://)[^\s]*@")


def printable(text: str, limit: int = 300) -> str:
    """The beginning of `text` on one line; control characters, such as escapes, become spaces."""
    beginning = text[: 4 * limit]  # so that a text of megabytes costs nothing
    shown = "".join(each if each.isprintable() else " " for each in _USER.sub("", beginning)).strip()
    return shown if len(shown) <= limit and len(text) <= 4 * limit else f"{shown[: limit - 1]}…"


def without_password(address: str) -> str:
    """An address without its user, password, query and fragment; accepts text that is not an address, too."""
    scheme, separator, rest = address.rpartition("://")
    try:
        parts = urlsplit(f"{scheme}{separator}{rest.rpartition('@')[2]}")
    except ValueError:  # for example an invalid IPv6 address
        return printable(f"{scheme}{separator}{rest.rpartition('@')[2]}")
    return printable(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
