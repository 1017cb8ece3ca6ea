"""Where conversations take place: one conversation of ours for each person and place, because what the
copilot tells one reader another may not see."""

from dataclasses import dataclass
from uuid import UUID

from agents.conversations import Conversations
from api.chat.accounts import ChatSurface
from models.access import Principal
from store.db import Database, Tx


@dataclass(frozen=True)
class Place:
    """A channel of a surface, or a thread in it."""

    surface: ChatSurface
    workspace: str
    channel: str
    root: str = ""  # of the thread: Slack's thread_ts, Teams' reply chain; empty: the channel itself
    shared: bool = False  # others read there too
    service_url: str | None = None  # Teams: where it is reached

    @property
    def key(self) -> dict[str, str]:
        return {
            "surface": self.surface,
            "workspace": self.workspace,
            "channel": self.channel,
            "root": self.root,
        }


def thread_for(db: Database, talk: Conversations, principal: Principal, place: Place) -> UUID:
    """The principal's conversation in the place; a new one the first time. Raises NotAllowed."""
    with db.tx(principal, "agent") as tx:
        found: UUID | None = tx.value("chat.thread_at", **place.key)
    if found is not None:
        return found
    opened = talk.open_thread(principal)
    with db.tx(principal, "agent") as tx:
        settled: UUID | None = tx.value(
            "chat.settle_place",
            thread_id=opened,
            shared=place.shared,
            service_url=place.service_url,
            **place.key,
        )
        # None: somebody was quicker, and what was just opened stays empty
        return settled or UUID(str(tx.value("chat.thread_at", **place.key)))


def place_of(tx: Tx, thread_id: UUID, surface: ChatSurface) -> Place | None:
    """Where a conversation takes place on a surface, if it does, a private place before others. Role:
    worker, or agent for one's own."""
    return tx.row("chat.place_of", Place, thread_id=thread_id, surface=surface)


def also_at(db: Database, principal: Principal, thread_id: UUID, place: Place) -> None:
    """The principal's conversation goes on in another place too."""
    with db.tx(principal, "agent") as tx:
        tx.execute(
            "chat.settle_place",
            thread_id=thread_id,
            shared=place.shared,
            service_url=place.service_url,
            **place.key,
        )


def places_of(tx: Tx, thread_id: UUID, surface: ChatSurface) -> list[Place]:
    """Where a conversation takes place on a surface, private places first. Role: as for `place_of`."""
    return tx.rows("chat.place_of", Place, thread_id=thread_id, surface=surface)
