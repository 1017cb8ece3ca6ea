"""Slack's Web API as its documentation promises it: what a workspace holds, and what each method does to
it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.slack.block_kit import check_message, check_view

TRIGGER_SECONDS = 3.0
Body = dict[str, Any]


class Refused(Exception):
    """`{"ok": false, "error": ...}`"""


@dataclass
class Team:
    team_id: str
    token: str
    bot_user: str
    bot_id: str

    @property
    def url(self) -> str:
        return f"https://{self.team_id.lower()}.slack.example/"


@dataclass
class Channel:
    channel: str
    team_id: str
    members: list[str]
    is_im: bool = False
    gone: bool = False
    messages: list[Body] = field(default_factory=list)


@dataclass
class Fault:
    """What the next calls of a method meet: `ratelimited`, `drop` (done, but no answer), or an error."""

    kind: str
    times: int


@dataclass
class World:
    teams: dict[str, Team] = field(default_factory=dict)
    users: dict[str, Body] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # path -> bearer, content
    triggers: dict[str, float] = field(default_factory=dict)
    views: list[Body] = field(default_factory=list)  # opened, updated and published
    ephemeral: list[Body] = field(default_factory=list)
    statuses: list[Body] = field(default_factory=list)
    prompts: list[Body] = field(default_factory=list)
    responses: list[Body] = field(default_factory=list)  # what was sent to response addresses
    calls: list[str] = field(default_factory=list)  # methods, in order
    fault: dict[str, Fault] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)  # methods that this Slack does not know
    scopes: str = ""  # of all tokens
    clock: int = 0  # microseconds

    def ts(self) -> str:
        """Now, and never the same twice."""
        self.clock = max(time.time_ns() // 1_000, self.clock + 1)
        return f"{self.clock // 1_000_000}.{self.clock % 1_000_000:06d}"

    def im(self, team: Team, user: str) -> Channel:
        """The private chat of the bot and one person; one for ever."""
        name = f"D{team.team_id}{user}"
        return self.channels.setdefault(name, Channel(name, team.team_id, [user, team.bot_user], is_im=True))


def _channel(world: World, team: Team, name: str) -> Channel:
    if name in world.users and world.users[name]["team_id"] == team.team_id:
        return world.im(team, name)
    found = world.channels.get(name)
    if found is None or found.gone or found.team_id != team.team_id:
        raise Refused("channel_not_found")
    if team.bot_user not in found.members:
        raise Refused("not_in_channel")
    return found


def _message(channel: Channel, ts: str) -> Body:
    for message in channel.messages:
        if message["ts"] == ts:
            return message
    raise Refused("message_not_found")


def _content(given: Body) -> Body:
    blocks = given.get("blocks") or []
    if not blocks and not given.get("text") and not given.get("markdown_text"):
        raise Refused("no_text")
    _check_blocks(blocks)
    held = {"text": given.get("text") or given.get("markdown_text", ""), "blocks": blocks}
    return held | ({"metadata": given["metadata"]} if given.get("metadata") else {})


def _check_blocks(blocks: list[Body]) -> None:
    try:
        if blocks:
            check_message(blocks)
    except (AssertionError, KeyError) as e:
        raise Refused(f"invalid_blocks: {e!r}") from e


def auth_test(world: World, team: Team, given: Body) -> Body:
    return {"url": team.url, "team": team.team_id, "team_id": team.team_id, "user_id": team.bot_user,
            "bot_id": team.bot_id, "user": "chargehand"}  # fmt: skip


def users_info(world: World, team: Team, given: Body) -> Body:
    if given["user"] not in world.users:
        raise Refused("user_not_found")
    user = world.users[given["user"]]
    return {"user": user | {"is_stranger": user["team_id"] != team.team_id}}


def lookup_by_email(world: World, team: Team, given: Body) -> Body:
    for user in world.users.values():
        if user["team_id"] == team.team_id and user["profile"].get("email") == given["email"]:
            return {"user": user}
    raise Refused("users_not_found")


def conversations_open(world: World, team: Team, given: Body) -> Body:
    if world.users.get(given["users"], {}).get("deleted", True):
        raise Refused("user_disabled" if given["users"] in world.users else "user_not_found")
    return {"channel": {"id": world.im(team, given["users"]).channel}}


def post_message(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    held = {"ts": world.ts(), "user": team.bot_user, "bot_id": team.bot_id, **_content(given)}
    if given.get("thread_ts"):
        held["thread_ts"] = given["thread_ts"]
    channel.messages.append(held)
    return {"channel": channel.channel, "ts": held["ts"], "message": held}


def update(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    message = _message(channel, given["ts"])
    if message["user"] != team.bot_user:
        raise Refused("cant_update_message")
    message.update({"blocks": [], **_content(given), "edited": True, "streaming": False})
    return {"channel": channel.channel, "ts": given["ts"]}


def delete(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    channel.messages.remove(_message(channel, given["ts"]))
    return {}


def post_ephemeral(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    if given["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    world.ephemeral.append({**given, **_content(given)})
    return {"message_ts": world.ts()}


def start_stream(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    if not given.get("thread_ts"):
        raise Refused("missing_thread_ts")
    held = {"ts": world.ts(), "thread_ts": given["thread_ts"], "user": team.bot_user, "bot_id": team.bot_id,
            "text": given.get("markdown_text", ""), "blocks": [], "streaming": True}  # fmt: skip
    channel.messages.append(held)
    return {"channel": channel.channel, "ts": held["ts"]}


def append_stream(world: World, team: Team, given: Body) -> Body:
    message = _message(_channel(world, team, given["channel"]), given["ts"])
    if not message.get("streaming"):
        raise Refused("message_not_in_streaming_state")
    message["text"] += given.get("markdown_text") or ""
    message["text"] += "".join(c["text"] for c in given.get("chunks") or () if c["type"] == "markdown_text")
    return {"ts": given["ts"]}


def stop_stream(world: World, team: Team, given: Body) -> Body:
    append_stream(world, team, given)
    message = _message(_channel(world, team, given["channel"]), given["ts"])
    _check_blocks(given.get("blocks") or [])
    message.update(streaming=False, blocks=given.get("blocks") or [])
    if given.get("metadata"):
        message["metadata"] = given["metadata"]
    return {"ts": given["ts"]}


def history(world: World, team: Team, given: Body) -> Body:
    channel = _channel(world, team, given["channel"])
    return {"messages": _read(given, [m for m in reversed(channel.messages) if "thread_ts" not in m])}


def replies(world: World, team: Team, given: Body) -> Body:
    channel, root = _channel(world, team, given["channel"]), given["ts"]
    return {"messages": _read(given, [m for m in channel.messages if root in (m["ts"], m.get("thread_ts"))])}


def _read(given: Body, messages: list[Body]) -> list[Body]:
    oldest = float(given.get("oldest") or 0)
    with_metadata = str(given.get("include_all_metadata", "")).lower() in ("true", "1")
    found = [m for m in messages if float(m["ts"]) > oldest][: int(given.get("limit") or 100)]
    return found if with_metadata else [{k: v for k, v in m.items() if k != "metadata"} for m in found]


def set_status(world: World, team: Team, given: Body) -> Body:
    _channel(world, team, given["channel_id"])
    world.statuses.append(given)
    return {}


def set_prompts(world: World, team: Team, given: Body) -> Body:
    if not 1 <= len(given["prompts"]) <= 4:
        raise Refused("invalid_arguments")
    world.prompts.append(given)
    return {}


def open_view(world: World, team: Team, given: Body) -> Body:
    issued = world.triggers.pop(given["trigger_id"], None)
    if issued is None:
        raise Refused("exchanged_trigger_id")
    if time.monotonic() - issued > TRIGGER_SECONDS:
        raise Refused("expired_trigger_id")
    return _shown(world, given["view"])


def update_view(world: World, team: Team, given: Body) -> Body:
    return _shown(world, given["view"], given.get("view_id"))


def publish_view(world: World, team: Team, given: Body) -> Body:
    if given["view"]["type"] != "home":
        raise Refused("invalid_arguments")
    return _shown(world, given["view"] | {"user_id": given["user_id"]})


def _shown(world: World, view: Body, view_id: str | None = None) -> Body:
    try:
        check_view({k: v for k, v in view.items() if k != "user_id"})
    except (AssertionError, KeyError) as e:
        raise Refused(f"invalid_arguments: {e!r}") from e
    shown = {**view, "id": view_id or f"V{uuid4().hex[:8]}", "state": {"values": {}}}
    world.views.append(shown)
    return {"view": shown}


def nothing(world: World, team: Team, given: Body) -> Body:
    return {}


METHODS: Mapping[str, Callable[[World, Team, Body], Body]] = {
    "auth.test": auth_test,
    "users.info": users_info,
    "users.lookupByEmail": lookup_by_email,
    "conversations.open": conversations_open,
    "conversations.history": history,
    "conversations.replies": replies,
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.startStream": start_stream,
    "chat.appendStream": append_stream,
    "chat.stopStream": stop_stream,
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setSuggestedPrompts": set_prompts,
    "assistant.threads.setTitle": nothing,
    "views.open": open_view,
    "views.update": update_view,
    "views.publish": publish_view,
    "apps.connections.open": nothing,
}
