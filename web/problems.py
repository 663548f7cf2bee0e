"""Errors as sentences: a page for who looks, JSON for who asks `/api/`."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lakehouse.errors import SchemaHubError
from lakehouse.printable import printable
from schemahub.refusals import refusal_behind

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What is wrong, in one sentence."""

    error: str


class Wrong(HTTPException):
    """A request that can't be answered; the sentence says what was expected, what was found and what to do."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": meaning}
    for status, meaning in {
        403: "The request comes from another website, or names another host.",
        404: "There is nothing of that name.",
        422: "A parameter is missing or wrong.",
        503: "The lake can't be read.",
    }.items()
}
"""The problems that any address under `/api/` may answer with."""


def answered(request: Request, status: int, sentence: str) -> Response:
    """The sentence as JSON, or as a page if a browser asks for one."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": sentence}, status)
    from .served import shown

    return shown(request, "problem.html", status=status, title=HTTPStatus(status).phrase, sentence=sentence)


def add_to(app: FastAPI) -> None:
    """Have the app answer with sentences, whatever goes wrong."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_parameters)
    app.add_exception_handler(SchemaHubError, _of_the_lake)
    app.add_exception_handler(Exception, _unexpected)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = error.detail
    if not isinstance(error, Wrong):
        sentence = f"{error.detail}: {printable(request.url.path, 100)}"
    response = answered(request, error.status_code, sentence)
    response.headers.update(error.headers or {})
    return response


async def _of_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answered(request, 422, "; ".join(map(_sentence, error.errors()[:5])))


def _sentence(problem: dict[str, Any]) -> str:
    place: Sequence[object] = problem["loc"]
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    found = "" if problem["type"] == "missing" else f", found {printable(str(problem.get('input')), 60)!r}"
    return f"`{place[-1]}`: {message}{found}"


async def _of_the_lake(request: Request, error: Exception) -> Response:
    return answered(request, 503, str(error))


async def _unexpected(request: Request, error: Exception) -> Response:
    if line := refusal_behind(error):
        return answered(request, 503, line)
    log.error("%s", request.url.path, exc_info=error)
    what = f"{type(error).__name__}: {printable(str(error))}"
    return answered(request, 500, f"{what}; this is a bug in SchemaHub, and its terminal shows where")
