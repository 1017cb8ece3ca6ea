"""Ways to begin that a client offers its person, worded in prompts/mcp/. Who lacks a permission for the tools
that one needs is not offered it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from api.mcp.access import caller
from api.wiring import Application
from models.access import Permission, Principal
from prompts.loader import Prompt as Words
from workflow.in_force import prompt_in_force

LONGEST = 40_000  # characters of an argument, as of a message in a conversation

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True)
class _Offer:
    name: str
    title: str
    about: str
    permission: Permission
    arguments: Mapping[str, str]  # what each is
    optional: Mapping[str, str]  # what stands for one that is not given
    worded: Mapping[str, str]  # how one that is given is put, with {} for it


_OFFERS = (
    _Offer(
        name="staff_a_project",
        title="Staff a project",
        about="Find people for a role, with evidence, and propose the one you choose.",
        permission="staffing.propose",
        arguments={"project": "Project id or name", "role": "e.g. senior data engineer"},
        optional={},
        worded={},
    ),
    _Offer(
        name="check_a_change",
        title="Check a change request",
        about="Compare a client's message with the contract, and price what is out of scope.",
        permission="change.propose",
        arguments={"project": "Project id or name", "message": "What the client wrote, word for word"},
        optional={},
        worded={},
    ),
    _Offer(
        name="bench_risk",
        title="Bench risk this month",
        about="Who becomes free, how sure that is, and what could be done.",
        permission="bench.read",
        arguments={"weeks": "How many weeks ahead", "practice": "Only of this practice"},
        optional={"weeks": "4", "practice": ""},
        worded={"practice": ' in the practice "{}"'},
    ),
)


class Beginnings:
    """What a client is offered and given, in the words in force."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def listed(self, ctx: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
        principal = caller(ctx)
        offered = _offered(principal)
        words = await run_in_threadpool(self._words, principal, offered)
        return ListPromptsResult(
            prompts=[
                Prompt(
                    name=offer.name,
                    title=offer.title,
                    description=offer.about,
                    arguments=[
                        PromptArgument(name=name, description=about, required=name not in offer.optional)
                        for name, about in offer.arguments.items()
                    ],
                    meta={"version": words[offer.name].label},
                )
                for offer in offered
            ]
        )

    async def worded(self, ctx: Context, params: GetPromptRequestParams) -> GetPromptResult:
        """Raises MCPError for a prompt that is not offered, and for arguments that do not fit."""
        principal = caller(ctx)
        offer = next((o for o in _offered(principal) if o.name == params.name), None)
        if offer is None:
            raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name[:200]} that you may use.")
        given = params.arguments or {}
        missing = [a for a in offer.arguments if a not in given and a not in offer.optional]
        wrong = [a for a in given if a not in offer.arguments or len(given[a]) > LONGEST]
        if missing or wrong:
            told = [f"{a} is missing" for a in missing] + [f"{a[:200]} does not fit" for a in wrong]
            raise MCPError(INVALID_PARAMS, f"{offer.name}: {', '.join(told)}.")
        put = {a: offer.worded.get(a, "{}").replace("{}", v) for a, v in given.items()}
        words = (await run_in_threadpool(self._words, principal, [offer]))[offer.name]
        text = words.text.format(**(dict(offer.optional) | put))
        return GetPromptResult(
            description=offer.about,
            messages=[PromptMessage(role="user", content=TextContent(text=text))],
            meta={"version": words.label},
        )

    def _words(self, principal: Principal, offers: Sequence[_Offer]) -> Mapping[str, Words]:
        with self._app.db.tx(principal, "agent") as tx:
            return {offer.name: prompt_in_force(tx, f"mcp/{offer.name}") for offer in offers}


def _offered(principal: Principal) -> list[_Offer]:
    return [offer for offer in _OFFERS if offer.permission in principal.permissions]
