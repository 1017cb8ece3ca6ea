"""The governed tools as MCP tools: listed for who may use them, run by the copilot as everywhere, their
results as text, as data, and as links to what can be read and to where people sign."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from fastapi.concurrency import run_in_threadpool
from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    ElicitRequest,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    ResourceLink,
    TextContent,
    Tool,
    ToolAnnotations,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from api.copilot.client import CopilotSays
from api.copilot.wire import Call, ToolView
from api.mcp import resources
from api.mcp.access import caller
from api.mcp.forms import Form, form_of_faults, form_of_question
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError
from models.evidence import Citation, QuoteCitation
from tools.registry import Question, ToolResult

MOST_FORMS = 5  # that one call may ask before it gives up
_FORM = "arguments"  # the key of a form among a client's replies

Context = ServerRequestContext[Any, Any]


class Proposed(BaseModel):
    """A proposal that the call made. It changes nothing until people have signed it."""

    proposal_id: str
    resource: str  # what became of it, to read and to watch
    sign_at: str  # the page where the people whom the policy names decide


class Found(BaseModel):
    """What a tool found or proposed."""

    data: dict[str, Any]
    citations: tuple[Citation, ...]
    proposals: tuple[Proposed, ...]


class Unanswered(Exception):
    """The tool needs to know more."""

    def __init__(self, said: CallToolResult, form: Form | None) -> None:
        self.said = said  # for a client that cannot ask
        self.form = form


class Calls:
    """The tools of one installation."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def listed(self, ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """Those that the caller may use."""
        found = await run_in_threadpool(self._app.copilot.tools, caller(ctx))
        return ListToolsResult(tools=[_shown(tool) for tool in found])

    async def called(
        self, ctx: Context, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Run a tool, asking for what is missing where the client can. Clients of the newest revision are
        handed the form and call again; earlier ones are asked while the call waits."""
        said = _said(params)
        if said is None:
            return _declined(params.name)
        for _ in range(MOST_FORMS):
            try:
                return await self._run(caller(ctx), params.name, {**(params.arguments or {}), **said})
            except Unanswered as unanswered:
                form = unanswered.form
                if form is None or not _can_ask(ctx):
                    return unanswered.said
            if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return _form_first(form, said)
            asked = form.request()
            reply = await ctx.session.elicit_form(asked.message, asked.requested_schema, ctx.request_id)
            answers = form.answers(reply)
            if answers is None:
                return _declined(params.name)
            said |= answers
        return _error(f"{params.name} still does not have what it needs. Call it again with all arguments.")

    async def _run(self, principal: Principal, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        """Raises Unanswered."""
        try:
            result = await self._ask_copilot(principal, name, Call(arguments=dict(arguments)))
        except ChargehandError as e:
            said = _failed(e)
            if isinstance(e, CopilotSays) and (faults := e.problem().get("arguments")):
                tool = await self._tool(principal, name)
                raise Unanswered(said, form_of_faults(tool, faults) if tool else None) from e
            return said
        if result.question is not None:
            tool = await self._tool(principal, name)
            form = form_of_question(tool, result.question) if tool else None
            raise Unanswered(_open_question(name, result.question), form)
        return self._told(result)

    async def _ask_copilot(self, principal: Principal, name: str, call: Call) -> ToolResult:
        """What the copilot answers. When the client cancels, or is gone, the pass ends: what still runs can
        propose nothing."""
        token = await run_in_threadpool(self._app.copilot.admit, principal)
        try:
            return await anyio.to_thread.run_sync(
                partial(self._app.copilot.call_admitted, token, name, call), abandon_on_cancel=True
            )
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._app.copilot.dismiss, token)

    async def _tool(self, principal: Principal, name: str) -> ToolView | None:
        found = await run_in_threadpool(self._app.copilot.tools, principal)
        return next((tool for tool in found if tool.name == name), None)

    def _told(self, result: ToolResult) -> CallToolResult:
        proposals = tuple(
            Proposed(
                proposal_id=str(p),
                resource=resources.PROPOSAL.expand({"proposal_id": str(p)}),
                sign_at=f"{self._app.public_url}/proposals/{p}",
            )
            for p in result.proposals
        )
        content: list[ContentBlock] = [TextContent(text=result.text)]
        for proposed in proposals:
            content.append(
                ResourceLink(
                    uri=proposed.resource,
                    name=f"proposal {proposed.proposal_id}",
                    description=f"Nothing is changed before it is signed, by people, at {proposed.sign_at}",
                    mime_type="text/markdown",
                )
            )
        content += _documents(result.citations)
        found = Found(data=result.data, citations=result.citations, proposals=proposals)
        return CallToolResult(content=content, structured_content=found.model_dump(mode="json"))


def _shown(tool: ToolView) -> Tool:
    reads = tool.effect == "read"
    return Tool(
        name=tool.name,
        title=tool.name.replace("_", " ").capitalize(),
        description=tool.description,
        input_schema=tool.arguments,
        output_schema=_OUTPUT,
        annotations=ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=False,  # a proposal changes nothing by itself
            idempotent_hint=reads,
            open_world_hint=False,
        ),
    )


_OUTPUT = Found.model_json_schema(mode="serialization")


def _documents(citations: tuple[Citation, ...]) -> list[ContentBlock]:
    """A link to each document that is quoted."""
    quotes = [c for c in citations if isinstance(c, QuoteCitation) and c.document in resources.DOCUMENTS]
    links = {resources.DOCUMENT.expand({"document": c.document, "id": c.id}): c for c in quotes}
    return [
        ResourceLink(
            uri=uri,
            name=f"{c.document.replace('_', ' ')} {c.id}",
            description=c.quote,
            mime_type="text/plain",
        )
        for uri, c in links.items()
    ]


def _can_ask(ctx: Context) -> bool:
    """Whether the client shows forms. It says so plainly, or says that it asks and not how."""
    capabilities = ctx.session.client_capabilities
    asks = capabilities.elicitation if capabilities else None
    return asks is not None and (asks.form is not None or asks.url is None)


def _form_first(form: Form, said: Mapping[str, Any]) -> InputRequiredResult:
    """The form, and what was said in earlier ones: sealed on its way (`RequestStateBoundary`)."""
    state = {"said": said, "message": form.message, "fields": form.fields}
    return InputRequiredResult(
        input_requests={_FORM: ElicitRequest(params=form.request())}, request_state=json.dumps(state)
    )


def _said(params: CallToolRequestParams) -> dict[str, Any] | None:
    """What was said in forms so far; None where the person would not say."""
    if params.request_state is None:
        return {}
    state = json.loads(params.request_state)
    said: dict[str, Any] = state["said"]
    reply = (params.input_responses or {}).get(_FORM)
    if not isinstance(reply, ElicitResult):
        return said
    answers = Form(state["message"], state["fields"]).answers(reply)
    return None if answers is None else said | answers


def _open_question(name: str, question: Question) -> CallToolResult:
    options = f" One of: {'; '.join(question.options)}." if question.options else ""
    return _error(f"{question.text}{options} Call {name} again with `{question.argument}`.")


def _declined(name: str) -> CallToolResult:
    return _error(f"{name} was not run: the person did not say what it needs.")


def _failed(error: ChargehandError) -> CallToolResult:
    """The problem as it is, so that an agent can tell what to mend from what to try later."""
    problem = error.problem()
    again = " Try again later." if problem["retry"] == "later" else ""
    return CallToolResult(
        content=[TextContent(text=f"{problem['detail']}{again}")],
        structured_content=problem,
        is_error=True,
    )


def _error(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)
