"""The simulated systems over HTTP: `/crm`, `/psa`, `/erp`, `/hris` as their makers would serve them, `/_sim`
to make them fail and to see what they hold, and a page for people at `/`."""

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from connectors.http import EXTERNAL_REF, REPLAYED
from connectors.ports import Resource
from connectors.sim.twin import READABLE, WRITABLE, Declined, Faults, Kept, Seed, Twin
from models.actions import System

PAGE_LIMIT = 200  # records on the page for people


class Counts(BaseModel):
    """What clients wrote."""

    written: int
    references: int  # distinct ones: fewer than `written` means that something was written twice
    by_resource: dict[str, int]  # "psa/assignments": 3
    duplicated: dict[str, int]  # external reference: how often, where more than once


class LostReply(Response):
    """No answer to a request that was carried out."""

    def __init__(self, how: Literal["drop", "hang"]) -> None:
        super().__init__()
        self.how = how

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.how == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        # An answer that is begun and not completed makes the server cut the connection.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def create_app(twin: Twin, token: str) -> FastAPI:
    """The service over these systems; it closes the twin's book when it shuts down.

    Everything but the page asks for the bearer token."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        twin.book.close()

    def signed_in(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "the bearer token is missing or not the right one")

    app = FastAPI(title="Simulated systems of record", lifespan=lifespan)
    app.exception_handler(Declined)(_declined)
    app.include_router(_page(twin))
    app.include_router(_admin(twin), dependencies=[Depends(signed_in)])
    app.include_router(_systems(twin), dependencies=[Depends(signed_in)])
    return app


async def _declined(_: Request, declined: Exception) -> Response:
    assert isinstance(declined, Declined)
    headers = {} if declined.retry_after is None else {"Retry-After": f"{declined.retry_after:.3f}"}
    return JSONResponse({"detail": declined.reason}, declined.status, headers)


def _systems(twin: Twin) -> APIRouter:
    router = APIRouter(tags=["systems of record"])

    @router.post("/{system}/{resource}", status_code=201)
    async def create(
        system: System,
        resource: Resource,
        body: dict[str, Any],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Make a record. With an `Idempotency-Key` that was used already: the record made then."""
        faults = twin.admit_write(system)
        fields = {name: value for name, value in body.items() if name != EXTERNAL_REF}
        reference = str(body.get(EXTERNAL_REF, ""))
        await asyncio.sleep(faults.slow_seconds)
        kept = await run_in_threadpool(
            twin.write, system, resource, fields, reference, idempotency_key, faults
        )
        return _answer(kept, faults, made=201)

    @router.post("/{system}/{resource}/{record_id:path}/{verb}")
    async def undo(
        system: System, resource: Resource, record_id: str, verb: str, body: dict[str, Any]
    ) -> Response:
        """Take a record back: `cancellation`, `release` and so on. Again under the same reference: no
        change."""
        faults = twin.admit_write(system)
        reference = str(body.get(EXTERNAL_REF, ""))
        await asyncio.sleep(faults.slow_seconds)
        kept = await run_in_threadpool(twin.undo, system, resource, record_id, verb, reference, faults)
        return _answer(kept, faults, made=200)

    @router.get("/{system}/{resource}")
    def search(
        system: System,
        resource: Resource,
        external_ref: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """The records, oldest first; those with this external reference, where one is given."""
        _served(twin, system, resource)
        return [e.as_json() for e in twin.book.list(system, resource, external_ref, limit)]

    @router.get("/{system}/{resource}/{record_id:path}")
    def read(system: System, resource: Resource, record_id: str) -> dict[str, Any]:
        """One record."""
        _served(twin, system, resource)
        if (entry := twin.book.get(system, resource, record_id)) is None:
            raise HTTPException(404, f"no record {record_id} among the {resource}")
        return entry.as_json()

    return router


def _answer(kept: Kept, faults: Faults, *, made: int) -> Response:
    if kept.reply_lost:
        return LostReply(faults.lost_how)
    headers = {REPLAYED: "true"} if kept.replayed else {}
    return JSONResponse(kept.entry.as_json(), 200 if kept.replayed else made, headers)


def _served(twin: Twin, system: System, resource: Resource) -> None:
    twin.check_up(system)
    if resource not in WRITABLE[system] and resource not in READABLE[system]:
        raise HTTPException(404, f"the {system} has no {resource}")


def _admin(twin: Twin) -> APIRouter:
    router = APIRouter(prefix="/_sim", tags=["simulation"])

    @router.get("/faults")
    def faults() -> dict[System, Faults]:
        return twin.faults

    @router.put("/faults/{system}")
    def break_system(system: System, faults: Faults) -> Faults:
        """Make the system fail in exactly these ways, and in no other."""
        twin.faults[system] = faults
        return faults

    @router.delete("/faults", status_code=204)
    def heal() -> None:
        """Back to how the simulation was started."""
        twin.heal()

    @router.post("/seed")
    def plant(seed: Seed) -> dict[str, int]:
        """Put records in, or change those that are there, as a colleague would who works in the system."""
        try:
            return {"planted": twin.plant(seed)}
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @router.get("/records")
    def counts() -> Counts:
        """How much was written, and what was written twice."""
        written = twin.book.written()
        references = Counter(e.external_ref or "" for e in written)
        return Counts(
            written=len(written),
            references=len(references),
            by_resource=dict(Counter(f"{e.system}/{e.resource}" for e in written)),
            duplicated={ref: n for ref, n in references.items() if n > 1},
        )

    return router


def _page(twin: Twin) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    pages = Environment(loader=PackageLoader("connectors.sim", "."), autoescape=True)
    pages.filters["shown"] = lambda value: value if isinstance(value, str) else json.dumps(value)
    template = pages.get_template("page.html")

    @router.get("/")
    def page() -> HTMLResponse:
        """What was written, newest first."""
        written = twin.book.written()
        newest = written[: -PAGE_LIMIT - 1 : -1]
        html = template.render(written=newest, total=len(written), faults=twin.faults, healthy=Faults())
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    return router
