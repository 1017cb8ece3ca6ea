"""Conversations as every surface sees them: open one, list them, read them, take a turn. Who answers is
behind it: the copilot in this process, or one in a process of its own."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from agents.events import Event
from models.access import NotFound, Principal, require
from store.db import Database

TITLE_CHARACTERS = 80


@dataclass(frozen=True)
class Thread:
    thread_id: UUID
    surface: str
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Message:
    """A message as it was shown. The payload of the copilot's holds `data` (by tool), `citations`,
    `proposals`, and for a question `options`."""

    message_id: int
    author: Literal["person", "copilot"]
    text: str
    payload: dict[str, Any]
    created_at: datetime


class Conversations(ABC):
    """The conversations of verified people. A conversation belongs to one person."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @abstractmethod
    def turn(self, principal: Principal, thread_id: UUID, text: str) -> Iterator[Event]:
        """Answer a message: events that end with exactly one of Answered, Asked or Failed. The turn is
        finished and kept even when nobody reads on.

        Raises at once, before there is any event: NotAllowed, NotFound, what is wrong with the text (422),
        another turn of this conversation that is running (409), and what does not answer now (503)."""

    def open_thread(self, principal: Principal, title: str = "") -> UUID:
        """A new conversation. Raises NotAllowed."""
        require(principal, "chat.use")
        with self._db.tx(principal, "agent") as tx:
            thread_id: UUID = tx.value("talk.open_thread", title=title[:TITLE_CHARACTERS])
        return thread_id

    def threads(self, principal: Principal, limit: int = 50) -> list[Thread]:
        """The principal's conversations, the last used first."""
        with self._db.tx(principal, "agent") as tx:
            return tx.rows("talk.threads", Thread, limit=limit)

    def history(self, principal: Principal, thread_id: UUID, limit: int = 200) -> list[Message]:
        """The newest messages, oldest first. Raises NotFound for a thread of someone else."""
        self.check_own(principal, thread_id)
        with self._db.tx(principal, "agent") as tx:
            return tx.rows("talk.history", Message, thread_id=thread_id, limit=limit)

    def check_own(self, principal: Principal, thread_id: UUID) -> None:
        """Raises NotFound for a thread of someone else."""
        with self._db.tx(principal, "agent") as tx:
            if not tx.value("talk.owns_thread", thread_id=thread_id):
                raise NotFound(what="conversation", id=str(thread_id))
