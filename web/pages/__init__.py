"""The pages. A module in this folder is a page: it defines `router`, and `TAB` if the header leads to it.

A page that needs something to run beside it, such as a feed, gives its router a `lifespan`. What a page reads of the
lake it gets from `served(request)`; what it shows, from `shown(request, "<page>.html")`.
"""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from fastapi import APIRouter


@dataclass(frozen=True, order=True)
class Tab:
    """A link in the header of every page."""

    position: int
    """Tabs are shown in this order."""
    title: str
    path: str


@dataclass(frozen=True)
class Page:
    router: APIRouter
    tab: Tab | None


def pages() -> Iterator[Page]:
    """Every page of this folder."""
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        router = getattr(module, "router", None)
        if not isinstance(router, APIRouter):
            raise TypeError(f"web/pages/{found.name}.py: expected `router`, an APIRouter; every module there is a page")
        yield Page(router, getattr(module, "TAB", None))
