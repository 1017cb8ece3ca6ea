"""What is worked after its acknowledgement, by the kind it was kept under. Each may be repeated: what it says
carries a key, and what it does holds once."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal
from uuid import UUID

from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from api.chat.inbound import Received
from api.slack import home_tab, members, posting, prose, replies
from api.slack.clients import Workspace, outage
from api.slack.posting import Spot
from api.slack.showing import show
from api.slack.turns import Said, Turns, own_chat, said_of
from api.web.chat import SAMPLES
from api.wiring import Application
from models.access import NotFound, Principal
from models.errors import ChargehandError
from workflow.deliveries import SurfaceDown

Kind = Literal["message", "assistant", "ask", "option", "share", "show", "command", "home"]
MOST_PROMPTS = 4


class Errands:
    """Worked by the desk's threads."""

    def __init__(self, app: Application, api_url: str) -> None:
        self._app = app
        self._turns = Turns(app, api_url)
        self._work: Mapping[Kind, Callable[[Workspace, Received, dict[str, Any]], None]] = {
            "message": self._message,
            "assistant": self._assistant,
            "ask": self._ask,
            "option": self._option,
            "share": self._share,
            "show": self._show,
            "command": self._command,
            "home": self._home,
        }

    def work(self, workspace: Workspace, received: Received) -> None:
        """Raises SurfaceDown for later. What is refused, whose errand it is hears."""
        try:
            self._work[received.kind](workspace, received, received.payload)  # type: ignore[index]
        except SlackApiError as e:
            raise outage(e) or e from e
        except SurfaceDown:
            raise
        except ChargehandError as e:
            spot = Spot(own_chat(workspace, received.payload["user"]))
            key = f"{received.key}:refused"
            posting.post_once(workspace, spot, key, prose.escaped(e.sentence), (), received.received_at)

    def _message(self, workspace: Workspace, received: Received, event: dict[str, Any]) -> None:
        self._turns.take(received, said_of(workspace, event))

    def _assistant(self, workspace: Workspace, received: Received, event: dict[str, Any]) -> None:
        """Somebody opened our assistant: what they may want to ask."""
        thread = event["assistant_thread"]
        with suppress(ChargehandError):  # whoever is unknown hears so when they write
            principal = members.require(self._app, workspace, thread["user_id"], workspace.client)
            prompts = [{"title": t[:75], "message": t} for t in self._samples(principal)[:MOST_PROMPTS]]
            if prompts:
                workspace.client.assistant_threads_setSuggestedPrompts(
                    channel_id=thread["channel_id"], thread_ts=thread["thread_ts"], prompts=prompts
                )

    def _samples(self, principal: Principal) -> list[str]:
        """What the person's roles let them ask, about a project of theirs."""
        with self._app.db.tx(principal, "agent") as tx:
            project = tx.value("pages.own_projects")
        return [
            text.format(project=project)
            for permission, text in SAMPLES
            if permission in principal.permissions and (project or "{project}" not in text)
        ]

    def _ask(self, workspace: Workspace, received: Received, asked: dict[str, Any]) -> None:
        """Asked by a command or with a message in hand: answered in a new thread of the person's chat."""
        spot = Spot(own_chat(workspace, asked["user"]))
        begun = f"You asked: {prose.escaped(asked['title'])}"
        root = posting.post_once(workspace, spot, f"{received.key}:begun", begun, (), received.received_at)
        files = tuple(asked.get("files", ()))
        said = Said(
            workspace, asked["user"], spot.channel, root, root, shared=False, text=asked["text"], files=files
        )
        self._turns.take(received, said)

    def _option(self, workspace: Workspace, received: Received, chosen: dict[str, Any]) -> None:
        """One of the answers that the copilot offered."""
        with suppress(SlackApiError):  # a courtesy: what was chosen shows, and is chosen once
            workspace.client.chat_update(
                channel=chosen["channel"],
                ts=chosen["message_ts"],
                text=chosen["message_text"],
                blocks=chosen["message_blocks"],
            )
        self._turns.take(received, said_of(workspace, chosen))

    def _share(self, workspace: Workspace, received: Received, shared: dict[str, Any]) -> None:
        """Show an answer to those who read where it was asked."""
        principal = members.require(self._app, workspace, shared["user"], workspace.client)
        thread_id, message_id = UUID(shared["thread_id"]), shared["message_id"]
        said = self._app.copilot.history(principal, thread_id)
        text = next((m.text for m in said if m.message_id == message_id and m.author == "copilot"), None)
        if text is None:
            raise NotFound(what="message", id=str(message_id))
        blocks = [*prose.paragraphs(text), prose.sentence(f"Shared by {principal.name}")]
        spot = Spot(shared["channel"], shared["root"])
        posting.post_once(workspace, spot, received.key, prose.fallback(text), blocks, received.received_at)

    def _show(self, workspace: Workspace, received: Received, asked: dict[str, Any]) -> None:
        """A card, in the person's own chat."""
        principal = members.require(self._app, workspace, asked["user"], workspace.client)
        spot = Spot(own_chat(workspace, asked["user"]))
        show(self._app, workspace, principal, UUID(asked["proposal_id"]), spot, received)

    def _command(self, workspace: Workspace, received: Received, body: dict[str, Any]) -> None:
        """A command that took longer than Slack waits."""
        answer = replies.answered(self._app, workspace, body, workspace.client)
        WebhookClient(body["response_url"]).send(replace_original=False, **answer)

    def _home(self, workspace: Workspace, received: Received, opened: dict[str, Any]) -> None:
        home_tab.publish(self._app, workspace, opened["user"], workspace.client)
