"""`/`: the lake at a glance; and what it shows, under `/api/lake`."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ..overview import Overview, overview
from ..served import served, shown
from . import Tab

TAB = Tab(0, "Lake", "/")
router = APIRouter()


@router.get("/", include_in_schema=False)
def overview_page(request: Request) -> HTMLResponse:
    """The page."""
    found = overview(served(request).context)
    return shown(request, "overview.html", found=found, looks=served(request).looks, ago=ago, moment=moment)


@router.get("/api/lake")
def lake(request: Request) -> Overview:
    """What the lake holds: freshness, rows, holes, pending loads, and the last loads and runs."""
    return overview(served(request).context)


def ago(seconds: float | None) -> str:
    """How long ago something was: 8 s, 12 min, 5 h, 3 days."""
    if seconds is None:
        return "unknown"
    for size, unit in ((86_400 * 2, "days"), (3600 * 2, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // (size // 2):,.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def moment(time: datetime | None) -> str:
    """A time, UTC, to the second."""
    return "unknown" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
