"""What people say to the copilot in Slack, worked after it was acknowledged.

A direct message is a conversation in its thread. What was asked where others read is answered in the
asker's own chat with us, because the answer holds what the asker may see and others may not; the thread
hears that it was answered, and the asker may share the answer there. Everything here may be repeated: a
message carries the key of what it answers."""

import html
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock

from agents.events import Answered, Asked, Event, Failed
from api import wording
from api.chat import places
from api.chat.facts import line
from api.chat.inbound import Received
from api.chat.places import Place
from api.chat.talk import converse
from api.hidden import visible
from api.links import citation_path
from api.slack import members, posting, prose
from api.slack.answers import Answer
from api.slack.blocks import Span, as_json, button, cut
from api.slack.clients import Workspace
from api.slack.files import attached_text
from api.slack.posting import Spot
from api.slack.showing import show
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError
from models.evidence import Citation
from workflow.deliveries import SurfaceDown

PATIENCE = timedelta(minutes=10)  # with a copilot that does not answer, before the person hears so
MOST_CITED = 5
MOST_CITED_CHARACTERS = 200
MOST_OPTIONS = 20
OPTION = "say"  # action ids of what the copilot offers as answers begin with it
SHARE = "share"


@dataclass(frozen=True)
class Said:
    """Something a person said to us."""

    workspace: Workspace
    user_id: str
    channel: str
    ts: str  # of the message
    root: str  # of its thread: its own where it begins one
    shared: bool  # others read it
    text: str
    files: tuple[dict[str, Any], ...] = ()

    @property
    def place(self) -> Place:
        return Place("slack", self.workspace.team_id, self.channel, self.root, self.shared)


def said_of(workspace: Workspace, event: dict[str, Any]) -> Said:
    """A message event, or a mention."""
    return Said(
        workspace=workspace,
        user_id=event["user"],
        channel=event["channel"],
        ts=event["ts"],
        root=event.get("thread_ts") or event["ts"],
        shared=event.get("channel_type") != "im" and not event["channel"].startswith("D"),
        text=event.get("text", ""),
        files=tuple(event.get("files", ())),
    )


class Turns:
    """Answers."""

    def __init__(self, app: Application, api_url: str) -> None:
        self._app, self._api_url = app, api_url

    def take(self, received: Received, said: Said) -> None:
        """Answer what was said, where it belongs."""
        workspace = said.workspace
        try:
            principal = members.require(self._app, workspace, said.user_id, workspace.client)
            text = self._read(said)
            thread_id = places.thread_for(self._app.db, self._app.copilot, principal, said.place)
        except ChargehandError as e:
            if isinstance(e, SurfaceDown):
                raise
            self._tell(received, said, e.sentence)
            return
        spot = Spot(said.channel, said.root)
        if moved := said.shared and self._app.settings.answers_in_channels == "private":
            spot = self._own_chat(received, said, principal, thread_id)
        self._turn(received, said, principal, thread_id, spot, text, moved=moved)
        if moved:
            line = f"I answered <@{said.user_id}> in a direct message."
            key = f"{received.key}:line"
            posting.post_once(workspace, Spot(said.channel, said.root), key, line, (), received.received_at)

    def _read(self, said: Said) -> str:
        text = prose.said(said.text, said.workspace.bot_user, lambda user: self._name(said.workspace, user))
        if not said.files:
            return text
        return f"{text}\n\n{attached_text(said.workspace, said.files, self._api_url)}".strip()

    def _name(self, workspace: Workspace, user_id: str) -> str:
        """A mentioned member's name: a word of the request, which proves nothing."""
        known = self._app.accounts.of(members.account_of(workspace, user_id))
        if known is not None:
            return known.name
        with suppress(SlackApiError):
            return str(workspace.client.users_info(user=user_id)["user"]["profile"]["real_name"])
        return user_id

    def _tell(self, received: Received, said: Said, sentence: str) -> None:
        """Something for this person alone."""
        if said.shared:
            said.workspace.client.chat_postEphemeral(
                channel=said.channel,
                user=said.user_id,
                text=prose.escaped(sentence),
                thread_ts=said.root if said.root != said.ts else None,
            )
            return
        spot = Spot(said.channel, said.root)
        posting.post_once(
            said.workspace, spot, received.key, prose.escaped(sentence), (), received.received_at
        )

    def _own_chat(self, received: Received, said: Said, principal: Principal, thread_id: UUID) -> Spot:
        """The thread of the person's own chat where a conversation from elsewhere goes on."""
        with self._app.db.tx(principal, "agent") as tx:
            known = places.place_of(tx, thread_id, "slack")
        if known is not None and not known.shared:
            return Spot(known.channel, known.root)
        spot = Spot(own_chat(said.workspace, said.user_id))
        link = f"{said.workspace.url}archives/{said.channel}/p{said.ts.replace('.', '')}"
        begun = (
            f"You asked in <#{said.channel}> (<{link}|message>). I answer here, because others read there."
        )
        key = f"{received.key}:begun"
        root = posting.post_once(said.workspace, spot, key, begun, (), received.received_at)
        private = Place("slack", said.workspace.team_id, spot.channel, root)
        places.also_at(self._app.db, principal, thread_id, private)
        return Spot(spot.channel, root)

    def _turn(
        self,
        received: Received,
        said: Said,
        principal: Principal,
        thread_id: UUID,
        spot: Spot,
        text: str,
        *,
        moved: bool,
    ) -> None:
        answer = Answer(said.workspace, spot, received, said.user_id)
        last: Event | None = None
        try:
            for last in self._events(received, principal, thread_id, text):
                if not answer.done:
                    answer.follow(last)
        except ChargehandError as e:
            if isinstance(e, SurfaceDown):
                raise
            last = Failed(problem=e.problem())
        if isinstance(last, Failed):
            answer.done or answer.close(str(last.problem["detail"]), [])
        elif isinstance(last, Asked):
            answer.done or answer.close(last.text, options(last))
        elif isinstance(last, Answered):
            tail = below(last, self._app.public_url, thread_id)
            if moved and last.text:
                tail.append(share_button(said, thread_id, last.message_id))
            answer.done or answer.close(last.text, tail)
            for proposal_id in last.proposals:
                show(self._app, said.workspace, principal, proposal_id, spot, received)

    def _events(
        self, received: Received, principal: Principal, thread_id: UUID, text: str
    ) -> Iterator[Event]:
        """Raises SurfaceDown for later where the copilot does not answer now."""
        try:
            yield from converse(self._app, principal, thread_id, received, text)
        except ChargehandError as e:
            if e.retry == "later" and datetime.now(UTC) - received.received_at < PATIENCE:
                raise SurfaceDown(surface="Copilot", reason=e.kind) from e
            raise


