"""The formats of files that can be read, and which of them a file has.

A module in `connectors/<name>/` that defines `FORMAT` is one; nothing else has to list it.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakehouse.names import known
from lakehouse.printable import printable

from . import connectors
from .channels.files import BadFile, FileFormat, parts

_CHANNELS = {"rest", "stream"}
"""Modules of connectors that are no formats; a stream's libraries take long to import."""

_MOST_PARTS = 10
"""The number of members of a ZIP that are looked at."""


class UnknownFormat(BadFile):
    """A file has none of the formats that can be read."""


@dataclass(frozen=True)
class Recognised:
    """A format, and the exchange whose connector reads it."""

    exchange: str
    format: FileFormat


@cache
def formats() -> dict[str, Recognised]:
    """All formats by name."""
    found: dict[str, Recognised] = {}
    for exchange in connectors.connector_names():
        package = importlib.import_module(f"{connectors.__name__}.{exchange}")
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            if module.name not in _CHANNELS:
                defined = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "FORMAT", None)
                if isinstance(defined, FileFormat):
                    found[defined.name] = Recognised(exchange, defined)
    return found


def recognise(names: Sequence[str], head: bytes) -> Recognised | None:
    """The format of a file with one of these names, which begins with `head` after decompression; None if it has none.

    A name that only one format gives its files decides, because its reader can say best what is wrong with the content.
    """
    every = formats().values()
    for name in names:
        for each in every:
            if each.format.fits_name(name):
                return each
    return next((each for each in every if each.format.fits_head(head)), None)


def format_of(path: Path, name: str | None = None) -> Recognised:
    """The format of a file: the one of that name, or what its name and its first lines show.

    Raises:
        Misconfigured: there is no format of that name.
        UnknownFormat: the file has none of the formats.
        BadFile: the file can't be read.
    """
    if name is not None:
        return formats()[known(name, formats(), what="format")]
    found = parts(path)
    for part in found[:_MOST_PARTS]:
        if (recognised := recognise([path.name, part.name], part.head())) is not None:
            return recognised
    examples = ", ".join(f"{each.format.name} ({each.format.example})" for each in formats().values())
    first = printable(found[0].head().partition(b"\n")[0].decode(errors="replace"), 80)
    raise UnknownFormat(
        f"{printable(str(path))}: has none of the formats that can be read, which are {examples}; it begins with "
        f"{first!r}; rename it, or name its format"
    )
