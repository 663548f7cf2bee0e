"""`/`: the lake at a glance."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ..served import shown

router = APIRouter()


@router.get("/", include_in_schema=False)
def overview(request: Request) -> HTMLResponse:
    """The page."""
    return shown(request, "overview.html")
