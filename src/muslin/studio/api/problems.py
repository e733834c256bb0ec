"""Errors as application/problem+json (RFC 9457), with the fields of a UserError.

`type` is stable: a page translates by it. Nothing of a program fault is shown but its kind; the log has the rest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from muslin.errors import UserError
from muslin.studio.errors import KINDS, document, problem

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("muslin.studio")


class Where(BaseModel):
    """One place in a request and what is wrong there."""

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong, for a program (type, status) and for a person (title, received, possible, advice)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    received: str | None
    possible: str | None
    advice: str | None
    exit_code: int | None
    errors: list[Where]


def response(content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(dict(content), int(content["status"]), headers=dict(headers or {}), media_type=MEDIA_TYPE)


def plain(status: int, title: str, instance: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return response(document(KINDS.get(status, "invalid"), status, title, instance), headers)


def install(app: FastAPI) -> None:
    """Every error of the app becomes a problem document."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _fault)


async def _user_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UserError)
    after = getattr(error, "retry_after", None)
    return response(problem(error, request.url.path), {"Retry-After": str(after)} if after else None)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if _undeclared(request):
        return _wrong_method(request)
    places = [
        {"where": ".".join(str(part) for part in item["loc"][1:])[:200] or str(item["loc"][0]), "message": item["msg"]}
        for item in error.errors()[:20]
    ]
    title = "The request is not what this address takes."
    detail = "; ".join(f"{place['where']}: {place['message']}" for place in places)
    return response(document("invalid", 422, title, request.url.path, detail=detail, errors=places))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405 or (error.status_code == 404 and _undeclared(request)):
        return _wrong_method(request)
    return plain(error.status_code, str(error.detail), request.url.path, headers)


def _wrong_method(request: Request) -> JSONResponse:
    allowed = {"Allow": ", ".join(_methods(request))}
    return plain(405, "This address does not take this method.", request.url.path, allowed)


def _undeclared(request: Request) -> bool:
    """Whether the path is one of the API's, and the method is not: another route, or the page, was asked instead."""
    path, paths = request.url.path, request.app.openapi()["paths"]
    if path in paths:  # literally: /v1/looks/mix is no look of the id "mix"
        return request.method.lower() not in paths[path]
    return bool(found := _methods(request, [])) and request.method not in found


def _methods(request: Request, otherwise: Sequence[str] = ("GET",)) -> list[str]:
    """All methods of all routes of this path; Starlette itself names only those of the first."""
    found: set[str] = set()
    paths = request.app.openapi()["paths"]
    if request.url.path in paths:
        return sorted(method.upper() for method in paths[request.url.path])
    for template, methods in paths.items():
        if re.fullmatch(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(template)), request.url.path):
            found |= {method.upper() for method in methods}
    return sorted(found) or list(otherwise)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    title = f"The studio failed: {type(error).__name__}. This is a fault of muslin, not yours."
    return plain(500, title, request.url.path)
