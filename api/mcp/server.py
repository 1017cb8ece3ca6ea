"""The MCP server, put together."""

from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from starlette.responses import JSONResponse
from starlette.routing import Route

from api.live import Live
from api.mcp.access import METADATA_PATHS, PATH, Endpoint, metadata
from api.mcp.calls import Calls
from api.mcp.prompts import Beginnings
from api.mcp.resources import Resources
from api.mcp.watching import Watching
from api.wiring import Application
from models.errors import ChargehandError
from prompts.loader import load

NAME = "chargehand"


async def told(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """What goes wrong as an error of the protocol, with the sentence and the problem."""
    try:
        return await call_next(ctx)
    except ChargehandError as e:
        code = INTERNAL_ERROR if e.status >= 500 else INVALID_PARAMS
        raise MCPError(code, e.sentence, jsonable_encoder(e.problem())) from e


def mounted(served: FastAPI, app: Application, live: Live) -> Endpoint:
    """The server on our application. It answers while its `running()` lasts."""
    calls, resources, beginnings = Calls(app), Resources(app), Beginnings(app)
    server = Server(
        NAME,
        title="Chargehand",
        version=served.version,
        website_url=app.public_url,
        instructions=load("mcp/instructions").text,
        on_list_tools=calls.listed,
        on_call_tool=calls.called,
        on_list_resources=resources.listed,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_list_prompts=beginnings.listed,
        on_get_prompt=beginnings.worded,
        on_subscriptions_listen=Watching(live).listen,
    )
    server.middleware.append(told)
    # A form that is handed out comes back to this process: a desk that was started anew asks again.
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME))
    endpoint = Endpoint(app, server)
    served.router.routes.append(Route(PATH, endpoint=endpoint, include_in_schema=False))
    for path in METADATA_PATHS:
        served.add_api_route(path, lambda: JSONResponse(metadata(app)), include_in_schema=False)
    return endpoint
