"""The registry: the only way to a governed tool.

A tool declares its name, version, the permission it needs, whether it only reads or also proposes, its
arguments as a pydantic model, and its limits. A call checks the permission, validates the arguments, runs the
tool in one transaction under the caller (so row-level security applies to whatever it reads), and records the
call, whatever becomes of it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.errors import QueryCanceled
from pydantic import BaseModel, ConfigDict, ValidationError

from models.access import NotAllowed, Permission, Principal, require
from models.errors import ChargehandError
from models.evidence import Citation
from models.text.embed import Embedder
from store.db import Database, Tx
from store.shelf import Shelf

Effect = Literal["read", "propose"]
Outcome = Literal["ok", "invalid", "refused", "failed"]


class Question(BaseModel):
    """What the tool must know before it can go on."""

    model_config = ConfigDict(frozen=True)

    argument: str  # the argument that the answer fills
    text: str
    options: tuple[str, ...] = ()  # to choose from; empty for a free answer


class ToolResult(BaseModel):
    """What a tool found. `text` can be said as it stands; every number in it is in `data` or a citation."""

    model_config = ConfigDict(frozen=True)

    text: str
    data: dict[str, Any] = {}
    citations: tuple[Citation, ...] = ()
    proposals: tuple[UUID, ...] = ()
    question: Question | None = None


class Ask(Exception):
    """Raised by a tool that cannot go on without an answer; the registry turns it into a result, and nothing
    the tool did in its transaction remains."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


@dataclass(frozen=True)
class ToolContext:
    """What a tool works with. It holds no connector: a tool cannot write to a system of record."""

    tx: Tx  # the agent's database role, as the caller
    principal: Principal
    now: datetime  # aware, UTC
    thread_id: UUID | None
    embedder: Embedder
    shelf: Shelf


@dataclass(frozen=True)
class Limits:
    """What one call may cost."""

    seconds: float = 20.0
    characters: int = 60_000  # of the result's JSON, so that no answer floods a conversation


@dataclass(frozen=True)
class Tool:
    """A governed tool, as the registry and every surface know it."""

    name: str  # e.g. "find_people"
    version: str  # raised when its answers may change
    description: str  # one sentence, for people and language models
    permission: Permission
    effect: Effect
    arguments: type[BaseModel]
    run: Callable[[ToolContext, Any], ToolResult]  # the second argument is an instance of `arguments`
    limits: Limits = Limits()


class UnknownTool(ChargehandError):
    """There is no tool {tool}."""

    status = 404


class InvalidArguments(ChargehandError):
    """The arguments of {tool} do not fit: {faults}"""

    status = 422
    retry = "with a fix"


class ToolTooSlow(ChargehandError):
    """{tool} did not finish within {seconds} seconds. Ask for less at once."""

    status = 504
    retry = "later"


class ResultTooLarge(ChargehandError):
    """The answer of {tool} has {characters} characters, more than {limit}. Ask for less at once."""

    status = 422
    retry = "with a fix"


class Registry:
    """The tools of this installation."""

    def __init__(self, tools: Iterable[Tool], *, embedder: Embedder, shelf: Shelf) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"two tools are named {tool.name}")
            self._tools[tool.name] = tool
        self._embedder = embedder
        self._shelf = shelf

    def available(self, principal: Principal) -> list[Tool]:
        """The tools the principal may use, by name."""
        return [t for _, t in sorted(self._tools.items()) if t.permission in principal.permissions]

    def get(self, name: str) -> Tool:
        """Raises UnknownTool."""
        try:
            return self._tools[name]
        except KeyError:
            raise UnknownTool(tool=name) from None

    def call(
        self,
        db: Database,
        principal: Principal,
        name: str,
        arguments: dict[str, Any],
        *,
        thread_id: UUID | None = None,
        now: datetime | None = None,
    ) -> ToolResult:
        """Run a tool for the principal.

        Raises UnknownTool, NotAllowed, InvalidArguments, ToolTooSlow, ResultTooLarge, or what the tool
        raises; then nothing of the call remains but its record."""
        tool = self.get(name)
        started = time.monotonic()
        outcome: Outcome = "failed"
        detail = ""
        try:
            require(principal, tool.permission)
            parsed = _parsed(tool, arguments)
            with db.tx(principal, "agent") as tx:
                tx.execute("tools.limit", milliseconds=int(tool.limits.seconds * 1000))
                context = ToolContext(
                    tx, principal, now or datetime.now(UTC), thread_id, self._embedder, self._shelf
                )
                result = tool.run(context, parsed)
                _within(tool, result, time.monotonic() - started)
            outcome = "ok"
            return result
        except Ask as ask:
            outcome, detail = "ok", "asked"
            return ToolResult(text=ask.question.text, question=ask.question)
        except QueryCanceled as e:
            detail = "statement timeout"
            raise ToolTooSlow(tool=tool.name, seconds=tool.limits.seconds) from e
        except (NotAllowed, InvalidArguments) as e:
            outcome, detail = ("refused" if isinstance(e, NotAllowed) else "invalid"), e.sentence
            raise
        except ChargehandError as e:
            outcome, detail = ("refused" if e.status in (403, 404) else "failed"), e.sentence
            raise
        except Exception as e:
            detail = type(e).__name__
            raise
        finally:
            self._record(db, principal, tool, arguments, outcome, detail, thread_id, started)

    def _record(
        self,
        db: Database,
        principal: Principal,
        tool: Tool,
        arguments: dict[str, Any],
        outcome: Outcome,
        detail: str,
        thread_id: UUID | None,
        started: float,
    ) -> None:
        with db.tx(principal, "agent") as tx:
            tx.execute(
                "tools.record",
                thread_id=thread_id,
                tool=tool.name,
                version=tool.version,
                arguments=arguments,
                outcome=outcome,
                detail=detail,
                milliseconds=int((time.monotonic() - started) * 1000),
            )
            if outcome == "refused":
                tx.audit("tool.refused", f"tool:{tool.name}", detail=detail)


def _parsed(tool: Tool, arguments: dict[str, Any]) -> BaseModel:
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as e:
        found = [(".".join(map(str, f["loc"])) or "arguments", f["msg"]) for f in e.errors()]
        raise InvalidArguments(
            tool=tool.name,
            faults="; ".join(f"{argument}: {reason}" for argument, reason in found),
            arguments=[{"argument": argument, "reason": reason} for argument, reason in found],
        ) from e


def _within(tool: Tool, result: ToolResult, seconds: float) -> None:
    """Checked inside the transaction, so that a tool over its limits has proposed nothing."""
    if seconds > tool.limits.seconds:
        raise ToolTooSlow(tool=tool.name, seconds=tool.limits.seconds)
    if (characters := len(result.model_dump_json())) > tool.limits.characters:
        raise ResultTooLarge(tool=tool.name, characters=characters, limit=tool.limits.characters)
