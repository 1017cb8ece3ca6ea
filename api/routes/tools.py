"""The governed tools, for programs."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.auth.callers import Me, Wired
from api.routes.base import Body, resource
from models.access import Permission
from tools.registry import Effect, ToolResult

router = resource("tools", problems=(404, 422))


class ToolView(BaseModel):
    """A tool that you may use; `arguments` is a JSON Schema."""

    name: str
    version: str
    description: str
    permission: Permission
    effect: Effect
    arguments: dict[str, Any]


class Call(Body):
    arguments: Annotated[dict[str, Any], Field(default_factory=dict, description="As the tool's schema says")]
    thread_id: Annotated[UUID | None, Field(description="The conversation that hears the outcome")] = None


@router.get("/tools", summary="The tools that I may use")
def tools(principal: Me, app: Wired) -> list[ToolView]:
    return [
        ToolView(
            name=t.name,
            version=t.version,
            description=t.description,
            permission=t.permission,
            effect=t.effect,
            arguments=t.arguments.model_json_schema(),
        )
        for t in app.registry.available(principal)
    ]


@router.post("/tools/{name}/calls", summary="Call a tool: it looks something up, or proposes")
def call(name: str, body: Call, principal: Me, app: Wired) -> ToolResult:
    if body.thread_id is not None:
        app.copilot.history(principal, body.thread_id, limit=1)  # NotFound where it is someone else's
    return app.registry.call(app.db, principal, name, body.arguments, thread_id=body.thread_id)
