"""Slack as the desk serves it: what Slack sends is kept before it is acknowledged, and worked after it."""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler

from api.chat import commands
from api.chat.accounts import ChatSurface
from api.chat.inbound import Inbound, Received
from api.slack import home, home_tab, presses, prose, replies, turns
from api.slack.clients import Workspace, Workspaces
from api.slack.errands import Errands, Kind
from api.slack.listening import Body, listening
from api.slack.presses import Presses
from api.slack.shown import press_of
from api.slack.socket import connected
from api.wiring import Application
from models.errors import ChargehandError

PATH = "/slack/events"  # events, interactivity and commands
CHANGE_REQUEST = "change_request"  # the message shortcut's callback_id, as docs/slack-manifest.yaml has it
ANSWER_WITHIN_S = 2.0  # a command; Slack waits three seconds


class SlackDesk:
    """The `api.chat.desks.ChatDesk` of Slack."""

    def __init__(self, app: Application, inbound: Inbound) -> None:
        self._app, self._inbound = app, inbound
        self._settings = app.settings
        self.workspaces = Workspaces.of(app.settings)
        self._errands = Errands(app, self.workspaces.api_url)
        self._presses = Presses(app)
        self._answering = ThreadPoolExecutor(8, thread_name_prefix="slack-command")
        secret = self._settings.slack_signing_secret
        self._bolt = listening(self, self.workspaces, secret.get_secret_value() if secret else "")

    @property
    def name(self) -> ChatSurface:
        return "slack"

    def install(self, app: FastAPI) -> None:
        """The address that Slack calls; none where only a socket is set up."""
        if self._settings.slack_signing_secret is None:
            return
        handler = AsyncSlackRequestHandler(self._bolt)

        async def receive(request: Request) -> Response:
            return await handler.handle(request)

        app.add_api_route(PATH, receive, methods=["POST"], include_in_schema=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await run_in_threadpool(self.workspaces.learn)
        try:
            async with connected(self._bolt, self._settings):
                yield
        finally:
            self._answering.shutdown(wait=False, cancel_futures=True)

    def handle(self, received: Received) -> None:
        """Raises SurfaceDown for later."""
        self._errands.work(self.workspaces.find(received.workspace), received)

    # --- what Slack sends, as `api.slack.listening.Desk` has it
    def event(self, workspace: Workspace, body: Body) -> None:
        event = body["event"]
        if (kept := _worth_keeping(event)) is not None:
            kind, ordering = kept
            self._keep(workspace, body["event_id"], kind, event, ordering)

    def command(self, workspace: Workspace, body: Body) -> Body:
        asked = commands.parse(body.get("text", ""))
        if asked.name == "ask":
            text = asked.rest
            self._ask(workspace, body["trigger_id"], body["user_id"], text, title=text)
            return replies.told("I answer you in our direct messages.")
        answering = self._answering.submit(replies.answered, self._app, workspace, body, workspace.quick)
        try:
            return answering.result(timeout=ANSWER_WITHIN_S)
        except TimeoutError:
            kept = {k: body[k] for k in ("user_id", "text", "response_url")} | {"user": body["user_id"]}
            self._keep(workspace, body["trigger_id"], "command", kept, f"user:{body['user_id']}")
            return replies.told("That takes a moment. The answer comes here.")

    def shortcut(self, workspace: Workspace, body: Body) -> None:
        """'Make a change request of this': the message is what a client wrote, whoever posted it here."""
        if body.get("callback_id") != CHANGE_REQUEST:
            return
        message, user = body["message"], body["user"]["id"]
        words = prose.said(message.get("text", ""), workspace.bot_user, str)
        text = f"The client wrote:\n{prose.quoted(words)}" if words else "The client wrote what is attached."
        title = f"is it in scope? {words[:200]}"
        self._ask(workspace, body["trigger_id"], user, text, title=title, files=message.get("files", []))

    def click(self, workspace: Workspace, body: Body) -> None:
        try:
            self._clicked(workspace, body, body["actions"][0]["action_id"])
        except ValidationError:
            raise  # no button of ours has such a value
        except ChargehandError as e:
            presses.whisper(workspace, body, e.sentence)

    def submission(self, workspace: Workspace, body: Body) -> Body | None:
        shown = self._presses.submitted(workspace, body)
        if shown is None:
            self._refresh_home(workspace, body["user"]["id"], body["view"]["id"])
        return shown

    # --- keeping
    def _clicked(self, workspace: Workspace, body: Body, action_id: str) -> None:
        user = body["user"]["id"]
        if (press := press_of(action_id)) is not None:
            self._presses.pressed(workspace, body, press)
            if press in ("approve", "withdraw"):
                self._refresh_home(workspace, user, body["trigger_id"])
        elif action_id == home.SHOW:
            shown = {"user": user, "proposal_id": body["actions"][0]["value"]}
            self._keep(workspace, body["trigger_id"], "show", shown, f"user:{user}")
        elif action_id == home.KIND or action_id.startswith(home.BOX):
            narrowed = home.Filter.chosen(body["actions"][0], body["view"])
            home_tab.publish(self._app, workspace, user, workspace.quick, narrowed)
        elif action_id == turns.SHARE:
            thread_id, message_id, channel, root = body["actions"][0]["value"].split()
            shared = {"user": user, "thread_id": thread_id, "message_id": int(message_id)}
            shared |= {"channel": channel, "root": root}
            self._keep(workspace, f"share:{thread_id}:{message_id}:{user}", "share", shared, f"user:{user}")
        elif action_id.startswith(turns.OPTION):
            chosen = turns.chosen(body)
            key = f"option:{chosen['channel']}:{chosen['message_ts']}"
            self._keep(workspace, key, "option", chosen, _conversation(chosen))

    def _ask(
        self,
        workspace: Workspace,
        key: str,
        user: str,
        text: str,
        *,
        title: str,
        files: Sequence[Body] = (),
    ) -> None:
        asked = {"user": user, "text": text, "title": title[:300], "files": list(files)}
        self._keep(workspace, key, "ask", asked, f"user:{user}")

    def _refresh_home(self, workspace: Workspace, user: str, key: str) -> None:
        self._keep(workspace, f"home:{key}", "home", {"user": user}, f"home:{user}")

    def _keep(self, workspace: Workspace, key: str, kind: Kind, payload: Body, ordering: str) -> None:
        self._inbound.take("slack", workspace.team_id, key, kind, payload, ordering=ordering)


def _worth_keeping(event: Body) -> tuple[Kind, str] | None:
    """Under which kind an event is worked, and after what; None where it is nothing to us."""
    match event["type"]:
        case "app_mention":
            return ("message", _conversation(event)) if _is_from_a_person(event) else None
        case "message" if event.get("channel_type") == "im":
            return ("message", _conversation(event)) if _is_from_a_person(event) else None
        case "assistant_thread_started":
            thread = event["assistant_thread"]
            return "assistant", f"{thread['channel_id']}:{thread['thread_ts']}"
        case "app_home_opened" if event.get("tab") == "home":
            return "home", f"home:{event['user']}"
    return None


def _is_from_a_person(event: Body) -> bool:
    said = event.get("subtype") in (None, "file_share", "thread_broadcast")
    return said and bool(event.get("user")) and not event.get("bot_id")


def _conversation(event: Body) -> str:
    return f"{event['channel']}:{event.get('thread_ts') or event['ts']}"
