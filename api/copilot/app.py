"""What the copilot's process serves, to the desk alone: turns of conversations, and calls of tools.

Every request carries a pass (api/auth/passes.py). This process can neither make one nor read whom another's
is for: the database says who the caller is, and holds every transaction to that."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.sse import EventSourceResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agents.copilot import Copilot
from agents.endpoint import ModelSettings
from agents.events import Event
from api.auth.passes import NotAdmitted, admitted
from api.copilot.wire import Call, ToolView, Turn, sse
from api.middleware import Observed
from api.problems import Problems, problem_response
from api.settings import Settings
from api.telemetry import TOOL_CALLS, TURN_SECONDS, TURNS, continued
from models.access import Principal
from models.text.embed import default_embedder
from store.db import Database
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry, ToolResult

THREADS = 48  # of the pool that runs `def` routes: a turn that streams holds one


@dataclass(frozen=True)
class Parts:
    """What answers: the tools, and the copilot that calls them."""

    db: Database
    registry: Registry
    copilot: Copilot


def model_settings(settings: Settings) -> ModelSettings | None:
    """The language model of the settings; None for the rules alone."""
    if settings.model is None:
        return None
    key = settings.openai_api_key
    return ModelSettings(
        settings.model, settings.openai_base_url, api_key=key.get_secret_value() if key else ""
    )


@contextmanager
def opened(settings: Settings, db: Database) -> Iterator[Parts]:
    """A copilot with every governed tool, closed with the block. `db`: with what it may use as `agent`."""
    registry = Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())
    copilot = Copilot(db, registry, model_settings(settings))
    try:
        yield Parts(db, registry, copilot)
    finally:
        copilot.close()


def create_app(parts: Parts) -> FastAPI:
    """The application, ready to be served. `parts` stay open for as long as it is."""
    problems = Problems(lambda _, problem: problem_response(problem))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        threading.Thread(target=parts.copilot.warm, name="warm", daemon=True).start()
        yield

    app = FastAPI(
        title="Chargehand's copilot", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.state.parts = parts
    problems.install(app)
    app.include_router(router)
    app.add_middleware(Observed, problems=problems, https=False)
    return app


router = APIRouter()
_bearer = HTTPBearer(auto_error=False)


def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


Wired = Annotated[Parts, Depends(_parts)]


def _caller(app: Wired, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
    if given is None:
        raise NotAdmitted
    return admitted(app.db, given.credentials)


Caller = Annotated[Principal, Depends(_caller)]


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.post("/v1/threads/{thread_id}/turns")
def turn(thread_id: UUID, body: Turn, caller: Caller, app: Wired, request: Request) -> EventSourceResponse:
    """Answers a message; its events as they happen."""
    with continued(request.headers, "chargehand.turn"):
        events = app.copilot.turn(caller, thread_id, body.text)
    return EventSourceResponse(sse(_counted(caller.surface, events)))


def _counted(surface: str, events: Iterator[Event]) -> Iterator[Event]:
    started, last = time.monotonic(), "broken off"
    try:
        for event in events:
            last = event.event
            if event.event == "tool_finished":
                TOOL_CALLS.labels(event.tool, event.outcome).inc()
            yield event
    finally:
        TURNS.labels(surface, last).inc()
        TURN_SECONDS.labels(surface).observe(time.monotonic() - started)


@router.get("/v1/tools")
def tools(caller: Caller, app: Wired) -> list[ToolView]:
    """Those that the caller may use."""
    return [ToolView.of(tool) for tool in app.registry.available(caller)]


@router.post("/v1/tools/{name}/calls")
def call(name: str, body: Call, caller: Caller, app: Wired, request: Request) -> ToolResult:
    """Runs one."""
    if body.thread_id is not None:
        app.copilot.check_own(caller, body.thread_id)
    with continued(request.headers, f"chargehand.tool {name}"):
        return app.registry.call(app.db, caller, name, body.arguments, thread_id=body.thread_id)