def own_chat(workspace: Workspace, user_id: str) -> str:
    """The channel of the chat between a member and us."""
    return str(workspace.client.conversations_open(users=user_id)["channel"]["id"])


def options(asked: Asked) -> list[dict[str, Any]]:
    """What the copilot offers as answers, to press."""
    buttons = [
        button(visible(option), f"{OPTION}.{number}", option)
        for number, option in enumerate(asked.options[:MOST_OPTIONS])
    ]
    return as_json([ActionsBlock(elements=buttons)]) if buttons else []


def chosen(body: dict[str, Any]) -> dict[str, Any]:
    """What pressing one of them says, and the message with what was chosen instead of the buttons."""
    container, message, text = body["container"], body["message"], body["actions"][0]["value"]
    blocks = [b for b in message.get("blocks", ()) if b["type"] != "actions"]
    return {
        "user": body["user"]["id"],
        "channel": container["channel_id"],
        "channel_type": "im" if container["channel_id"].startswith("D") else "channel",
        "ts": body["actions"][0]["action_ts"],
        "thread_ts": container.get("thread_ts") or container["message_ts"],
        "text": html.escape(text, quote=False),  # as Slack writes what people type
        "message_ts": container["message_ts"],
        "message_text": message.get("text", ""),
        "message_blocks": [*blocks, prose.paragraphs(f"You chose: **{text}**")[0]],
    }


def below(answered: Answered, public_url: str, thread_id: UUID) -> list[dict[str, Any]]:
    """Where the answer comes from, and where it stands with all that can be drawn of it."""
    page, at = f"{public_url}/chat/{thread_id}#m-{answered.message_id}", (thread_id, answered.message_id)
    cited = [
        _cited(number, citation, public_url + citation_path(citation, message=at, number=number))
        for number, citation in enumerate(answered.citations[:MOST_CITED], 1)
    ]
    more = len(answered.citations) - len(cited)
    words = f"Open on the page, with {more} more sources" if more > 0 else "Open on the page"
    return [prose.lines(*cited, [Span(words, url=page)])]


def _cited(number: int, citation: Citation, url: str) -> list[Span]:
    """A source, and the way to it."""
    if citation.kind == "record":
        where, words = f"{wording.field(citation.record)} {citation.id}", citation.says
    else:
        clause = f", {citation.clause}" if citation.clause else ""
        where = f"{wording.field(citation.document)} {citation.id}{clause}"
        words = f"“{citation.quote}”"
    return [
        Span(f"{number}. "),
        Span(line(where), url=url),
        Span(f": {cut(line(words), MOST_CITED_CHARACTERS)}"),
    ]


def share_button(said: Said, thread_id: UUID, message_id: int) -> dict[str, Any]:
    """Lets the asker show the answer to those who read along where it was asked."""
    value = f"{thread_id} {message_id} {said.channel} {said.root}"
    return as_json([ActionsBlock(elements=[button("Share it where I asked", SHARE, value)])])[0]
