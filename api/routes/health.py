"""For whoever watches the process: is it alive, can it serve, and how is it doing."""

from ipaddress import ip_address

from fastapi import APIRouter, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.auth.callers import NotSignedIn, Wired, application, caller_of
from api.metrics import WorkflowMetrics
from models.access import require

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(app: Wired) -> JSONResponse:
    """The database answers and is up to date."""
    if app.place.ready():
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready"}, status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": "2"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus' text format: for this machine, or with a token whose scopes hold operations.read."""
    if not _is_local(request):
        caller = await caller_of(request)
        if caller is None:
            raise NotSignedIn
        require(caller.principal, "operations.read")
    workflow = WorkflowMetrics(application(request).db).registry()
    text = generate_latest() + await run_in_threadpool(generate_latest, workflow)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """Asked from this machine itself, not through a proxy that runs on it."""
    proxied = any(h in request.headers for h in ("forwarded", "x-forwarded-for", "x-real-ip"))
    try:
        return not proxied and request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
