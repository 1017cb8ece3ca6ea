"""The web application: REST API, pages, and what surrounds every request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from api import idempotency
from api.auth.renewal import RenewedSessions
from api.chat.desks import desks, serving
from api.chat.inbound import Inbound
from api.live import Live
from api.mcp.server import mounted
from api.middleware import Observed
from api.problems import ProblemDetails, Problems
from api.routes import (
    audit,
    delegations,
    filters,
    health,
    insight,
    live,
    me,
    notices,
    operations,
    proposals,
    reports,
    threads,
    tokens,
    tools,
    webhooks,
)
from api.web import pages
from api.wiring import Application

THREADS = 96  # of the pool that runs `def` routes; a conversation that streams holds one
DESCRIPTION = """The operations copilot for professional-services firms.

It reads the firm's systems of record, computes and proposes; nothing is written before the right people have
signed. Every error is an RFC 9457 problem (`application/problem+json`). A POST takes an `Idempotency-Key`:
its repeat gets the same reply. What you may not see answers 404."""


def create_app(application: Application) -> FastAPI:
    """The application, ready to be served. `application` stays open for as long as it is."""
    watching = Live(application.db)
    problems = Problems(pages.problem_page)
    inbound = Inbound(application.db)
    chats = desks(application, inbound)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        async with watching.running(), serving(chats, inbound), agents.running():
            yield

    app = FastAPI(
        title="Chargehand",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its scripts would come from elsewhere
        redoc_url=None,
    )
    app.state.application = application
    app.state.live = watching
    app.state.problems = problems
    problems.install(app)
    for resource in (
        me,
        threads,
        proposals,
        delegations,
        filters,
        notices,
        live,
        tools,
        reports,
        audit,
        operations,
        insight,
        tokens,
        webhooks,
        health,
    ):
        app.include_router(resource.router)
    app.include_router(pages.router)
    for chat in chats:
        chat.install(app)
    agents = mounted(app, application, watching)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_middleware(Observed, problems=problems, https=application.is_https)
    app.add_middleware(RenewedSessions, application=application)  # outermost: also what crashed renews
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with what holds for all routes: the problem's schema, and the idempotency key."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document["components"]["schemas"]
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for path in document["paths"].values():
            for method, operation in path.items():
                if "422" in operation["responses"]:
                    operation["responses"]["422"]["content"] = _PROBLEM
                if method == "post" and "access" not in operation["tags"]:
                    operation.setdefault("parameters", []).append(idempotency.PARAMETER)
        app.openapi_schema = document
    return app.openapi_schema


_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
