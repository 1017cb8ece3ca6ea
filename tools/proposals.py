"""The caller's own queue: what waits for their signature, and what became of what they asked for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.registry import Tool, ToolContext, ToolResult
from workflow.cards import ProposalSummary
from workflow.inbox import inbox


class MyProposals(BaseModel):
    """Which of the caller's proposals."""

    model_config = ConfigDict(extra="forbid")

    box: Annotated[
        Literal["mine", "asked"], Field(description="'mine': waits for my signature; 'asked': I proposed it")
    ] = "mine"
    limit: Annotated[int, Field(ge=1, le=50)] = 10


def my_proposals(ctx: ToolContext, asked: MyProposals) -> ToolResult:
    """The proposals of one box, the most pressing first."""
    page = inbox(ctx.tx, box=asked.box, limit=asked.limit)
    return ToolResult(
        text=_text(page.items, asked.box, more=page.after is not None),
        data={"proposals": [p.model_dump(mode="json") for p in page.items], "box": asked.box},
    )


def _text(items: tuple[ProposalSummary, ...], box: Literal["mine", "asked"], *, more: bool) -> str:
    if not items:
        return "Nothing waits for your signature." if box == "mine" else "You have not proposed anything yet."
    head = "These wait for your signature:" if box == "mine" else "What you proposed:"
    lines = [
        f"{n}. {p.title}"
        + (f", {p.amount}" if p.amount else "")
        + (f": {p.why_you}" if box == "mine" and p.why_you else f": {p.state}")
        for n, p in enumerate(items, 1)
    ]
    return "\n".join([head, *lines, *(["There are more in the inbox."] if more else [])])


TOOLS = (
    Tool(
        name="my_proposals",
        version="1",
        description="List the proposals that wait for the caller's signature, or that the caller made.",
        permission="proposals.read",
        effect="read",
        arguments=MyProposals,
        run=my_proposals,
    ),
)
