"""Messages of ours, each with a key in its metadata: what may have been posted already is looked up by it,
so that nothing is said twice although Slack takes no idempotency keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from api.slack.clients import Workspace

EVENT_TYPE = "chargehand"
LOOKED_THROUGH = 100  # messages of one chat or thread: what was posted a moment ago is among the newest

SKEW_S = 60.0  # that Slack's clock and the database's may be apart

Blocks = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Spot:
    """Where messages go: a channel, or a thread in it."""

    channel: str
    root: str = ""  # the thread's first message; empty: the channel itself


def post(client: WebClient, spot: Spot, key: str, text: str, blocks: Blocks = ()) -> str:
    """Post a message; its timestamp, which is its id. `text` is what notifications and screen readers say."""
    reply = client.chat_postMessage(
        channel=spot.channel,
        thread_ts=spot.root or None,
        text=text,
        blocks=list(blocks) or None,
        metadata=marked(key),
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(reply["ts"])


def post_once(workspace: Workspace, spot: Spot, key: str, text: str, blocks: Blocks, since: datetime) -> str:
    """Post it unless it is there already. `since`: not before then."""
    return find(workspace, spot, key, since) or post(workspace.client, spot, key, text, blocks)


def find(workspace: Workspace, spot: Spot, key: str, since: datetime) -> str | None:
    """The message with the key, if it was posted."""
    for message in ours(workspace, spot, since):
        if key_of(message) == key:
            return str(message["ts"])
    return None


def unmarked(workspace: Workspace, spot: Spot, since: datetime) -> str | None:
    """A message of ours that holds no key: a stream that its process did not live to end."""
    return next((str(m["ts"]) for m in ours(workspace, spot, since) if key_of(m) is None), None)


def ours(workspace: Workspace, spot: Spot, since: datetime) -> Iterator[dict[str, Any]]:
    """What the bot posted there since then."""
    asked: dict[str, Any] = {
        "channel": spot.channel,
        "oldest": f"{since.timestamp() - SKEW_S:.6f}",
        "limit": LOOKED_THROUGH,
        "include_all_metadata": True,
    }
    if spot.root:
        found = workspace.client.conversations_replies(ts=spot.root, **asked)
    else:
        found = workspace.client.conversations_history(**asked)
    messages: list[dict[str, Any]] = found["messages"]
    return (m for m in messages if m.get("bot_id") == workspace.bot_id)


def key_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata", {})
    return metadata.get("event_payload", {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None


def marked(key: str) -> dict[str, Any]:
    """The metadata that carries a key. Only apps of the workspace can read it, and it says nothing more."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
