"""Answers to `/chargehand`, for its writer alone."""

from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.blocks import Block, SectionBlock

from api.chat import commands
from api.chat.commands import Reply
from api.hidden import visible
from api.slack import home, members, prose
from api.slack.blocks import Span, as_json, button, plain
from api.slack.clients import Workspace
from api.wiring import Application
from api.wording import money
from models.errors import ChargehandError
from workflow.cards import ProposalSummary


def answered(
    app: Application, workspace: Workspace, body: dict[str, Any], client: WebClient
) -> dict[str, Any]:
    """What Slack shows for a command that is no question to the copilot."""
    account = members.account_of(workspace, body["user_id"])
    try:
        principal = members.find(app, workspace, body["user_id"], client)
        return drawn(commands.run(app, principal, account, commands.parse(body["text"])), app.public_url)
    except ChargehandError as e:
        return told(e.sentence)


def told(sentence: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": prose.escaped(sentence)}


def drawn(reply: Reply, public_url: str) -> dict[str, Any]:
    """A reply as an ephemeral message. A proposal has a button that brings its card into the writer's own
    chat, where it is drawn anew when it moves: what is ephemeral cannot be."""
    listed = [_line(line.title, str(line.proposal_id), _about(line)) for line in reply.lines]
    if reply.card:
        listed = [_line(reply.card.title, str(reply.card.proposal_id), "")]
    if not listed:
        return told(reply.text)
    page = [prose.lines([Span("Open the page", url=public_url + reply.path)])] if reply.path else []
    return told(reply.text) | {"blocks": [*prose.paragraphs(reply.text), *as_json(listed), *page]}


def _line(title: str, proposal_id: str, about: str) -> Block:
    shown = plain(f"{visible(title)}\n{about}".strip())
    return SectionBlock(text=shown, accessory=button("Show", home.SHOW, proposal_id))


def _about(line: ProposalSummary) -> str:
    amount = money(line.amount) if line.amount else ""
    return " · ".join(filter(None, (amount, line.why_you or "")))
