"""Errors as people and programs get them: RFC 9457 problem details for the REST API, a page for a browser."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import DataError
from psycopg.errors import UntranslatableCharacter
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from models.errors import TYPE_URI, ChargehandError, Retry

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)

Page = Callable[[Request, Mapping[str, Any]], Response]


class ProblemDetails(BaseModel):
    """RFC 9457 problem details. Other members are the ids and facts the problem is about."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    retry: Retry
    request_id: str = ""


class RequestInvalid(ChargehandError):
    """The request does not fit: {faults}"""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class UnusableText(ChargehandError):
    """The request holds a NUL character, which no record can hold."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class Unexpected(ChargehandError):
    """Something went wrong on our side. Tell your administrator the request id."""

    status = 500
    retry: ClassVar[Retry] = "later"


class Problems:
    """Answers every error with a problem; `page` draws it for a browser that asked for a page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def install(self, app: FastAPI) -> None:
        """For the errors that FastAPI routes to handlers; what crashes is for the outermost middleware."""
        for kind in (ChargehandError, RequestValidationError, HTTPException):
            app.add_exception_handler(kind, self.response)

    def response(self, request: Request, error: Exception) -> Response:
        """The answer to a request that failed. Logs what is our fault."""
        problem, headers = _problem(error)
        if problem["status"] >= 500:
            log.error("request.failed", problem=problem["type"], detail=problem["detail"], exc_info=error)
        problem["request_id"] = getattr(request.state, "request_id", "")
        response = self._page(request, problem) if _wants_page(request) else problem_response(problem)
        response.headers.update(headers)
        return response


def _problem(error: Exception) -> tuple[dict[str, Any], Mapping[str, str]]:
    if isinstance(error, HTTPException):
        return _of_http(error), error.headers or {}
    if isinstance(error, RequestValidationError):
        error = _invalid(error)
    elif isinstance(error, DataError) and _is_nul(error):
        error = UnusableText()
    elif not isinstance(error, ChargehandError):
        error = Unexpected()
    return error.problem(), _headers(error)


def problem_response(problem: Mapping[str, Any]) -> JSONResponse:
    return JSONResponse(jsonable_encoder(problem), status_code=problem["status"], media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for the OpenAPI document."""
    meaning = {
        400: "The request cannot be read",
        401: "Nobody is signed in, or the token is not or no longer good",
        403: "You hold no permission for this, or the decision is not yours",
        404: "There is no such thing that you may see",
        409: "It is too late: the thing was decided, changed or taken meanwhile",
        410: "It was used up, or its time is over",
        422: "The request does not fit; the problem names each fault",
        503: "Something that is needed does not answer; try again later",
    }
    return {
        s: {"description": meaning[s], "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}}
        for s in statuses
    }


PROBLEM_SCHEMA = "#/components/schemas/ProblemDetails"


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/v1") and "text/html" in request.headers.get("accept", "")


def _headers(error: ChargehandError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "2"} if error.retry == "later" else {}


def _invalid(error: RequestValidationError) -> RequestInvalid:
    faults = [{"field": ".".join(map(str, f["loc"])), "reason": f["msg"]} for f in error.errors()]
    said = "; ".join(f"{f['field']}: {f['reason']}" for f in faults)
    return RequestInvalid(faults=said, errors=faults)


def _is_nul(error: DataError) -> bool:
    return isinstance(error, UntranslatableCharacter) or "NUL" in str(error)


def _of_http(error: HTTPException) -> dict[str, Any]:
    title = str(error.detail)
    return {
        "type": TYPE_URI + title.lower().replace(" ", "-"),
        "title": title,
        "status": error.status_code,
        "detail": f"{title}.",
        "retry": "never",
    }
