"""What people do in Slack, as Slack tells us: signed requests with the payloads that its documentation
shows, sent to our address, and sent again where they are not acknowledged."""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx

SECRET = "signing-secret-of-the-tests"
Body = dict[str, Any]

PEOPLE = ("paula", "petra", "rita", "rolf", "leo", "dora", "carl")
TEAMS = [
    {"team_id": "T1", "token": "xoxb-1", "bot_user": "UBOT1", "bot_id": "BBOT1"},
    {"team_id": "T2", "token": "xoxb-2", "bot_user": "UBOT2", "bot_id": "BBOT2"},
]


def member(person: str, team: str = "T1", **flags: Any) -> Body:
    """A full member with a confirmed address, but for what the flags say."""
    profile = {"email": f"{person}@example.com", "real_name": person.title()}
    return {"id": f"U{person.upper()}", "team_id": team, "profile": profile, "is_email_confirmed": True,
            "deleted": False, "is_bot": False} | flags  # fmt: skip


class Slack:
    """The peer process, and our application's address as Slack knows it."""

    def __init__(self, url: str) -> None:
        self.peer = httpx.Client(base_url=url, timeout=20, trust_env=False)
        self.api_url = f"{url}/api/"
        self.ours: httpx.Client | None = None

    # --- the workspace
    def seed(self, **what: Any) -> None:
        self.peer.post("/_peer/seed", json=what).raise_for_status()

    def begin(self) -> None:
        """A new world: both workspaces, the small firm's people in the first, and a channel of theirs."""
        self.peer.post("/_peer/reset").raise_for_status()
        users = [member(person) for person in PEOPLE]
        everybody = [*(u["id"] for u in users), "UBOT1"]
        self.seed(
            teams=TEAMS,
            users=users,
            channels=[{"channel": "C1", "team_id": "T1", "members": everybody}],
        )

    def look(self) -> Body:
        return dict(self.peer.get("/_peer/look").json())

    def messages(self, channel: str) -> list[Body]:
        found: list[Body] = self.look()["channels"].get(channel, {"messages": []})["messages"]
        return found

    def chat_of(self, user: str, team: str = "T1") -> str:
        return f"D{team}{user}"

    def open_chat(self, user: str, team: str = "T1") -> str:
        channel = self.chat_of(user, team)
        bot = next(t["bot_user"] for t in TEAMS if t["team_id"] == team)
        if channel not in self.look()["channels"]:
            self.seed(channels=[{"channel": channel, "team_id": team, "members": [user, bot], "is_im": True}])
        return channel

    def trigger(self) -> str:
        return str(self.peer.post("/_peer/trigger").json()["trigger_id"])

    # --- requests
    def send(
        self, body: str, kind: str, *, secret: str = SECRET, ago: float = 0, **headers: str
    ) -> httpx.Response:
        """One signed request."""
        assert self.ours, "our application is served"
        stamp = str(int(time.time() - ago))
        signed = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        given = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed}",
        }
        return self.ours.post("/slack/events", content=body.encode(), headers=given | headers)

    def event(self, event: Body, *, team: str = "T1", event_id: str = "", **how: Any) -> httpx.Response:
        return self.send(json.dumps(self.envelope(event, team, event_id)), "application/json", **how)

    def envelope(self, event: Body, team: str = "T1", event_id: str = "") -> Body:
        return {
            "type": "event_callback",
            "team_id": team,
            "api_app_id": "A1",
            "event_id": event_id or f"Ev{uuid4().hex[:10]}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": team, "user_id": "UBOT", "is_bot": True}],
            "event": event,
        }

    def interaction(self, payload: Body) -> httpx.Response:
        return self.send(urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded")

    def said(self, user: str, text: str, *, channel: str = "", root: str = "", **more: Any) -> Body:
        """The event of a message: in the chat with us, or a mention in a channel."""
        private = not channel or channel.startswith("D")
        channel = channel or self.open_chat(user)
        held = {"channel": channel, "user": user, "text": text, **({"thread_ts": root} if root else {})}
        stands = self.peer.post("/_peer/say", json=held).json()
        kind = {"type": "message", "channel_type": "im"} if private else {"type": "app_mention"}
        return {**kind, **stands, "channel": channel, "event_ts": stands["ts"], **more}

    def writes(self, user: str, text: str, **how: Any) -> httpx.Response:
        return self.event(self.said(user, text, **how))

    def commands(self, user: str, text: str, team: str = "T1") -> Body:
        body = {"command": "/chargehand", "text": text, "team_id": team, "user_id": user, "channel_id": "C1",
                "trigger_id": self.trigger(), "api_app_id": "A1",
                "response_url": f"{self.api_url.removesuffix('api/')}response/{user}"}  # fmt: skip
        reply = self.send(urlencode(body), "application/x-www-form-urlencoded")
        assert reply.status_code == 200, reply.text
        return reply.json() if reply.headers["content-type"].startswith("application/json") else {}

    def presses(
        self, user: str, channel: str, message: Body, action_id: str, team: str = "T1"
    ) -> httpx.Response:
        """Press the first button of the message with the action."""
        pressed = next(e for e in buttons(message) if e["action_id"] == action_id)
        action = {k: v for k, v in pressed.items() if k in ("type", "action_id", "value")}
        container = {"type": "message", "message_ts": message["ts"], "channel_id": channel}
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        return self.interaction(
            {
                "type": "block_actions",
                "team": {"id": team, "domain": "firm"},
                "user": {"id": user, "team_id": team},
                "api_app_id": "A1",
                "trigger_id": self.trigger(),
                "container": container,
                "channel": {"id": channel},
                "message": message,
                "actions": [action | {"block_id": "b", "action_ts": f"{time.time():.6f}"}],
            }
        )

    def presses_home(self, user: str, view: Body, action: Body) -> httpx.Response:
        return self.interaction(
            {
                "type": "block_actions",
                "team": {"id": "T1"},
                "user": {"id": user, "team_id": "T1"},
                "api_app_id": "A1",
                "trigger_id": self.trigger(),
                "container": {"type": "view", "view_id": view["id"]},
                "view": view,
                "actions": [action | {"block_id": "b", "action_ts": f"{time.time():.6f}"}],
            }
        )

    def submits(self, user: str, view: Body) -> Body:
        """Submit a form (tests/slack/sent.py fills it); what Slack is told to show next."""
        reply = self.interaction(
            {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": user, "team_id": "T1"},
             "api_app_id": "A1", "trigger_id": self.trigger(), "view": view}
        )  # fmt: skip
        assert reply.status_code == 200, reply.text
        return reply.json() if reply.text else {}

    def shortcut(self, user: str, channel: str, message: Body) -> httpx.Response:
        return self.interaction(
            {"type": "message_action", "callback_id": "change_request", "team": {"id": "T1"},
             "user": {"id": user, "team_id": "T1"}, "channel": {"id": channel}, "message": message,
             "message_ts": message["ts"], "trigger_id": self.trigger(), "api_app_id": "A1"}
        )  # fmt: skip


def buttons(message: Body) -> list[Body]:
    found = [e for b in message.get("blocks", ()) for e in b.get("elements", ()) if e.get("type") == "button"]
    return found + [b["accessory"] for b in message.get("blocks", ()) if "accessory" in b]


def words(message: Body) -> str:
    """All that a message shows."""
    return json.dumps([message.get("text", ""), message.get("blocks", [])], ensure_ascii=False)


def until(wanted: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What is wanted, as soon as it is there."""
    ends = time.monotonic() + seconds
    while not (found := wanted()):
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.05)
    return found


@contextmanager
def peer() -> Iterator[Slack]:
    """The peer process, with both workspaces and a channel that others read."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.slack.peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout
    try:
        slack = Slack(f"http://127.0.0.1:{int(process.stdout.readline())}")
        slack.begin()
        yield slack
    finally:
        process.stdin.close()
        process.wait(timeout=10)
