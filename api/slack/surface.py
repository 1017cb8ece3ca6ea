"""What people hear in Slack, once: cards to those who must sign, outcomes where it was asked, and cards
that show what is so now, wherever it was decided. For the worker."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from slack_sdk.errors import SlackApiError

from api.chat import accounts, places, posts
from api.chat.accounts import ChatSurface, LinkedAccount
from api.chat.places import Place
from api.chat.posts import Post, PostGone
from api.slack import home_tab, members, posting, prose
from api.slack.blocks import Span
from api.slack.clients import Workspace, Workspaces, outage, reason
from api.slack.home import Filter
from api.slack.posting import Blocks, Spot
from api.slack.showing import drawn
from api.slack.turns import own_chat
from models.access import NotFound, Principal, service
from store.db import Database
from workflow.cards import ProposalCard
from workflow.deliveries import Message, Undeliverable, Unreachable
from workflow.service import Workflow

CLERK = service("messages")
NOT_SHOWN = "This proposal is no longer yours to see."
SHOWS_A_CARD = frozenset({"card", "reminder", "escalation", "question"})

# What Slack says of a message, or of a person, that will never be there again.
_GONE = frozenset(
    {
        "message_not_found",
        "channel_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "user_disabled",
        "user_not_found",
    }
)


# What is tried again with growing pauses: it may have been posted, or an administrator puts the token
# right. The other workspaces go on meanwhile.
_AGAIN = frozenset(
    {
        "internal_error",
        "fatal_error",
        "request_timeout",
        "team_added_to_org",
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
    }
)
KNOWN_ABSENT_S = 600.0  # how long nobody is looked for by an address that no member had


class Slack:
    """The `workflow.deliveries.Surface` and the `api.chat.posts.Poster` of Slack."""

    def __init__(self, db: Database, workspaces: Workspaces, public_url: str, *, is_open: bool) -> None:
        """`is_open`: what was asked where others read is answered there."""
        self._db, self._workspaces = db, workspaces
        self._public_url, self._is_open = public_url, is_open
        self._workflow = Workflow(db)
        self._chats: dict[LinkedAccount, str] = {}
        self._absent_until: dict[str, float] = {}

    @property
    def name(self) -> ChatSurface:
        return "slack"

    # --- what people hear
    def send(self, message: Message) -> str:
        return str(self._reached(message, lambda heard, spot: heard.posted(spot)))

    def find(self, message: Message) -> str | None:
        return self._reached(message, lambda heard, spot: heard.found(spot))

    def _reached(self, message: Message, act: "Callable[[Heard, Spot], str | None]") -> str | None:
        """Post the message, or look for it; where it shows a card, that is remembered."""
        try:
            account = self._account(message)
            workspace = self._workspaces.find(account.workspace)
            heard = self._heard(workspace, message)
            with self._db.tx(CLERK, "worker") as tx:
                asked_at = places.places_of(tx, message.thread_id, "slack") if message.thread_id else []
            spot = self._spot(workspace, account, asked_at)
            ts = act(heard, spot)
            if ts and heard.card:
                self._remember(heard.card, heard.drawn_at, workspace, spot, ts, message.person_id)
            if ts and not self._is_open:
                heard.say_so_to_others(account.account, [p for p in asked_at if p.shared])
            return ts
        except SlackApiError as e:
            if down := outage(e):
                raise down from e
            if reason(e) in _GONE:
                raise Unreachable(person_id=message.person_id, surface="Slack") from e
            if reason(e) in _AGAIN or e.response.status_code >= 500:
                raise
            raise Undeliverable(surface="Slack", person_id=message.person_id, reason=reason(e)) from e
        except OSError as e:
            if down := outage(e):
                raise down from e
            raise

    def _account(self, message: Message) -> LinkedAccount:
        """The person's account; the first time, that of the member whose confirmed address is theirs. Raises
        Unreachable."""
        with self._db.tx(CLERK, "worker") as tx:
            known = accounts.reach(tx, message.person_id, "slack")
        if known is None and message.email:
            known = self._linked(message.person_id, message.email)
        if known is None:
            raise Unreachable(person_id=message.person_id, surface="Slack")
        return known

    def _linked(self, person_id: str, email: str) -> LinkedAccount | None:
        if time.monotonic() < self._absent_until.get(email, 0.0):
            return None
        self._workspaces.learn()
        for workspace in self._workspaces.all():
            user_id = members.by_email(workspace, email)
            if user_id is None:
                continue
            with self._db.tx(CLERK, "worker") as tx:
                accounts.link_by_email(tx, members.account_of(workspace, user_id), email)
                if known := accounts.reach(tx, person_id, "slack"):
                    return known
        self._absent_until[email] = time.monotonic() + KNOWN_ABSENT_S
        return None

    def _spot(self, workspace: Workspace, account: LinkedAccount, asked_at: Sequence[Place]) -> Spot:
        """The thread that asked, where only its asker reads; else the person's own chat."""
        for place in asked_at:
            if place.workspace == workspace.team_id and (self._is_open or not place.shared):
                return Spot(place.channel, place.root)
        if account not in self._chats:
            self._chats[account] = own_chat(workspace, account.account)
        return Spot(self._chats[account])

    def _heard(self, workspace: Workspace, message: Message) -> "Heard":
        drawn_at = datetime.now(UTC)
        with self._db.tx(CLERK, "worker") as tx:
            reader = posts.reader(tx, message.person_id, "slack")
        card = None
        if reader and message.proposal_id and message.kind in SHOWS_A_CARD:
            with suppress(NotFound):
                card = self._workflow.card(reader, message.proposal_id)
        text, blocks = prose.fallback(message.text), prose.paragraphs(message.text)
        if reader and card:
            text, shown = drawn(card, reader, self._public_url)
            blocks = [*blocks, *shown] if message.kind != "card" else list(shown)
        else:
            path = f"/proposals/{message.proposal_id}" if message.proposal_id else "/news"
            blocks.append(prose.lines([Span("Open the page", url=self._public_url + path)]))
        return Heard(workspace, message, text, blocks, card, drawn_at)

    def _remember(
        self,
        card: ProposalCard,
        drawn_at: datetime,
        workspace: Workspace,
        spot: Spot,
        ts: str,
        reader_id: str,
    ) -> None:
        with self._db.tx(CLERK, "worker") as tx:
            posts.record(
                tx,
                card,
                drawn_at=drawn_at,
                surface="slack",
                workspace=workspace.team_id,
                channel=spot.channel,
                reference=ts,
                reader_id=reader_id,
            )

    # --- cards that show what is so now
    def update(self, post: Post, reader: Principal | None, card: ProposalCard | None) -> None:
        try:
            client = self._workspaces.find(post.workspace).client
            text, blocks = drawn(card, reader, self._public_url) if reader and card else (NOT_SHOWN, [])
            client.chat_update(channel=post.channel, ts=post.reference, text=text, blocks=list(blocks))
            if reader:
                self._refresh_home(reader)
        except SlackApiError as e:
            if reason(e) in _GONE:
                raise PostGone(surface="Slack", reason=reason(e)) from e
            raise outage(e) or e from e
        except OSError as e:
            if down := outage(e):
                raise down from e
            raise

    def _refresh_home(self, reader: Principal) -> None:
        """The queue in App Home moved with the card. It is drawn anew whenever it is opened, too."""
        with self._db.tx(CLERK, "worker") as tx:
            account = accounts.reach(tx, reader.person_id, "slack")
        if account is None:
            return
        view = home_tab.drawn(self._workflow, reader, self._public_url, Filter())
        with suppress(SlackApiError):
            client = self._workspaces.find(account.workspace).client
            client.views_publish(user_id=account.account, view=view)


@dataclass(frozen=True)
class Heard:
    """A message as Slack shows it."""

    workspace: Workspace
    message: Message
    text: str
    blocks: Blocks
    card: ProposalCard | None
    drawn_at: datetime

    def posted(self, spot: Spot) -> str:
        return posting.post(self.workspace.client, spot, self.message.key, self.text, self.blocks)

    def found(self, spot: Spot) -> str | None:
        return posting.find(self.workspace, spot, self.message.key, self.message.created_at)

    def say_so_to_others(self, user_id: str, asked_at: Sequence[Place]) -> None:
        """Where it was asked before others, they hear that there is news, and not what it is."""
        line = f"There is news on what <@{user_id}> asked. I told them in a direct message."
        for place in asked_at:
            spot, key = Spot(place.channel, place.root), f"{self.message.key}:line"
            with suppress(SlackApiError):
                posting.post_once(self.workspace, spot, key, line, (), self.message.created_at)
