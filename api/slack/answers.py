"""The copilot's answer as it grows in a thread of Slack: its steps as the thread's status, its words
streamed where the workspace can, else posted and updated. An answer whose process died half way is finished
in the same message."""

import time
from contextlib import suppress
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.chat_stream import ChatStream

from agents.events import Event, Remark, TextDelta, ToolStarted
from api.chat.inbound import Received
from api.slack import posting, prose
from api.slack.clients import Workspace, outage, reason
from api.slack.posting import Blocks, Spot
from api.web.chat import TOOLS

FLUSH_CHARACTERS = 160  # streamed at once: one call each
UPDATE_EVERY_S = 1.5  # where there are no streams: Slack allows about one update a second and channel

log = structlog.get_logger(__name__)


class Answer:
    """One message of ours, in the making."""

    def __init__(self, workspace: Workspace, spot: Spot, received: Received, user_id: str) -> None:
        self._workspace, self._client = workspace, workspace.client
        self._spot, self._key, self._since = spot, received.key, received.received_at
        self._user_id = user_id
        self._shown = ""
        self._remarks: list[str] = []  # about the turn itself
        self._stream: ChatStream | None = None
        self._can_stream = True
        self._ts: str | None = None  # of the message that is updated instead
        self._updated = 0.0
        self.done: str | None = None  # the message, once it is whole
        if received.fence > 1:  # worked before, if only until Slack or the copilot was down
            self.done = posting.find(workspace, spot, self._key, self._since)
            self._ts = None if self.done else posting.unmarked(workspace, spot, self._since)
            self._can_stream = self._ts is None

    def follow(self, event: Event) -> None:
        """Show what happens in the turn."""
        if isinstance(event, ToolStarted):
            self.status(f"is {TOOLS.get(event.tool, 'working').lower()}…")
        elif isinstance(event, Remark):
            self._remarks.append(event.text)
        elif isinstance(event, TextDelta):
            self.grow(event.text)

    def status(self, text: str) -> None:
        """What is being done, under the thread. A courtesy: without it the answer comes all the same."""
        with suppress(SlackApiError, OSError):
            self._workspace.quick.assistant_threads_setStatus(
                channel_id=self._spot.channel, thread_ts=self._spot.root, status=text
            )

    def grow(self, text: str) -> None:
        """The next words."""
        self._shown += text
        if self._can_stream:
            self._append(prose.escaped(text))
        elif time.monotonic() - self._updated > UPDATE_EVERY_S:
            self._write(prose.fallback(f"{self._shown} …"), [])
            self._updated = time.monotonic()

    def close(self, text: str, tail: Blocks) -> str:
        """The whole answer, with what comes below it. Its timestamp."""
        below = [*map(prose.sentence, self._remarks), *tail]
        if not self._stopped(text, below):
            metadata = posting.marked(self._key)
            self._write(prose.fallback(text), [*prose.paragraphs(text), *below], metadata)
        assert self._ts
        self.done = self._ts
        self.status("")
        return self.done

    def _stopped(self, text: str, below: Blocks) -> bool:
        """End the stream; whether it then shows the whole answer."""
        if self._stream is None:
            return False
        whole = self._can_stream and self._shown.strip() == text.strip()
        try:
            if whole:
                self._stream.stop(blocks=list(below), metadata=posting.marked(self._key))
            elif self._stream.ts:
                self._stream.stop()
        except (SlackApiError, SlackRequestError) as e:
            log.info("slack.stream_broken", reason=reason(e))
            whole = False
        self._ts = self._stream.ts or self._ts
        return whole

    def _append(self, text: str) -> None:
        if self._stream is None:
            self._stream = self._client.chat_stream(
                channel=self._spot.channel,
                thread_ts=self._spot.root,
                recipient_team_id=self._workspace.team_id,
                recipient_user_id=self._user_id,
                buffer_size=FLUSH_CHARACTERS,
            )
        try:
            self._stream.append(markdown_text=text)
        except (SlackApiError, SlackRequestError) as e:
            if down := outage(e):
                raise down from e
            log.info("slack.no_stream", reason=reason(e))
            self._can_stream, self._ts = False, self._stream.ts

    def _write(self, text: str, blocks: Blocks, metadata: dict[str, Any] | None = None) -> str:
        """Post the message, or change what it says."""
        shown: dict[str, Any] = {"text": text, "blocks": list(blocks), "metadata": metadata}
        if self._ts is None:
            reply = self._client.chat_postMessage(
                channel=self._spot.channel,
                thread_ts=self._spot.root or None,
                unfurl_links=False,
                unfurl_media=False,
                **shown,
            )
            self._ts = str(reply["ts"])
        else:
            self._client.chat_update(channel=self._spot.channel, ts=self._ts, **shown)
        return self._ts
