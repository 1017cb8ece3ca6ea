"""The governed tools, for programs. They run in the copilot's process."""

from api.auth.callers import Me, Wired
from api.copilot.wire import Call, ToolView
from api.routes.base import resource
from tools.registry import ToolResult

router = resource("tools", problems=(404, 422, 503))


@router.get("/tools", summary="The tools that I may use")
def tools(principal: Me, app: Wired) -> list[ToolView]:
    return app.copilot.tools(principal)


@router.post("/tools/{name}/calls", summary="Call a tool: it looks something up, or proposes")
def call(name: str, body: Call, principal: Me, app: Wired) -> ToolResult:
    return app.copilot.call(principal, name, body)
