"""Ways to begin that a client offers its person, worded in prompts/mcp/. Who lacks a permission for the tools
that one needs is not offered it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from models.access import Permission, Principal
from prompts.loader import Prompt as Words
from prompts.loader import load

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

    @property
    def words(self) -> Words:
        return load(f"mcp/{self.name}")


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


async def listed(ctx: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
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
                meta={"version": offer.words.label},
            )
            for offer in _offered(caller(ctx))
        ]
    )


async def worded(ctx: Context, params: GetPromptRequestParams) -> GetPromptResult:
    """Raises MCPError for a prompt that is not offered, and for arguments that do not fit."""
    offer = next((o for o in _offered(caller(ctx)) if o.name == params.name), None)
    if offer is None:
        raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name[:200]} that you may use.")
    given = params.arguments or {}
    missing = [a for a in offer.arguments if a not in given and a not in offer.optional]
    wrong = [a for a in given if a not in offer.arguments or len(given[a]) > LONGEST]
    if missing or wrong:
        told = [f"{a} is missing" for a in missing] + [f"{a[:200]} does not fit" for a in wrong]
        raise MCPError(INVALID_PARAMS, f"{offer.name}: {', '.join(told)}.")
    put = {a: offer.worded.get(a, "{}").replace("{}", v) for a, v in given.items()}
    text = offer.words.text.format(**(dict(offer.optional) | put))
    return GetPromptResult(
        description=offer.about,
        messages=[PromptMessage(role="user", content=TextContent(text=text))],
        meta={"version": offer.words.label},
    )


def _offered(principal: Principal) -> list[_Offer]:
    return [offer for offer in _OFFERS if offer.permission in principal.permissions]
