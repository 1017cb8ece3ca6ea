"""What a turn can reach: the governed tools and the names of the one person who speaks. It is handed to the
graph as runtime context, so nothing that is said or generated can change whose it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from models.access import Principal
from store.db import Database
from tools.registry import Registry, Tool, ToolResult

NameKind = Literal["project", "client", "person", "practice", "office", "skill", "role", "invoice"]


@dataclass(frozen=True)
class Name:
    """Something of the firm that a sentence may mention."""

    kind: NameKind
    id: str
    name: str
    detail: str = ""  # the project's client, the person's title


class Toolbox(Protocol):
    def tools(self) -> Sequence[Tool]:
        """The tools the speaker may use."""

    def call(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Run one. Raises what `Registry.call` raises."""

    def names(self) -> Sequence[Name]:
        """What the speaker may see by name."""


@dataclass(frozen=True)
class GovernedToolbox:
    """The registry's tools under a verified principal."""

    db: Database
    registry: Registry
    principal: Principal
    thread_id: UUID
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def tools(self) -> Sequence[Tool]:
        return self.registry.available(self.principal)

    def call(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        return self.registry.call(
            self.db, self.principal, name, arguments, thread_id=self.thread_id, now=self.clock()
        )

    def names(self) -> Sequence[Name]:
        with self.db.tx(self.principal, "agent") as tx:
            return tx.rows("talk.known_names", Name)
